import { api } from '../../core/api.js';
import { button, el } from '../../core/dom.js';
import { dialog } from '../../core/dialog.js';
import { Form } from '../../core/form.js';
import { words } from '../../core/i18n.js';

const text = words({
  withdraw: ['撤回', 'Withdraw'],
  upload_title: ['撤回本次上传', 'Withdraw this upload'],
  record_title: ['撤回该记录', 'Withdraw this record'],
  upload_means: ['撤回后，本次上传中的记录不再有效；以后的上传中已重新报送的记录不受影响，更早的版本也不会恢复。撤回不能取消，如需恢复请重新上传。', 'The records of this upload will no longer count. Records that a later upload sent again are not touched, and older versions do not come back. This cannot be undone; to restore the records, upload them again.'],
  record_means: ['撤回后，该记录的所有版本不再有效。撤回不能取消，如需恢复请重新上传该记录。', 'No version of this record will count any more. This cannot be undone; to restore the record, upload it again.'],
  reason: ['撤回原因', 'Reason'],
  reason_hint: ['2至200个字，审核员可以看到。请勿填写患者姓名、证件号码等个人信息。', '2 to 200 characters; reviewers can read it. Please write no patient’s name or number.'],
});

export const withdrawLabel = () => text('withdraw');

/** Asks for the reason, and takes back an upload, or one record of it (`record`: file and row). True: it was taken back. */
export function withdraw({ id, record = null }) {
  return dialog(text(record ? 'record_title' : 'upload_title'), (close) => {
    const form = new Form({
      label: text('withdraw'),
      also: [button(text('cancel'), () => close(false), { class: 'plain' })],
      async submit({ reason }) {
        await api.post(`/uploads/${encodeURIComponent(id)}/withdrawal`, record ? { reason, record } : { reason });
        close(true);
      },
    });
    form.button.classList.add('danger', 'strong');
    return [el('p', {}, text(record ? 'record_means' : 'upload_means')), form.build(form.field({
      name: 'reason', label: text('reason'), hint: text('reason_hint'), required: true, wide: true,
      control: el('textarea', { rows: 3, maxlength: 200, autofocus: true }),
    })).node];
  });
}
