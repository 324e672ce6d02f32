import { api } from '../../core/api.js';
import { el } from '../../core/dom.js';
import { Form } from '../../core/form.js';
import { words } from '../../core/i18n.js';

const text = words({
  old: ['原密码', 'Present password'],
  new: ['新密码', 'New password'],
  again: ['再次填写新密码', 'New password again'],
  rule: ['至少12个字符，并包含大写字母、小写字母、数字、符号中的三种；15个字符以上不限种类。不能包含登录名或手机号码。', 'At least 12 characters of three kinds (upper case, lower case, digits, signs), or 15 of any kind; without login name or phone.'],
  differ: ['两次填写的新密码不一致', 'The two new passwords differ'],
});

/** 修改密码; all sessions end, and `changed` gets the new one. */
export function passwordForm({ label, login, changed }) {
  const form = new Form({
    label,
    async submit({ old, new: next }) {
      const answer = await api.post('/password', { old, new: next });
      form.node.reset();
      await changed(answer);
    },
  });
  const secret = (name) => () => form.input(name).value;
  const field = (name, autocomplete, more = {}) => form.field({ name, label: text(name), type: 'password', required: true, autocomplete, maxlength: 128, read: secret(name), ...more });
  return form.build(
    // Tells password managers whose password this is.
    el('input', { type: 'text', name: 'username', autocomplete: 'username', value: login, hidden: true, readonly: true }),
    field('old', 'current-password'),
    field('new', 'new-password', { hint: text('rule') }),
    field('again', 'new-password', { check: (value) => (value === form.input('new').value ? null : text('differ')) })).node;
}
