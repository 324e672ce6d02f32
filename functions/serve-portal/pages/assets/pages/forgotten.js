import { api } from '../core/api.js';
import { el, fill, notice } from '../core/dom.js';
import { Form } from '../core/form.js';
import { words } from '../core/i18n.js';
import { OF_ACCOUNT, phoneAndCode } from './apply/identity.js';

const text = words({
  title: ['忘记密码', 'Forgotten password'],
  new: ['新密码', 'New password'],
  again: ['再次填写新密码', 'New password again'],
  rule: ['至少12个字符，并包含大写字母、小写字母、数字、符号中的三种；15个字符以上不限种类。', 'At least 12 characters of three kinds (upper case, lower case, digits, signs), or 15 of any kind.'],
  differ: ['两次填写的新密码不一致', 'The two new passwords differ'],
  reset: ['设置新密码', 'Set the new password'],
  done: ['新密码已设置，请用新密码登录。其他登录均已退出；前置机程序也请改用新密码。', 'The new password is set; please sign in with it. All other sessions have ended; give the front-end machine the new password too.'],
  sign_in: ['返回登录', 'Back to sign in'],
  changed_phone: ['手机号码已更换或不再使用的，请由原数据管理员提交变更资料，或联系技术支持。', 'If the phone is no longer in use, submit a change of the profile, or ask support.'],
});

/** 忘记密码: a new password against a code by SMS. */
export async function open({ show, signal }) {
  const holder = el('section', { class: 'card narrow stack' });
  const form = new Form({
    label: text('reset'),
    async submit({ code, new_password }) {
      await api.post('/password/reset', { request: both.request(), code, new_password });
      fill(holder, el('h1', {}, text('title')), notice('good', text('done')), el('p', {}, el('a', { class: 'button', href: '/' }, text('sign_in'))));
    },
  });
  const both = phoneAndCode(form, signal, OF_ACCOUNT);
  const secret = (name) => () => form.input(name).value;
  form.build(both.fields,
    form.field({ name: 'new_password', label: text('new'), type: 'password', required: true, autocomplete: 'new-password', maxlength: 128, hint: text('rule'), read: secret('new_password') }),
    form.field({ name: 'again', label: text('again'), type: 'password', required: true, autocomplete: 'new-password', maxlength: 128, read: secret('again'), check: (value) => (value === form.input('new_password').value ? null : text('differ')) }));
  fill(holder, el('h1', {}, text('title')), form.node, el('p', { class: 'hint' }, text('changed_phone')), el('p', {}, el('a', { href: '/' }, text('sign_in'))));
  show(holder);
  form.input('login_or_phone').focus();
}
