import { api, explain } from '../../core/api.js';
import { el, fill, notice, tag } from '../../core/dom.js';
import { choice } from '../../core/form.js';
import { inLanguage, language, words } from '../../core/i18n.js';
import { pager, table } from '../../core/table.js';

const text = words({
  label: ['错误明细', 'Findings'],
  file: ['数据文件', 'Data file'],
  row: ['行', 'Row'],
  column: ['列', 'Column'],
  value: ['值', 'Value'],
  reason: ['错误原因及处理办法', 'Reason and how to mend'],
  severity: ['类型', 'Severity'],
  rule: ['规则', 'Rule'],
  error: ['错误', 'Error'], warning: ['提示', 'Hint'],
  any_severity: ['全部类型', 'All severities'],
  any_rule: ['全部规则', 'All rules'],
  any_column: ['全部列', 'All columns'],
  suggestion: ['建议：', 'Perhaps: '],
  none: ['没有符合筛选条件的记录。', 'Nothing matches these filters.'],
  truncated: ['问题过多，明细只保留了前一部分；统计数字是准确的。', 'There were more findings than the list keeps; the figures are exact.'],
});

const SIZE = 50;

/** The grid of findings with its filters by severity, rule and column. */
export function findingsTable({ at, upload, signal }) {
  const filter = { severity: '', rule: '', column: '' };
  const holder = el('div', { id: 'findings' });
  const select = (key, options) => choice(options, { blank: text(`any_${key}`), 'aria-label': text(key), 'data-filter': key, onchange: (event) => { filter[key] = event.target.value; draw(1); } });
  const columns = [...new Set(Object.keys(upload.by_column).map((place) => place.split('.').pop()))];

  async function draw(page) {
    const query = new URLSearchParams({ page, page_size: SIZE, lang: language() });
    for (const [key, value] of Object.entries(filter)) if (value) query.set(key, value);
    holder.setAttribute('aria-busy', 'true');
    try {
      const answer = await api.get(`${at}/findings?${query}`, signal);
      fill(holder, answer.truncated && notice('warn', text('truncated')), grid(answer.findings), pager({ total: answer.total, page, size: SIZE, open: draw }));
    } catch (error) {
      if (error.name !== 'AbortError') fill(holder, notice('bad', explain(error)));
    }
    holder.removeAttribute('aria-busy');
  }

  const grid = (findings) => table({
    label: text('label'), rows: findings, none: text('none'),
    columns: [
      { label: text('row'), kind: 'number', cell: (one) => one.row ?? '' },
      { label: text('column'), cell: (one) => [one.column && el('strong', {}, `${one.column} `), [one.code, inLanguage(one, 'name')].filter(Boolean).join(' ')] },
      { label: text('value'), kind: 'value', cell: (one) => (one.value === '' ? (one.code ? text('blank') : '') : el('code', {}, one.value)) },
      { label: text('reason'), kind: 'text', cell: (one) => [one.message, el('div', { class: 'hint' }, one.mend), one.suggestion && el('div', { class: 'hint' }, text('suggestion'), el('code', {}, one.suggestion))] },
      { label: text('severity'), cell: (one) => tag(one.severity, text(one.severity)) },
      { label: text('rule'), kind: 'nowrap', cell: (one) => one.rule },
      { label: text('file'), kind: 'name', cell: (one) => one.file },
    ],
  });

  draw(1);
  return el('div', { class: 'stack' },
    el('div', { class: 'row' },
      select('severity', [['error', text('error')], ['warning', text('warning')]]),
      select('rule', Object.entries(upload.by_rule).map(([rule, n]) => [rule, `${rule}（${n}）`])),
      select('column', columns.map((code) => [code, code]))),
    holder);
}
