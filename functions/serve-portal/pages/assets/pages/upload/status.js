import { tag } from '../../core/dom.js';
import { words } from '../../core/i18n.js';

const text = words({
  registered: ['待上传', 'Waiting for the file'],
  checking: ['校验中', 'Checking'],
  done: ['已完成', 'Done'],
  expired: ['未上传', 'Not uploaded'],
  failed: ['处理失败', 'Failed'],
});
const TONE = { registered: '', checking: 'busy', done: 'good', expired: '', failed: 'bad' };

export const statusTag = (upload) => tag(TONE[upload.status] ?? '', text(upload.status));

/** Whether something is still to happen to it. */
export const moving = (upload) => upload.status === 'registered' || upload.status === 'checking' || (upload.status === 'done' && !upload.dry_run && !upload.dispositions);
