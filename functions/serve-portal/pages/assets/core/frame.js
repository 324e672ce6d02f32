import { button, el, fill } from './dom.js';
import { either, language, words } from './i18n.js';
import { groups, routes } from '../routes.js';

const text = words();
const byId = (id) => document.getElementById(id);
const named = (pair) => either(pair[0], pair[1]);

/** Everything around the page: words of the frame, who is signed in, the menu. */
export function frame(route, account) {
  document.documentElement.lang = language() === 'en' ? 'en' : 'zh-CN';
  document.title = `${route ? `${named(route.name)} · ` : ''}${text('title')}`;
  for (const node of document.querySelectorAll('[data-text]')) {
    if (!byId('main').contains(node)) node.textContent = text(node.dataset.text);
  }
  const toggle = byId('language');
  toggle.textContent = language() === 'en' ? '中文' : 'English';
  toggle.lang = language() === 'en' ? 'zh-CN' : 'en';
  byId('leave').hidden = !account;
  byId('who').textContent = account ? account.institution_name ?? account.login_name : '';
  menu(route, account);
}

function menu(route, account) {
  const node = byId('menu');
  node.hidden = !account || account.must_change_password;
  node.setAttribute('aria-label', text('menu'));
  if (node.hidden) { fill(node); return; }
  const here = route?.under ?? route?.path;
  const shown = routes.filter((one) => one.menu && (one.menuFor ?? one.for).includes(account.role));
  const parts = Object.entries(groups).map(([key, name]) => {
    const own = shown.filter((one) => one.group === key);
    if (own.length === 0) return null;
    return [el('h2', {}, named(name)), el('ul', {}, own.map((one) => el('li', {},
      el('a', { href: one.path, 'aria-current': one.path === here ? 'page' : null }, named(one.name)))))];
  });
  const open = button(`☰ ${text('menu')}`, () => {
    open.setAttribute('aria-expanded', String(node.classList.toggle('open')));
  }, { id: 'menu-button', class: 'plain', 'aria-expanded': 'false', 'aria-controls': 'menu-items' });
  node.classList.remove('open');
  fill(node, open, el('div', { class: 'items', id: 'menu-items' }, parts));
}

/** The head of a page: where it stands (上传死亡记录附件 » 新增死亡记录), its title, what can be done. */
export function head(route, { title, actions = [], beside = null } = {}) {
  // Several results stand open beside each other: each tab says which it is.
  if (title && title !== named(route.name)) document.title = `${title} · ${named(route.name)} · ${text('title')}`;
  const trail = [];
  if (route.group) trail.push(named(groups[route.group]));
  if (route.under) {
    const above = routes.find((one) => one.path === route.under);
    trail.push(el('a', { href: above.path }, named(above.name)));
  }
  trail.push(named(route.name));
  return [
    el('nav', { class: 'crumbs', 'aria-label': text('crumbs') }, el('ol', {}, trail.map((part, at) => el('li', { 'aria-current': at === trail.length - 1 ? 'page' : null }, part)))),
    el('div', { class: 'head' }, el('div', { class: 'row' }, el('h1', {}, title ?? named(route.name)), beside), el('div', { class: 'row' }, actions)),
  ];
}

/** 刷新. Where nothing has changed, the mark behind it tells that it was done. */
export function refreshButton(refresh) {
  const told = el('span', { class: 'hint', role: 'status' });
  let timer;
  const node = button(`↻ ${text('refresh')}`, async () => {
    if (node.disabled) return;
    node.disabled = true;
    try { await refresh(); } finally { node.disabled = false; }
    if (document.activeElement === document.body) node.focus();
    fill(told, `✓ ${text('refreshed')}`);
    clearTimeout(timer);
    timer = setTimeout(() => fill(told), 2000);
  }, { class: 'plain small' });
  return el('span', { class: 'row' }, told, node);
}
