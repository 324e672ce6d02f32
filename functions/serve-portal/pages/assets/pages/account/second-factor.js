import { api } from '../../core/api.js';
import { button, el, fill, notice, put, tag } from '../../core/dom.js';
import { Form } from '../../core/form.js';
import { words } from '../../core/i18n.js';

const text = words({
  title: ['动态验证码', 'Second factor'],
  hint: ['登录时除密码外，再填写手机身份验证器应用显示的6位数字。审核员和运行管理员建议启用。', 'At sign-in, six digits of an authenticator app are asked for beside the password. Reviewers and operators should have it on.'],
  on: ['已启用', 'On'], off: ['未启用', 'Off'],
  left: ['剩余 {n} 个备用码', '{n} recovery codes left'],
  password: ['密码', 'Password'],
  begin: ['启用', 'Turn it on'],
  scan: ['在身份验证器应用中选择“手动输入密钥”，填入以下密钥：', 'In the authenticator app choose to enter a key, and type this one:'],
  open: ['在本机的身份验证器中打开', 'Open in an authenticator on this device'],
  code: ['应用显示的6位数字', 'The six digits it shows'],
  confirm_code: ['确认启用', 'Confirm'],
  codes: ['已启用。请妥善保存以下备用码，每个只能使用一次，手机不可用时用来登录：', 'It is on. Keep these recovery codes safe; each is good for one sign-in without the phone:'],
  code_or_recovery: ['动态验证码或备用码', 'A code, or a recovery code'],
  end: ['停用', 'Turn it off'],
  ended: ['动态验证码已停用。', 'It is off.'],
});

/** 动态验证码, for those who see or decide on what belongs to others. */
export async function section({ account }) {
  if (account.role === 'data_manager' || account.second_factor === undefined) return null;
  const state = el('p');
  const holder = el('div', { class: 'stack' });
  const draw = (on, told) => {
    fill(state, tag(on ? 'good' : '', text(on ? 'on' : 'off')), on && account.recovery_codes_left !== null && [' ', el('span', { class: 'hint' }, text('left', { n: account.recovery_codes_left ?? 0 }))]);
    fill(holder, told, on ? ending() : beginning());
  };

  function beginning() {
    const form = new Form({
      label: text('begin'),
      async submit({ password }) { fill(holder, confirming(await api.post('/second-factor', { password }))); },
    });
    const password = () => form.input('password').value;
    return form.build(
      // Tells password managers whose password this is.
      el('input', { type: 'text', name: 'username', autocomplete: 'username', value: account.login_name, hidden: true, readonly: true }),
      form.field({ name: 'password', label: text('password'), type: 'password', required: true, autocomplete: 'current-password', maxlength: 128, read: password })).node;
  }

  function confirming({ secret, otpauth_uri }) {
    const form = new Form({
      label: text('confirm_code'),
      async submit({ code }) {
        const { recovery_codes } = await api.post('/second-factor/confirm', { code });
        account.second_factor = true;
        account.recovery_codes_left = recovery_codes.length;
        draw(true, notice('good', text('codes'), el('ul', { class: 'plainlist' }, recovery_codes.map((one) => el('li', {}, el('code', {}, one))))));
      },
    });
    return [
      el('p', {}, text('scan')), el('p', {}, el('code', {}, secret.replace(/(.{4})/g, '$1 ').trim())),
      el('p', {}, el('a', { href: otpauth_uri }, text('open'))),
      form.build(form.field({ name: 'code', label: text('code'), required: true, inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: 6 })).node,
    ];
  }

  function ending() {
    const holderOfForm = el('div');
    const start = button(text('end'), () => {
      const form = new Form({
        label: text('end'),
        async submit({ code }) {
          await api.post('/second-factor/end', { code });
          account.second_factor = false;
          draw(false, notice('info', text('ended')));
        },
      });
      fill(holderOfForm, form.build(form.field({ name: 'code', label: text('code_or_recovery'), required: true, autocomplete: 'one-time-code', maxlength: 40 })).node);
      form.input('code').focus();
    }, { class: 'danger small' });
    return put(holderOfForm, start);
  }

  draw(account.second_factor);
  return el('section', { class: 'card stack', id: 'second-factor' }, el('h2', {}, text('title')), el('p', { class: 'hint' }, text('hint')), state, holder);
}
