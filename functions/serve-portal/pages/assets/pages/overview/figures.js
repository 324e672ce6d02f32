import { el, tag } from '../../core/dom.js';
import { words } from '../../core/i18n.js';

const text = words({
  hospitals: ['应报医院', 'Hospitals'], expected: ['应报', 'Due'], on_time: ['按时', 'In time'], late: ['迟报', 'Late'], zero: ['无病例', 'No case'], silent: ['未上报', 'Silent'],
  contradicted: ['无病例有误', 'Contradicted'], records: ['已接收记录', 'Accepted'], pass_rate: ['达标率', 'Passed'], quick: ['1天内上报', 'Within a day'],
  due: ['死亡病例待完成', 'Deaths due'], overdue: ['逾期', 'Overdue'],
});

/** A share as people read it: all but everything is not everything. */
export function share(value) {
  if (value === null || value === undefined) return '–';
  const percent = Math.round(value * 100);
  if (percent === 100 && value < 1) return '>99%';
  return percent === 0 && value > 0 ? '<1%' : `${percent}%`;
}

/** Columns of figures of one kind, the same for provinces, cities, hospitals and days. */
export function reportColumns(kind, counted) {
  const cell = (one) => one.kinds[kind] ?? {};
  const number = (key) => ({ label: text(key), kind: 'number', cell: (one) => (cell(one)[key] ?? 0).toLocaleString() });
  const quick = (one) => { const all = (one.delays ?? []).reduce((sum, more) => sum + more, 0); return all ? share((one.delays[0] + one.delays[1]) / all) : '–'; };
  return [
    counted && { label: text('hospitals'), kind: 'number', cell: (one) => one.hospitals.toLocaleString() },
    number('expected'), number('on_time'), number('late'), number('zero'),
    { label: text('silent'), kind: 'number', cell: (one) => { const silent = cell(one).silent ?? 0; return silent > 0 ? tag('bad', silent.toLocaleString()) : '0'; } },
    number('contradicted'), number('records'),
    { label: text('pass_rate'), kind: 'number', cell: (one) => share(cell(one).pass_rate) },
    { label: text('quick'), kind: 'number', cell: (one) => quick(cell(one)) },
    { label: text('due'), kind: 'number', deaths: true, cell: (one) => (one.deaths?.due ?? 0).toLocaleString() },
    { label: text('overdue'), kind: 'number', deaths: true, cell: (one) => { const overdue = one.deaths?.overdue ?? 0; return overdue > 0 ? tag('bad', overdue.toLocaleString()) : '0'; } },
  ].filter(Boolean);
}

const STATES = { on_time: ['good', ['按时', 'In time']], late: ['warn', ['迟报', 'Late']], zero: ['info', ['无病例', 'No case']], silent: ['bad', ['未上报', 'Silent']], open: ['', ['未到期', 'Not due']] };
const state = words(Object.fromEntries(Object.entries({ ...STATES, contradicted: ['bad', ['与记录不符', 'Contradicted']] }).map(([key, [, pair]]) => [key, pair])));

/** What a day of a kind comes to. */
export function dayTag(day) {
  const key = day.status === 'silent' && !day.is_over ? 'open' : day.status;
  return [tag(STATES[key][0], state(key)), day.contradicted && [' ', tag('bad', state('contradicted'))], day.records > 0 && el('div', { class: 'hint' }, day.records.toLocaleString())];
}
