import { api, explain } from '../core/api.js';
import { el, notice } from '../core/dom.js';
import { Form } from '../core/form.js';
import { words } from '../core/i18n.js';

const text = words({
  sign_in: ['登录', 'Sign in'],
  login: ['登录名或手机号码', 'Login name or mobile phone'],
  password: ['密码', 'Password'],
  code: ['动态验证码', 'One-time code'],
  code_hint: ['请填写身份验证器应用中显示的6位数字，或一个备用码', 'The six digits shown by your authenticator, or one of the recovery codes'],
  register: ['用户注册', 'Register'],
  forgotten: ['忘记密码', 'Forgotten password'],
  demo: ['这是本机演示环境，已填入演示医院的账号，点击“登录”即可。', 'This is the local demonstration; the demo hospital’s login is filled in, just sign in.'],
  wait: ['请在 {n} 秒后再试。', 'Please try again in {n} seconds.'],
  about: ['开展流感医疗服务监测，做好流感医疗救治工作', 'Surveillance of influenza medical services'],
  about_text: ['全国二级及以上医疗机构通过本系统报送门急诊和在院、出院流感病例，出院小结，死亡记录，用药记录和检验记录数据。', 'Hospitals of level two and above report outpatient, inpatient and discharged influenza cases, discharge summaries, death records, medication and laboratory results.'],
  had: ['已在 HQMS 系统对接过病案首页数据的医疗机构：无需申请新账号，可沿用已有 HQMS 系统账号密码登录。', 'Hospitals that already send data to HQMS sign in with their HQMS account.'],
  have_not: ['未在 HQMS 系统对接过数据的医疗机构：请点击“用户注册”申请账号。', 'All other hospitals apply for an account: choose “Register”.'],
  same: ['流感医疗服务监测系统和前置机程序均采用同一套账号密码。', 'One account and password serves these pages and the front-end machine.'],
  how: ['总体操作流程', 'How it goes'],
  step_1: ['申请账号', 'Apply for an account'],
  step_2: ['获取资料包，准备数据文件', 'Get the material, prepare the data files'],
  step_3: ['上传 ICD 编码文件', 'Upload the ICD code files'],
  step_4: ['数据对接：前置机实时对接，或在页面上传', 'Send data: by the front-end machine, or on these pages'],
  step_5: ['上传流感相关死亡记录附件', 'Upload the records of deaths'],
});

/** 登录. Where a page needs a session this form stands in its place, and the page follows. */
export async function open({ show, signal, signedIn }) {
  const form = new Form({
    label: text('sign_in'),
    async submit({ login, password, code }) {
      try {
        await signedIn(await api.post('/session', code ? { login, password, code } : { login, password }));
      } catch (error) {
        if (error.code === 'second_factor_required' || error.code === 'wrong_second_factor') {
          second.hidden = false;
          form.tell(error.code === 'second_factor_required' ? 'info' : 'bad', explain(error));
          form.input('code').focus();
          return;
        }
        if (error.after) { form.tell('bad', error.message, ' ', text('wait', { n: error.after })); return; }
        form.fail(error);
        form.input('password').select();
      }
    },
  });
  const second = form.field({ name: 'code', label: text('code'), hint: text('code_hint'), inputmode: 'text', autocomplete: 'one-time-code', maxlength: 40 });
  second.hidden = true;
  form.build(
    form.field({ name: 'login', label: text('login'), required: true, autocomplete: 'username', maxlength: 64 }),
    form.field({ name: 'password', label: text('password'), required: true, type: 'password', autocomplete: 'current-password', maxlength: 128, read: () => form.input('password').value }),
    second);
  const welcome = el('div');
  const links = el('div', { class: 'row spread' }, el('a', { href: '/apply', class: 'button plain' }, text('register')), el('a', { href: '/forgotten' }, text('forgotten')));
  show(
    el('div', { class: 'sign-in' },
      el('section', { class: 'stack' },
        el('div', {}, el('h1', {}, text('about')), el('p', {}, text('about_text'))),
        el('div', { class: 'card' }, el('h2', {}, text('how')), el('ol', { class: 'plainlist' }, [1, 2, 3, 4, 5].map((n) => el('li', {}, text(`step_${n}`))))),
        el('ul', { class: 'plainlist hint' }, el('li', {}, text('had')), el('li', {}, text('have_not')), el('li', {}, text('same')))),
      el('section', { class: 'card narrow stack' }, el('h2', {}, text('sign_in')), welcome, form.node, links, el('p', { class: 'hint' }, text('browsers')))));
  form.input('login').focus();
  await fillInDemo(form, welcome, signal);
}

// Only the program for one machine answers this; a deployed service has no such route.
async function fillInDemo(form, welcome, signal) {
  const demo = await fetch('/_local/demo.json', { signal }).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  const [login, password] = [form.input('login'), form.input('password')];
  if (!demo || signal.aborted || login.value) return;
  login.value = demo.login;
  password.value = demo.password;
  welcome.append(notice('info', text('demo')));
  form.button.focus();
}
