import { api, explain } from '../core/api.js';
import { el, fill, notice } from '../core/dom.js';
import { head, refreshButton } from '../core/frame.js';
import { either, inLanguage, language, words } from '../core/i18n.js';
import { table } from '../core/table.js';
import { chart } from './overview/chart.js';
import { daysAgo, filters, today } from './overview/filters.js';
import { reportColumns, share } from './overview/figures.js';

const text = words({
  hospitals: ['应报医院', 'Hospitals'],
  expected: ['应报（医院日）', 'Due (hospital days)'],
  on_time: ['按时上报', 'In time'], late: ['迟报', 'Late'], zero: ['本期无病例', 'No case'], silent: ['未上报', 'Silent'],
  records: ['已接收记录', 'Records accepted'],
  pass_rate: ['接口达标率', 'Passed'],
  deaths_due: ['死亡病例待完成', 'Death cases due'], deaths_overdue: ['死亡病例逾期', 'Death cases overdue'],
  meaning: ['记录按就诊（出院）日期统计，文件按收到的日期统计。{kind}应在 {n} 天内上报，期限未到的日期不计入应报。', 'Records count for the day of visit or discharge, files for the day they arrived. Data of the kind {kind} are due within {days}; days that are not due yet are left out.'],
  days: ['各日上报情况', 'By day'], places: ['各地上报情况', 'By place'], passes: ['各地接口达标率', 'Passed by place'], delays: ['上报用时', 'Time to report'], causes: ['最常见的错误', 'Commonest errors'],
  causes_listed: ['最常见的错误：明细', 'Commonest errors, listed'],
  by_province: ['各省', 'By province'], by_city: ['各市', 'By city'], by_hospital: ['各医院', 'By hospital'],
  place: ['地区', 'Place'], hospital: ['医疗机构', 'Institution'],
  city: ['城市', 'City'], all_cities: ['全部城市', 'All cities'],
  none_places: ['所选时间段内没有应报医院，也没有收到数据。', 'There are no hospitals to report and no data in this period.'],
  none_hospitals: ['该地区还没有应报医院。', 'There are no hospitals to report here yet.'],
  rule: ['规则', 'Rule'], column: ['数据项', 'Column'], message: ['问题', 'What is wrong'], findings: ['次数', 'Findings'],
  none_causes: ['所选时间段内没有错误。', 'There were no errors in this period.'],
  fillers: ['填充值与雷同值', 'Fillers and sameness'], fillers_hint: ['多数记录为“-”、同一数值或同一代码、时间均为零点的数据项。不一定有误，但值得核实。', 'Columns in which most records hold “-”, one and the same value, or midnight. None of it need be wrong; it is worth asking.'],
  none_fillers: ['没有值得注意的数据项。', 'Nothing stands out.'], check: ['现象', 'What'], dash: ['填“-”', 'dashes'], same: ['同一值', 'one value'], midnight: ['时间为零点', 'midnight'],
  nearly_all: ['九成以上记录如此的上传', 'Uploads with nine tenths or more'], uploads: ['上传数', 'Uploads'], median: ['中位数', 'Median'], tenths: ['{n}成', '{n}/10'],
  by_point: ['各日数字', 'Figures by day'], day: ['日期', 'Day'],
});

