import { el } from '../core/dom.js';
import { words } from '../core/i18n.js';
import { passwordForm } from './account/password.js';

const text = words({
  title: ['首次登录请先修改初始密码', 'Please change the initial password first'],
  why: ['初始密码只能用于这一次登录。设置新密码后即可使用系统；前置机程序也使用同一套账号密码。', 'The initial password is good for this only. With a new one you can use the service; the front-end machine uses the same account and password.'],
  change: ['设置新密码并进入系统', 'Set the password and go on'],
});

/** The forced change of an initial password, in place of any page. */
export function open({ account, show, signedIn }) {
  show(el('section', { class: 'card narrow stack' },
    el('h1', {}, text('title')), el('p', {}, text('why')),
    passwordForm({ label: text('change'), login: account.login_name, changed: signedIn })));
}
