import { api, explain } from '../core/api.js';
import { el, fill, notice, tag } from '../core/dom.js';
import { head, refreshButton } from '../core/frame.js';
import { inLanguage, moment, words } from '../core/i18n.js';
import { table } from '../core/table.js';
import { dayTag, reportColumns } from './overview/figures.js';
import { daysAgo, today } from './overview/filters.js';

const text = words({
  by_kind: ['各类数据', 'By kind'], kind: ['类别', 'Kind'],
  by_day: ['各日上报情况', 'By day'], day: ['日期', 'Day'],
  uploads: ['上传记录', 'Uploads'], registered: ['上传时间', 'Uploaded at'], status: ['状态', 'Status'], total: ['记录总数', 'Records'], passed: ['达标数', 'Passed'],
  none_uploads: ['所选时间段内没有上传。', 'Nothing was uploaded in this period.'],
  none: ['没有数据', 'Nothing'],
  about: ['{code} {place}，{since} 起应报。死亡病例待完成 {due} 例，逾期 {overdue} 例。', '{code} {place}, to report since {since}. Death cases: {due} due, {overdue} overdue.'],
  legend: ['数字为该日已接收的记录数。', 'Numbers are the records accepted of that day.'],
  done: ['已完成', 'Done'], failed: ['处理失败', 'Failed'], expired: ['未上传', 'Not uploaded'], checking: ['校验中', 'Checking'], registered_state: ['已登记', 'Registered'],
});

/** What one hospital reported, day by day, and its uploads. */
export async function open({ route, params, show, signal, query }) {
  const to = query.get('to') ?? today();
  const earliest = new Date(Date.parse(to) - 61 * 86_400_000).toISOString().slice(0, 10);
  const wanted = query.get('from') ?? daysAgo(29);
  const from = wanted < earliest ? earliest : wanted;
  const body = el('div', { class: 'stack' });
  const at = `/overview/hospitals/${encodeURIComponent(params.id)}`;

  async function refresh() {
    try {
      const hospital = await api.get(`${at}?from=${from}&to=${to}`, signal);
      if (signal.aborted) return;
      show(head(route, { title: hospital.name, actions: refreshButton(refresh) }), body);
      fill(body, content(hospital));
    } catch (error) {
      if (!signal.aborted) { show(head(route), body); fill(body, notice('bad', explain(error))); }
    }
  }

  function content(hospital) {
    const rows = hospital.kinds.map((kind) => ({ kind, kinds: { own: hospital.total[kind.code] ?? {} } }));
    const states = { done: 'good', failed: 'bad', expired: 'warn' };
    return [
      el('p', { class: 'hint' }, text('about', { code: hospital.code, place: hospital.place_zh, since: hospital.since, due: hospital.deaths.due, overdue: hospital.deaths.overdue })),
      el('h2', {}, text('by_kind')),
      table({ label: text('by_kind'), rows, none: text('none'), columns: [{ label: text('kind'), kind: 'name', cell: (one) => inLanguage(one.kind, 'name') }, ...reportColumns('own', false).filter((column) => !column.deaths)] }),
      el('h2', {}, text('by_day')), el('p', { class: 'hint' }, text('legend')),
      table({ label: text('by_day'), rows: hospital.days, none: text('none'), columns: [
        { label: text('day'), kind: 'nowrap', cell: (one) => one.day },
        ...hospital.kinds.map((kind) => ({ label: kind.code, cell: (one) => dayTag(one.kinds[kind.code]) })),
      ] }),
      el('h2', {}, text('uploads')),
      table({ label: text('uploads'), rows: hospital.uploads, none: text('none_uploads'), columns: [
        { label: text('registered'), kind: 'nowrap', cell: (one) => el('a', { href: `${at}/uploads/${encodeURIComponent(one.id)}` }, moment(one.registered_at)) },
        { label: text('kind'), kind: 'nowrap', cell: (one) => one.kinds.join('、') },
        { label: text('status'), cell: (one) => tag(states[one.status] ?? 'info', text(one.status === 'registered' ? 'registered_state' : one.status)) },
        { label: text('total'), kind: 'number', cell: (one) => one.total ?? '' },
        { label: text('passed'), kind: 'number', cell: (one) => one.passed ?? '' },
      ] }),
    ];
  }

  await refresh();
}
