import { api, applying } from '../../core/api.js';
import { button, el, fill } from '../../core/dom.js';
import { Form } from '../../core/form.js';
import { words } from '../../core/i18n.js';

const text = words({
  title: ['用户身份验证', 'Identity check'],
  phone: ['手机号码', 'Mobile phone'],
  phone_hint: ['请填写医疗机构数据管理员的手机号码。曾用该号码申请过的，将继续原来的申请。', 'The data manager’s mobile phone. An application begun with it before is continued.'],
  login_or_phone: ['登录名或手机号码', 'Login name or mobile phone'],
  login_hint: ['验证码将发送至该账号登记的数据管理员手机。', 'The code goes to the mobile phone registered with the account.'],
  sent_if: ['如该账号存在，验证码已发送至其登记的手机，{minutes} 分钟内有效。', 'If there is such an account, a code was sent to its phone; it is good for {minutes} minutes.'],
  code: ['验证码', 'Code'],
  get_code: ['获取验证码', 'Get a code'],
  get_again: ['{n} 秒后可重新获取', 'Again in {n} s'],
  sent: ['验证码已发送至 {phone}，{minutes} 分钟内有效。', 'A code was sent to {phone}; it is good for {minutes} minutes.'],
  not_phone: ['请填写11位手机号码', 'Please give an 11-digit mobile phone number'],
  not_code: ['请填写短信中的6位数字验证码', 'Please give the six digits of the SMS'],
  ask_first: ['请先点击“获取验证码”', 'Please ask for a code first'],
  next_step: ['下一步', 'Next'],
});

/** Where a code is asked for: of what, and how that is checked before. */
const OF_PHONE = {
  name: 'phone', label: 'phone', hint: 'phone_hint', route: '/applications/codes', sent: 'sent',
  check: (value) => (/^1[3-9]\d{9}$/.test(value) ? null : text('not_phone')),
  attributes: { type: 'tel', inputmode: 'numeric', autocomplete: 'tel-national', maxlength: 11 },
};
/** Of an account: by login name or phone; whether there is one is not told. */
export const OF_ACCOUNT = {
  name: 'login_or_phone', label: 'login_or_phone', hint: 'login_hint', route: '/password/codes', sent: 'sent_if',
  check: (value) => (value ? null : text('required')),
  attributes: { type: 'text', autocomplete: 'username', maxlength: 64 },
};

/** A phone and the code it gets by SMS, with the countdown until another can be asked for. */
export function phoneAndCode(form, signal, of = OF_PHONE) {
  let request = null;
  const told = el('p', { class: 'hint', role: 'status' });
  const ask = button(text('get_code'), async () => {
    const whose = form.input(of.name).value.trim();
    const wrong = of.check(whose);
    if (wrong) { form.errors([{ field: of.name, message: wrong }]); return; }
    ask.disabled = true;
    try {
      const answer = await api.post(of.route, { [of.name]: whose });
      request = answer.request;
      form.errors([]);
      fill(told, text(of.sent, { phone: whose, minutes: Math.round(answer.expires_after / 60) }));
      countdown(answer.resend_after);
      form.input('code').focus();
    } catch (error) {
      ask.disabled = false;
      form.fail(error);
      if (error.after) countdown(error.after);
    }
  }, { class: 'plain', id: 'get-code' });

  function countdown(seconds) {
    const until = Date.now() + seconds * 1000;
    ask.disabled = true;
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      ask.disabled = left > 0;
      ask.textContent = left > 0 ? text('get_again', { n: left }) : text('get_code');
      if (left <= 0) clearInterval(timer);
    };
    const timer = setInterval(tick, 250);
    signal.addEventListener('abort', () => clearInterval(timer));
    tick();
  }

  const whose = el('input', of.attributes);
  return {
    fields: [
      form.field({ name: of.name, label: text(of.label), required: true, hint: text(of.hint), control: el('div', { class: 'join fit' }, whose, ask), check: of.check }),
      told,
      form.field({ name: 'code', label: text('code'), required: true, inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: 6, check: (value) => (!/^\d{6}$/.test(value) ? text('not_code') : request ? null : text('ask_first')) }),
    ],
    request: () => request,
  };
}

/** 身份验证. */
export function draw({ holder, signal, next }) {
  const form = new Form({
    label: text('next_step'),
    async submit({ phone, code }) {
      await applying.post('/applications/identity', { phone, request: both.request(), code });
      applying.begin();
      await next('profile');
    },
  });
  const both = phoneAndCode(form, signal);
  form.build(both.fields);
  holder.append(el('section', { class: 'card' }, el('h2', {}, text('title')), form.node, el('p', { class: 'hint' }, text('browsers'))));
  form.input('phone').focus();
}
