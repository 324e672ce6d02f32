import { button, el, empty, fill } from './dom.js';
import { words } from './i18n.js';

const text = words();

/**
 * A table that scrolls by itself where the page is narrow.
 * `columns`: `{ label, cell(row), kind }` with kind `number`, `name`, `text` or `nowrap`; `row(row, tr)` may dress a line.
 */
export function table({ label, columns, rows, none, row: dress, attributes = {} }) {
  if (rows.length === 0) return el('div', { class: 'table' }, empty(none));
  const head = el('tr', {}, columns.map((column) => el('th', { scope: 'col', class: column.kind === 'number' ? 'number' : null }, column.label)));
  const body = rows.map((row) => {
    const line = el('tr', {}, columns.map((column) => el('td', { class: column.kind }, column.cell(row))));
    dress?.(row, line);
    return line;
  });
  // Focusable, so that the keyboard can scroll it too.
  return el('div', { class: 'table', role: 'region', 'aria-label': label, tabindex: 0, ...attributes },
    el('table', {}, el('thead', {}, head), el('tbody', {}, body)));
}

export function pager({ total, page, size, open }) {
  const pages = Math.max(1, Math.ceil(total / size));
  return el('nav', { class: 'pager', 'aria-label': text('page_of', { total, page, pages }) },
    el('span', {}, text('page_of', { total, page, pages })),
    button(text('previous'), () => open(page - 1), { class: 'plain small', disabled: page <= 1 }),
    button(text('next'), () => open(page + 1), { class: 'plain small', disabled: page >= pages }));
}

/**
 * A list that is refreshed, and continued by a cursor: `fetch(cursor)` answers `{ rows, next }`, `draw(rows)` a node.
 * `moving(row)` tells whether a row is still to change; then the list looks again by itself.
 */
export function list({ signal, fetch, draw, moving = () => false, pause = 1500, trouble }) {
  const holder = el('div', { 'aria-live': 'off' });
  let rows = [];
  let timer;

  async function refresh() {
    clearTimeout(timer);
    try {
      const page = await fetch(null);
      if (signal.aborted) return;
      rows = page.rows;
      show(page.next);
      trouble(null);
    } catch (error) {
      if (!signal.aborted) trouble(error);
    }
    if (!signal.aborted && rows.some(moving)) timer = setTimeout(refresh, pause);
  }

  function show(next) {
    fill(holder, draw(rows), next && el('div', { class: 'pager' }, button(text('more'), async (event) => {
      event.target.disabled = true;
      try {
        const page = await fetch(next);
        rows = rows.concat(page.rows);
        show(page.next);
      } catch (error) {
        event.target.disabled = false;
        trouble(error);
      }
    }, { class: 'plain' })));
  }

  signal.addEventListener('abort', () => clearTimeout(timer));
  return { node: holder, refresh };
}
