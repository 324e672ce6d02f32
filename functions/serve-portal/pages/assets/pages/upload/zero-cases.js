import { api, explain } from '../../core/api.js';
import { button, el, fill, notice } from '../../core/dom.js';
import { words } from '../../core/i18n.js';
import { table } from '../../core/table.js';
import { dayTag } from '../overview/figures.js';
import { daysAgo, today } from '../overview/filters.js';

const text = words({
  title: ['近期上报情况与“本期无病例”', 'Recent days, and days without a case'],
  hint: ['当日没有流感病例时，请填报“本期无病例”，以免被视为漏报。有记录的日期不能填报；填报后又上报记录的日期会标出。', 'Where a day had no influenza case, please say so, lest it be taken for silence. Days with records cannot be declared; days that got records afterwards are marked.'],
  from: ['开始日期', 'From'], to: ['结束日期', 'To'], kinds: ['数据类别', 'Kinds'],
  declare: ['填报本期无病例', 'Declare: no case'], withdraw: ['撤回', 'Take back'],
  declared: ['已填报。', 'Declared.'], withdrawn: ['已撤回。', 'Taken back.'],
  day: ['日期', 'Day'], none: ['没有数据', 'Nothing'], shown: ['数字为该日已接收的记录数。', 'Numbers are the records accepted of that day.'],
});

/** 本期无病例: says so, takes it back, and shows what the last two weeks look like. */
export function zeroCases({ signal }) {
  const days = el('div');
  const said = el('div');
  const from = el('input', { type: 'date', id: 'zero-from', value: daysAgo(1), max: today() });
  const to = el('input', { type: 'date', id: 'zero-to', value: daysAgo(1), max: today() });
  const kinds = el('fieldset', { class: 'row' }, el('legend', {}, text('kinds')));

  function draw(found) {
    if (kinds.childElementCount === 1) {
      for (const kind of found.kinds) kinds.append(el('input', { type: 'checkbox', id: `zero-${kind}`, name: 'zero-kind', value: kind }), el('label', { for: `zero-${kind}` }, kind));
    }
    fill(days, table({ label: text('title'), rows: found.days, none: text('none'), columns: [
      { label: text('day'), kind: 'nowrap', cell: (one) => one.day },
      ...found.kinds.map((kind) => ({ label: kind, cell: (one) => dayTag(one.kinds[kind]) })),
    ] }));
  }

  async function refresh() {
    try { draw(await api.get('/zero-cases', signal)); } catch (error) { if (!signal.aborted) fill(days, notice('bad', explain(error))); }
  }

  async function tell(call, done) {
    const chosen = [...kinds.querySelectorAll('input:checked')].map((one) => one.value);
    try {
      await call('/zero-cases', { from: from.value, to: to.value, kinds: chosen });
      fill(said, notice('good', text(done)));
      await refresh();
    } catch (error) { fill(said, notice('bad', explain(error))); }
  }

  const field = (name, control) => el('div', { class: 'field' }, el('label', { for: control.id }, text(name)), control);
  refresh();
  return el('section', { class: 'card stack', id: 'zero-cases' },
    el('h2', {}, text('title')), el('p', { class: 'hint' }, text('hint')),
    el('div', { class: 'fields' }, field('from', from), field('to', to)), kinds,
    el('div', { class: 'row' }, button(text('declare'), () => tell(api.post, 'declared')), button(text('withdraw'), () => tell(api.remove, 'withdrawn'), { class: 'plain' })),
    said, el('p', { class: 'hint' }, text('shown')), days);
}
