import { applying, explain } from '../core/api.js';
import { el, fill, notice } from '../core/dom.js';
import { words } from '../core/i18n.js';

const text = words({
  title_apply: ['申请账号', 'Apply for an account'],
  identity: ['身份验证', 'Identity'],
  profile: ['填写资料', 'Profile'],
  documents: ['上传文件', 'Documents'],
  status: ['审批状态', 'Status'],
  sign_in: ['已有账号？返回登录', 'Have an account? Sign in'],
  other_phone: ['换一个手机号码', 'Use another phone'],
  phone: ['申请手机号码：{phone}', 'Applying with {phone}'],
  unsaved: ['填写的内容还没有保存，确定离开吗？', 'What was filled in is not saved yet. Leave all the same?'],
  lost: ['身份验证已过期，请重新获取短信验证码。', 'Your identity check has expired; please ask for a new code by SMS.'],
});

const STEPS = ['identity', 'profile', 'documents', 'status'];
const modules = {
  identity: () => import('./apply/identity.js'),
  profile: () => import('./apply/profile.js'),
  documents: () => import('./apply/documents.js'),
  status: () => import('./apply/status.js'),
};

/** 申请账号: four steps; the service tells which of them is next. */
export async function open({ show, signal, query, go, guard }) {
  const holder = el('div', { class: 'stack' });
  const steps = el('ol', { class: 'steps' });
  const bottom = el('p', { class: 'row spread hint' });
  show(el('div', { class: 'middle stack', id: 'apply' }, el('h1', {}, text('title_apply')), el('div', { class: 'card' }, steps), holder, bottom));

  let drawn = false;
  guard(() => Boolean(holder.querySelector('form[data-unsaved]')), text('unsaved'));

  /** Draws a step; the address keeps it, so that 刷新 and 返回 lead where people expect. */
  async function step(name, application, { message } = {}) {
    const at = STEPS.indexOf(name);
    fill(steps, STEPS.map((one, n) => el('li', { class: n < at || (name === 'status' && application?.stage === 'approved') ? 'past' : null, 'aria-current': n === at ? 'step' : null }, text(one))));
    fill(bottom,
      el('span', {}, application ? [text('phone', { phone: application.phone }), ' ', el('button', { type: 'button', class: 'link', onclick: leave }, text('other_phone'))] : null),
      el('a', { href: '/' }, text('sign_in')));
    history.replaceState(null, '', name === 'identity' ? '/apply' : `/apply?step=${name}`);
    const module = await modules[name]();
    if (signal.aborted) return;
    fill(holder, message ? notice('warn', message) : null);
    document.title = [text(name), text('title_apply'), text('title')].join(' · ');
    // The button that led here stood at the end of the step before.
    if (drawn) {
      scrollTo(0, 0);
      document.getElementById('main').focus({ preventScroll: true });
    }
    drawn = true;
    module.draw({ holder, application, signal, step, next, go });
  }

  /** Asks where the application stands, and goes there, or to the step that was asked for. */
  async function next(wanted) {
    try {
      const application = await applying.get('/applications', signal);
      const open = { editing: ['profile', 'documents'], waiting: ['status'], approved: ['status'], rejected: ['status'] }[application.stage];
      const allowed = open.includes(wanted) && !(wanted === 'documents' && application.step === 'profile');
      await step(allowed ? wanted : application.step, application);
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (error.status === 401) { await step('identity', null, { message: wanted && text('lost') }); return; }
      fill(holder, notice('bad', explain(error)));
    }
  }

  async function leave() {
    await applying.remove('/applications/identity').catch(() => {});
    applying.forget();
    await step('identity', null);
  }

  await next(query.get('step'));
}
