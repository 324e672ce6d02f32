import { api, explain } from '../core/api.js';
import { el, fill, notice } from '../core/dom.js';
import { choice } from '../core/form.js';
import { head, refreshButton } from '../core/frame.js';
import { words } from '../core/i18n.js';
import { list, table } from '../core/table.js';
import { dueTag, missing } from './death/due.js';

const text = words({
  search: ['病案号或姓名', 'Number or name'],
  state: ['状态', 'State'],
  all: ['全部', 'All'], incomplete: ['未完成', 'Incomplete'], due: ['未完成（期限内）', 'Incomplete, in time'], overdue: ['已逾期', 'Overdue'], complete: ['已完成', 'Complete'],
  open: ['打开', 'Open'],
  hint: ['双击某条病例记录，或勾选后点击“打开”。', 'Double-click a case, or tick it and choose “Open”.'],
  tick: ['勾选', 'Tick'],
  number: ['记录编号', 'No.'],
  medical_record_number: ['病案号', 'Medical record number'],
  name: ['姓名', 'Name'],
  admitted_on: ['入院日期', 'Admitted'],
  discharged_on: ['出院日期', 'Discharged'],
  died_at: ['死亡时间', 'Died'],
  due_on: ['上传期限', 'Due'],
  missing: ['待完成', 'Missing'],
  attachments: ['附件', 'Files'],
  none: ['没有符合条件的死亡病例记录。', 'No case matches.'],
  none_yet: ['还没有死亡病例记录。', 'There are no cases yet.'],
  add: ['新增死亡记录', 'New death record'],
  choose_first: ['请先勾选一条病例记录。', 'Please tick a case first.'],
});

const STATES = ['incomplete', 'due', 'overdue', 'complete'];

/** 死亡记录列表 (manual 3.7, step 3). */
export async function open({ route, show, signal, go, query }) {
  const trouble = el('div');
  let ticked = null;
  let timer;
  const at = (one) => `/death-cases/${encodeURIComponent(one.id)}`;
  const search = el('input', { type: 'search', id: 'case-search', maxlength: 40, oninput: () => { clearTimeout(timer); timer = setTimeout(() => cases.refresh(), 250); } });
  const state = choice(STATES.map((one) => [one, text(one)]), { blank: text('all'), id: 'case-state', value: query.get('state') ?? '', onchange: () => cases.refresh() });
  const cases = list({
    signal,
    async fetch(cursor) {
      // What is looked for stays out of every address: addresses are kept and sent on.
      const page = await api.post('/death-cases/search', { q: search.value.trim(), state: state.value, cursor: cursor ?? '' }, signal);
      return { rows: page.cases, next: page.next };
    },
    draw: (rows) => { ticked = rows.find((one) => one.id === ticked?.id) ?? null; return table({ label: text('name'), rows, none: none(), columns: columns(), row: dress }); },
    trouble: (error) => fill(trouble, error && notice('bad', explain(error))),
  });
  const openTicked = () => (ticked ? go(at(ticked)) : fill(trouble, notice('warn', text('choose_first'))));
  show(head(route, { actions: refreshButton(() => cases.refresh()) }), el('div', { class: 'stack' },
    el('div', { class: 'row spread' },
      el('div', { class: 'row' }, el('label', { for: 'case-search' }, text('search')), search, el('label', { for: 'case-state' }, text('state')), state),
      el('div', { class: 'row' }, el('button', { type: 'button', onclick: openTicked }, text('open')), el('a', { class: 'button plain', href: '/death-cases/new' }, `+ ${text('add')}`))),
    el('p', { class: 'hint' }, text('hint')), trouble, el('div', { class: 'openable' }, cases.node)));
  await cases.refresh();

  function none() {
    return search.value.trim() || state.value ? text('none') : [el('p', {}, text('none_yet')), el('a', { href: '/death-cases/new' }, text('add'))];
  }

  function columns() {
    return [
      { label: text('tick'), cell: (one) => el('input', { type: 'radio', name: 'case', checked: one.id === ticked?.id, 'aria-label': `${text('tick')} ${one.medical_record_number}`, onchange: (event) => tick(one, event.target.closest('tr')) }) },
      { label: text('number'), kind: 'number', cell: (one) => one.number },
      { label: text('medical_record_number'), kind: 'nowrap', cell: (one) => el('a', { href: at(one) }, one.medical_record_number) },
      { label: text('name'), kind: 'nowrap', cell: (one) => one.name },
      { label: text('admitted_on'), kind: 'nowrap', cell: (one) => one.admitted_on.slice(0, 10) },
      { label: text('discharged_on'), kind: 'nowrap', cell: (one) => one.discharged_on.slice(0, 10) },
      { label: text('died_at'), kind: 'nowrap', cell: (one) => one.died_at.slice(0, 16) },
      { label: text('due_on'), kind: 'nowrap', cell: (one) => [one.due_on, ' ', dueTag(one)] },
      { label: text('missing'), kind: 'nowrap', cell: missing },
      { label: text('attachments'), kind: 'number', cell: (one) => one.attachments },
    ];
  }

  function tick(one, line) {
    ticked = one;
    for (const other of line.parentNode.children) other.removeAttribute('aria-selected');
    line.setAttribute('aria-selected', 'true');
  }

  function dress(one, line) {
    if (one.id === ticked?.id) line.setAttribute('aria-selected', 'true');
    line.addEventListener('dblclick', () => go(at(one)));
    line.addEventListener('click', (event) => { if (!event.target.closest('a, input')) line.querySelector('input').click(); });
  }
}
