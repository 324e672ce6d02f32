import { api } from '../../core/api.js';
import { el } from '../../core/dom.js';
import { words } from '../../core/i18n.js';
import { transfers } from '../../core/upload.js';

const text = words({
  too_large: ['文件超过 20M，请拆分后上传。', 'The file is over 20 MB; split it and upload the parts.'],
  wrong_type: ['上传数据文件必须为包含 csv 格式的 zip 文件（或本系统下载的错误修订表）。', 'Choose a ZIP of CSV files, or a correction sheet from this service.'],
  empty_file: ['文件是空的，请重新选择。', 'The file is empty; please choose another.'],
  sent: ['上传成功，正在校验。', 'Uploaded; the check is running.'],
  open: ['查看校验进度和结果', 'Follow the check'],
});

const LIMIT = 20 * 1024 * 1024;
export const ACCEPTED = '.zip,.csv,.xlsx';

/**
 * Data files on their way. `dryRun()` tells whether they are judged only; `sent(id)` is called for each that has arrived.
 * The check in the browser, where there is one, goes in as `examine`: it may refuse a file before a byte of it leaves.
 */
export function dataTransfers({ dryRun, sent, examine }) {
  return transfers({
    refuse(file) {
      if (!/\.(zip|csv|xlsx)$/i.test(file.name)) return text('wrong_type');
      if (file.size > LIMIT) return text('too_large');
      return file.size === 0 ? text('empty_file') : null;
    },
    announce: (file, sha256) => api.post('/uploads', { kind: 'data', file_name: file.name, size: file.size, sha256, dry_run: dryRun() }),
    async renew(ticket) {
      try {
        return await api.post(`/uploads/${encodeURIComponent(ticket.upload_id)}/url`);
      } catch (error) {
        // Received already: the line broke after the last byte.
        if (error.status === 409) return null;
        throw error;
      }
    },
    examine,
    done(file, ticket) {
      sent(ticket.upload_id);
      return [text('sent'), ' ', el('a', { href: `/uploads/${encodeURIComponent(ticket.upload_id)}` }, text('open'))];
    },
  });
}