/** 上报概览: who reports, who is late, what fails; a reviewer of one province sees that one only. */
export async function open({ route, show, signal, query, go }) {
  const asked = {
    from: query.get('from') ?? daysAgo(29), to: query.get('to') ?? today(),
    province: query.get('province') ?? '', kind: query.get('kind') ?? 'flu', city: query.get('city') ?? '',
  };
  const params = (more = {}) => new URLSearchParams(Object.entries({ ...asked, ...more }).filter(([, value]) => value)).toString();
  const open = (more) => go(`/overview?${params(more)}`);
  const loading = () => el('p', { class: 'hint', role: 'status' }, text('loading'));
  const body = el('div', { class: 'stack' }, loading());

  async function refresh() {
    const { city: _, ...places } = asked;
    const figures = new URLSearchParams({ ...places, lang: language(), charts: true });
    // A reviewer of one province is known by the answer alone; who names one need not wait for it.
    const list = (province) => api.get(`/overview/hospitals?${params({ province })}`, signal);
    try {
      let [overview, below] = await Promise.all([api.get(`/overview?${figures}`, signal), asked.province ? list(asked.province) : null]);
      const province = overview.own_province ?? asked.province;
      below ??= province ? await list(province) : null;
      if (signal.aborted) return;
      const rest = el('div', { class: 'stack' }, loading());
      fill(body, content(overview, below, province), rest);
      // What stands below the figures is not waited for.
      fill(rest, obstacles(await api.get(`/overview/causes?${figures}`, signal)));
    } catch (error) {
      if (!signal.aborted) fill(body, notice('bad', explain(error)));
    }
  }

  function content(overview, below, province) {
    const kind = overview.kinds.find((one) => one.code === asked.kind) ?? overview.kinds[0];
    const draw = (name) => chart({ name, title: text(name), svg: overview.charts[name] });
    return [
      filters({ asked, kinds: overview.kinds.filter((one) => one.code !== 'none'), own: overview.own_province, open }),
      figures(overview.total, kind.code),
      el('p', { class: 'hint' }, text('meaning', { kind: inLanguage(kind, 'name'), n: kind.days_allowed, days: kind.days_allowed === 1 ? 'a day' : `${kind.days_allowed} days` })),
      draw('days'), draw('places'),
      draw('passes'), draw('delays'),
      !below && provinces(overview, kind.code),
      below && hospitals(below, kind.code),
      points(overview, kind.code),
    ];
  }

  function obstacles(found) {
    return [
      el('section', { class: 'stack' }, chart({ name: 'causes', title: text('causes'), svg: found.chart }), causes(found)),
      section(text('fillers'), el('p', { class: 'hint' }, text('fillers_hint')), fillers(found)),
    ];
  }

  function figures(total, kind) {
    const cell = total.kinds[kind] ?? {};
    const entries = [['hospitals', total.hospitals], ...['expected', 'on_time', 'late', 'zero', 'silent', 'records'].map((key) => [key, cell[key] ?? 0]),
      ['pass_rate', share(cell.pass_rate)], ['deaths_due', total.deaths.due], ['deaths_overdue', total.deaths.overdue]];
    return el('ul', { class: 'figures' }, entries.map(([key, value]) => el('li', { 'data-figure': key }, el('b', {}, value.toLocaleString()), el('span', {}, text(key)))));
  }

  const section = (title, ...content) => el('section', { class: 'stack' }, el('h2', {}, title), content);

  function provinces(overview, kind) {
    return section(text('by_province'), table({
      label: text('by_province'), rows: overview.provinces, none: text('none_places'),
      columns: [{ label: text('place'), kind: 'nowrap', cell: (one) => el('a', { href: `/overview?${params({ province: one.code })}` }, inLanguage(one, 'name')) }, ...reportColumns(kind, true)],
    }));
  }

  function hospitals(below, kind) {
    const choose = el('select', { id: 'city', onchange: (event) => open({ city: event.target.value }) },
      el('option', { value: '' }, text('all_cities')), below.cities.filter((one) => one.code).map((one) => el('option', { value: one.code, selected: one.code === asked.city }, inLanguage(one, 'name'))));
    return [
      section(text('by_city'), table({
        label: text('by_city'), rows: below.cities, none: text('none_hospitals'),
        columns: [{ label: text('place'), kind: 'nowrap', cell: (one) => inLanguage(one, 'name') }, ...reportColumns(kind, true)],
      })),
      section(text('by_hospital'), el('div', { class: 'row' }, el('label', { for: 'city' }, text('city')), choose), table({
        label: text('by_hospital'), rows: below.hospitals, none: text('none_hospitals'),
        columns: [{ label: text('hospital'), kind: 'name', cell: (one) => [el('a', { href: `/overview/hospitals/${encodeURIComponent(one.id)}?from=${asked.from}&to=${asked.to}` }, one.name), el('div', { class: 'hint nowrap' }, one.code)] }, ...reportColumns(kind, false)],
      })),
    ];
  }

  function points(overview, kind) {
    return el('details', {}, el('summary', {}, text('by_point')), table({
      label: text('by_point'), rows: overview.points, none: text('none_places'),
      columns: [{ label: text('day'), kind: 'nowrap', cell: (one) => one.from }, ...reportColumns(kind, false).filter((column) => !column.deaths)],
    }));
  }

  function causes(found) {
    const name = (cause) => either(cause.column_zh, cause.column_en);
    return table({
      label: text('causes_listed'), rows: found.causes, none: text('none_causes'),
      columns: [
        { label: text('rule'), kind: 'nowrap', cell: (one) => el('code', {}, one.rule) },
        { label: text('column'), kind: 'name', cell: (one) => [one.kind !== 'none' && `${one.kind} `, one.column && [el('code', {}, one.column), ` ${name(one)}`]] },
        { label: text('message'), kind: 'text', cell: (one) => inLanguage(one, 'message') },
        { label: text('findings'), kind: 'number', cell: (one) => one.findings.toLocaleString() },
      ],
    });
  }

  function fillers(found) {
    return table({
      label: text('fillers'), rows: found.fillers, none: text('none_fillers'),
      columns: [
        { label: text('column'), kind: 'name', cell: (one) => [`${one.kind} `, el('code', {}, one.column), ` ${either(one.column_zh, one.column_en)}`] },
        { label: text('check'), kind: 'nowrap', cell: (one) => text(one.check) },
        { label: text('nearly_all'), kind: 'number', cell: (one) => one.nearly_all.toLocaleString() },
        { label: text('uploads'), kind: 'number', cell: (one) => one.uploads.toLocaleString() },
        { label: text('median'), kind: 'number', cell: (one) => (one.median === null ? '–' : text('tenths', { n: one.median })) },
      ],
    });
  }

  show(head(route, { actions: refreshButton(refresh) }), body);
  await refresh();
}
