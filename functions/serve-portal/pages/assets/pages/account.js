import { el, fill, notice } from '../core/dom.js';
import { head } from '../core/frame.js';
import { moment, words } from '../core/i18n.js';
import { passwordForm } from './account/password.js';

const text = words({
  account: ['账号信息', 'Account'],
  login_name: ['登录名', 'Login name'],
  institution: ['医疗机构', 'Institution'],
  code: ['医疗机构代码', 'Institution code'],
  role: ['角色', 'Role'],
  data_manager: ['医疗机构数据管理员', 'Data manager of a hospital'],
  reviewer: ['审核员', 'Reviewer'],
  analyst: ['数据分析员', 'Analyst'],
  operator: ['运行管理员', 'Operator'],
  auditor: ['安全审计员', 'Auditor'],
  ends: ['密码将于 {at} 到期，请及时修改。', 'The password ends at {at}; please change it in time.'],
  change_hint: ['医疗机构或数据管理员信息变更，请用申请时的手机号码进入“申请账号”，点击“变更资料”。', 'To change the institution or the data manager, open the application with its phone and choose “Change the profile”.'],
  to_application: ['变更资料', 'Change the profile'],
  password: ['修改密码', 'Change the password'],
  password_hint: ['修改后其他登录均会退出。前置机程序使用同一套账号密码，请同时修改其配置。', 'All other sessions end. The front-end machine uses the same password: change its configuration too.'],
  change: ['修改密码', 'Change it'],
  changed: ['密码已修改，其他登录均已退出。', 'The password is changed, and all other sessions have ended.'],
});

/** 账号设置. */
export async function open({ route, account, show, signedIn, signal }) {
  const told = el('div', {}, account.password_ends_at && notice('warn', text('ends', { at: moment(account.password_ends_at, 'short') })));
  const facts = [['login_name', account.login_name], ['role', text(account.role)], ['institution', account.institution_name], ['code', account.institution_code]];
  const more = el('div', { class: 'stack' });
  show(head(route), el('div', { class: 'stack' },
    el('div', { class: 'two' },
      el('section', { class: 'card' }, el('h2', {}, text('account')),
        el('dl', { class: 'facts' }, facts.filter(([, value]) => value).map(([key, value]) => [el('dt', {}, text(key)), el('dd', {}, value)])),
        account.role === 'data_manager' && [el('p', { class: 'hint' }, text('change_hint')), el('p', {}, el('a', { href: '/apply' }, text('to_application')))]),
      el('section', { class: 'card stack' }, el('h2', {}, text('password')), el('p', { class: 'hint' }, text('password_hint')), told,
        passwordForm({
          label: text('change'),
          login: account.login_name,
          async changed(answer) {
            await signedIn(answer);
            document.getElementById('main').prepend(notice('good', text('changed')));
          },
        }))),
    more));
  const parts = await Promise.all([import('./account/sessions.js'), import('./account/second-factor.js'), import('./account/machines.js'), import('./account/webhook.js')].map(async (loading) => (await loading).section({ signal, account })));
  if (!signal.aborted) fill(more, parts);
}
