import { api, applying } from './core/api.js';
import { el, empty, fill, notice } from './core/dom.js';
import { frame, head } from './core/frame.js';
import { switchLanguage, words } from './core/i18n.js';
import { sending } from './core/upload.js';
import { find, home } from './routes.js';

const text = words({
  no_page: ['没有这个页面', 'There is no such page'],
  no_page_hint: ['请检查网址，或从菜单重新进入。', 'Please check the address, or choose from the menu.'],
  not_yours: ['当前账号没有此项权限', 'This account may not see this page'],
  not_yours_hint: ['请用有权限的账号登录，或从菜单选择其他页面。', 'Please sign in with an account that may, or choose another page.'],
  broken: ['页面加载失败，请检查网络后刷新页面。', 'The page could not be loaded; check the network and reload.'],
  start: ['返回首页', 'To the first page'],
});

const main = document.getElementById('main');
let account = null;
let page = new AbortController();
/** Whether the page holds what would be lost by leaving it, and the question then asked. */
let guard = { holds: () => false, question: '' };

/** Who is signed in, if anybody is. */
async function person() {
  if (account) return account;
  try {
    account = (await api.get('/session')).account;
    api.begin();
  } catch (error) {
    if (error.status !== 401) throw error;
  }
  return account;
}

const show = (...nodes) => fill(main, nodes);

/** Goes to another page without loading the frame again, so that uploads on their way are not interrupted. */
function go(address, { replace = false } = {}) {
  if (replace) history.replaceState(null, '', address); else history.pushState(null, '', address);
  scrollTo(0, 0);
  if (!replace) main.focus({ preventScroll: true });
  return open();
}

/** Draws the page that the address names. */
async function open() {
  page.abort();
  page = new AbortController();
  guard = { holds: () => false, question: '' };
  const { signal } = page;
  const found = find(location.pathname);
  try {
    const who = await person();
    if (signal.aborted) return;
    frame(found?.route, who);
    if (!found) { show(empty(el('h1', {}, text('no_page')), el('p', {}, text('no_page_hint')), el('a', { href: '/' }, text('start')))); return; }
    const context = { route: found.route, params: found.params, query: new URLSearchParams(location.search), account: who, signal, show, go, signedIn, redraw: open, guard: (holds, question) => { guard = { holds, question }; } };
    if (who?.must_change_password) { (await import('./pages/first-password.js')).open(context); return; }
    if (found.route.path === '/' && who) { go(home[who.role] ?? '/account', { replace: true }); return; }
    if (found.route.for !== 'anyone' && !who) { (await import('./pages/sign-in.js')).open(context); return; }
    if (found.route.for !== 'anyone' && !found.route.for.includes(who.role)) {
      show(...head(found.route), empty(el('p', {}, el('strong', {}, text('not_yours'))), el('p', {}, text('not_yours_hint'))));
      return;
    }
    show(el('p', { class: 'hint', role: 'status' }, text('loading')));
    const module = await found.route.load();
    if (!signal.aborted) await module.open(context);
  } catch (error) {
    if (signal.aborted || error.name === 'AbortError' || error.status === 401) return;
    show(notice('bad', error.status === undefined ? text('broken') : error.message, ' ', el('a', { href: location.href }, text('retry'))));
  }
}

/** A session has begun. */
function signedIn(answer) {
  api.begin();
  account = answer.account;
  return open();
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const address = new URL(link.href);
  if (address.origin !== location.origin || link.target || link.hasAttribute('download') || !find(address.pathname)) return;
  if (address.pathname === location.pathname && address.hash) return;
  event.preventDefault();
  if (guard.holds() && !window.confirm(guard.question)) return;
  go(address.pathname + address.search);
});
addEventListener('popstate', open);
addEventListener('beforeunload', (event) => { if (guard.holds()) event.preventDefault(); });
addEventListener('signed-out', () => {
  account = null;
  open().then(() => main.prepend(notice('warn', text('signed_out'))));
});
document.getElementById('language').addEventListener('click', () => {
  if (guard.holds() && !window.confirm(guard.question)) return;
  switchLanguage();
  open();
});
document.getElementById('leave').addEventListener('click', async () => {
  if (sending() && !window.confirm(text('leave_while_sending'))) return;
  await api.remove('/session').catch(() => {});
  api.forget();
  await applying.remove('/applications/identity').catch(() => {});
  applying.forget();
  account = null;
  go('/');
});
open();
