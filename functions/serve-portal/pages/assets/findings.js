import { get } from '/assets/api.js';
import { announce, el } from '/assets/dom.js';
import { language, text } from '/assets/texts.js';

const SIZE = 50;

/** The grid of findings with its filters. */
export function findingsTable(at, upload) {
  const filter = { rule: '', column: '', severity: '' };
  const holder = el('div');
  const choose = (key, all, options) => el('select', { 'aria-label': text(all), onchange() { filter[key] = this.value; draw(1); } },
    el('option', { value: '' }, text(all)), options.map(([value, label]) => el('option', { value }, label)));
  const columns = [...new Set(Object.keys(upload.by_column).map((place) => place.split('.').pop()))];
  const filters = el('div', { class: 'row' },
    choose('severity', 'all', [['error', text('error')], ['warning', text('warning')]]),
    choose('rule', 'all_rules', Object.entries(upload.by_rule).map(([rule, n]) => [rule, `${rule}（${n}）`])),
    choose('column', 'all_columns', columns.map((code) => [code, code])));

  async function draw(page) {
    const query = new URLSearchParams({ page, page_size: SIZE, lang: language() });
    for (const [key, value] of Object.entries(filter)) if (value) query.set(key, value);
    holder.setAttribute('aria-busy', 'true');
    try {
      const answer = await get(`${at}/findings?${query}`);
      holder.replaceChildren(grid(answer.findings), pager(answer.total, page));
    } catch (error) {
      holder.replaceChildren(announce('bad', error.message));
    }
    holder.removeAttribute('aria-busy');
  }

  function grid(findings) {
    const head = ['file', 'row', 'column', 'value', 'reason', 'severity', 'rule'];
    const body = findings.length ? findings.map(line) : [el('tr', {}, el('td', { colspan: head.length, class: 'empty' }, text('none_match')))];
    return el('div', { class: 'table' }, el('table', {}, el('thead', {}, el('tr', {}, head.map((key) => el('th', { scope: 'col', class: key === 'row' ? 'number' : null }, text(key))))), el('tbody', {}, body)));
  }

  function line(finding) {
    const name = language() === 'en' ? finding.name_en : finding.name_zh;
    return el('tr', {},
      el('td', { class: 'name' }, finding.file),
      el('td', { class: 'number' }, finding.row ?? ''),
      el('td', {}, finding.column ? el('strong', {}, `${finding.column} `) : null, [finding.code, name].filter(Boolean).join(' ')),
      el('td', {}, finding.value === '' ? (finding.code ? text('blank') : '') : el('code', {}, finding.value)),
      el('td', {}, finding.message, el('div', { class: 'hint' }, finding.mend), finding.suggestion ? el('div', { class: 'hint' }, text('suggestion'), el('code', {}, finding.suggestion)) : null),
      el('td', {}, el('span', { class: `tag ${finding.severity}` }, text(finding.severity))),
      el('td', { class: 'nowrap' }, finding.rule));
  }

  function pager(total, page) {
    const pages = Math.max(1, Math.ceil(total / SIZE));
    return el('div', { class: 'pager' }, text('page_of', { total, page, pages }),
      el('button', { type: 'button', class: 'plain', disabled: page <= 1, onclick: () => draw(page - 1) }, text('previous')),
      el('button', { type: 'button', class: 'plain', disabled: page >= pages, onclick: () => draw(page + 1) }, text('next')));
  }

  draw(1);
  return el('div', {}, filters, holder);
}
