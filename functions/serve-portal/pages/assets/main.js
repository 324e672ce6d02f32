import { get, post, remove, session } from '/assets/api.js';
import { announce, el, show } from '/assets/dom.js';
import { language, switchLanguage, text } from '/assets/texts.js';
import { uploadPage } from '/assets/uploads.js';
import { resultPage } from '/assets/result.js';

let leavePage = () => {};

function frame() {
  document.documentElement.lang = language() === 'en' ? 'en' : 'zh-CN';
  document.title = text('title');
  for (const node of document.querySelectorAll('[data-text]')) node.textContent = text(node.dataset.text);
  document.getElementById('language').textContent = language() === 'en' ? '中文' : 'English';
  document.getElementById('leave').hidden = !session.token;
  if (!session.token) document.getElementById('who').textContent = '';
}

async function who() {
  const me = await get('/session').catch(() => null);
  if (me) document.getElementById('who').textContent = me.account.institution_name ?? me.account.login_name;
}

async function signInPage(message) {
  const login = el('input', { id: 'login', name: 'login', autocomplete: 'username', required: true });
  const password = el('input', { id: 'password', name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const trouble = el('div', {}, message ? announce('bad', message) : null);
  const button = el('button', { type: 'submit' }, text('sign_in'));
  const form = el('form', {
    class: 'card narrow',
    async onsubmit(event) {
      event.preventDefault();
      button.disabled = true;
      try {
        session.token = (await post('/session', { login: login.value.trim(), password: password.value })).token;
        location.hash = '#/uploads';
        await open();
      } catch (error) {
        trouble.replaceChildren(announce('bad', error.message));
        password.focus();
      } finally {
        button.disabled = false;
      }
    },
  }, el('h1', {}, text('sign_in')), trouble,
  el('label', { for: 'login' }, text('login')), login,
  el('label', { for: 'password' }, text('password')), password,
  el('p', {}, button));
  show(form);
  login.focus();
  // Only the program for one machine answers this; a deployed service has no such route.
  const demo = await fetch('/_local/demo.json').then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  if (demo && !login.value) {
    login.value = demo.login;
    password.value = demo.password;
    form.insertBefore(announce('warn', text('demo')), form.children[1]);
    button.focus();
  }
}

/** Opens the page that the address names. */
async function open() {
  leavePage();
  leavePage = () => {};
  frame();
  if (!session.token) return signInPage();
  who();
  const [, page, id] = location.hash.split('/');
  leavePage = page === 'uploads' && id ? resultPage(decodeURIComponent(id)) : uploadPage();
}

document.getElementById('language').addEventListener('click', () => { switchLanguage(); open(); });
document.getElementById('leave').addEventListener('click', async () => {
  await remove('/session').catch(() => {});
  session.token = null;
  open();
});
addEventListener('hashchange', () => { open(); document.getElementById('main').focus(); });
addEventListener('signed-out', () => { leavePage(); frame(); signInPage(text('signed_out')); });
open();
