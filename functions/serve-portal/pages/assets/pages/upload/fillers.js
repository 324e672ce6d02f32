import { api } from '../../core/api.js';
import { el, fill, tag } from '../../core/dom.js';
import { either, words } from '../../core/i18n.js';
import { table } from '../../core/table.js';

const text = words({
  title: ['填充值与雷同值', 'Fillers and sameness'],
  hint: ['这些数据项的多数记录为“-”、同一数值或同一代码，或时间均为零点。不影响接收，但请核实是否为真实数据。中位数为本省各医院近两个月上传的情况。', 'In these columns many records hold “-”, one and the same value, or midnight. Nothing is refused for it; please see whether it is true. The median is that of the province’s hospitals in these two months.'],
  column: ['数据项', 'Column'], check: ['现象', 'What'], records: ['记录', 'Records'], share: ['占比', 'Share'], median: ['本省中位数', 'Median of the province'],
  dash: ['填“-”', 'dashes'], same: ['同一值', 'one value'], midnight: ['时间为零点', 'midnight'],
  of: ['{count} / {records}', '{count} of {records}'], stands_out: ['明显高于同行', 'far above'], tenths: ['{n}成', '{n}/10'],
});

/** What in the columns of an upload is worth a second look; nothing is shown where nothing is. */
export function fillers({ at, signal }) {
  const holder = el('section', { class: 'stack', id: 'fillers', hidden: true });
  api.get(`${at}/fillers`, signal).then((found) => {
    if (found.fillers.length === 0) return;
    holder.hidden = false;
    const shown = found.fillers.filter((one) => one.stands_out || one.tenths >= 9).slice(0, 20);
    if (shown.length === 0) { holder.hidden = true; return; }
    fill(holder, el('h2', {}, text('title')), el('p', { class: 'hint' }, text('hint')), table({ label: text('title'), rows: shown, columns: [
      { label: text('column'), kind: 'name', cell: (one) => [`${one.kind} `, el('code', {}, one.column), ` ${either(one.column_zh, one.column_en)}`] },
      { label: text('check'), kind: 'nowrap', cell: (one) => text(one.check) },
      { label: text('records'), kind: 'nowrap', cell: (one) => text('of', { count: one.count, records: one.records }) },
      { label: text('share'), kind: 'nowrap', cell: (one) => [text('tenths', { n: one.tenths }), one.stands_out && [' ', tag('warn', text('stands_out'))]] },
      { label: text('median'), kind: 'number', cell: (one) => (one.peer_median === null ? '–' : text('tenths', { n: one.peer_median })) },
    ] }));
  }, () => { /* The result stands without it. */ });
  return holder;
}
