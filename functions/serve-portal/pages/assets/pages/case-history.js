import { api, explain } from '../core/api.js';
import { button, el, empty, fill, notice, tag } from '../core/dom.js';
import { head } from '../core/frame.js';
import { either, inLanguage, moment, words } from '../core/i18n.js';
import { table } from '../core/table.js';
import { withdraw, withdrawLabel } from './upload/withdraw.js';

const text = words({
  number: ['病案号或就诊卡号', 'Medical record or visit card number'],
  search: ['查询', 'Search'],
  start: ['输入病案号（或就诊卡号），查看该病例各类数据的上传情况、缺少的数据和未达标的原因。', 'Give a medical record number (or visit card number) to see what was sent of the case, what is missing, and why something was refused.'],
  complete: ['该病例的数据齐全，均已达标。', 'The data of this case are complete and accepted.'],
  incomplete: ['该病例还有数据缺少或未达标：', 'Data of this case are missing or were refused:'],
  older: ['只查找了最近300次上传。', 'Only the newest 300 uploads were looked through.'],
  accepted: ['已达标', 'Accepted'], refused: ['未达标', 'Refused'], withdrawn: ['已撤回', 'Withdrawn'], missing: ['缺少', 'Missing'], optional: ['未上传', 'Not sent'], not_needed: ['不需要', 'Not needed'],
  file: ['文件', 'File'], row: ['行', 'Row'], received: ['接收时间', 'Received'], stay: ['入院 – 出院', 'Admitted – discharged'], state: ['状态', 'State'],
  current: ['有效', 'Counts'], replaced: ['已被更新', 'Replaced'], failed: ['不达标', 'Refused'],
  reason: ['原因及处理办法', 'Reason and how to mend'],
  to_case: ['打开死亡病例', 'Open the death case'], add_case: ['新增死亡记录', 'New death record'],
  done: ['已撤回。', 'Withdrawn.'],
});
const TONE = { accepted: 'good', refused: 'bad', withdrawn: 'warn', missing: 'warn', optional: '', not_needed: '' };
const OPEN = ['refused', 'withdrawn', 'missing'];

/** 病例追踪: one case across the hospital's uploads. */
export async function open({ route, show, signal }) {
  const found = el('div', { class: 'stack', 'aria-live': 'polite' }, empty(text('start')));
  const number = el('input', { type: 'search', id: 'case-number', maxlength: 50, autocomplete: 'off', required: true });
  const form = el('form', { class: 'card row', role: 'search', onsubmit: (event) => { event.preventDefault(); look(); } },
    el('label', { for: 'case-number' }, text('number')), number, el('button', { type: 'submit' }, text('search')));
  show(head(route), el('div', { class: 'stack' }, form, found));
  number.focus();

  // The number stays out of every address: addresses are kept and sent on.
  async function look(said = null) {
    const wanted = number.value.trim();
    if (!wanted) { number.focus(); return; }
    try {
      const history = await api.post('/case-history/search', { number: wanted }, signal);
      fill(found, said && notice('good', said), result(history));
    } catch (error) {
      if (error.name === 'AbortError') return;
      fill(found, error.code === 'case_not_found' ? empty(explain(error)) : notice('bad', explain(error)));
    }
  }

  function result(history) {
    const left = history.steps.filter((step) => OPEN.includes(step.state));
    return [
      history.complete ? notice('good', el('strong', {}, text('complete')))
        : notice('warn', el('strong', {}, text('incomplete')), el('ul', {}, left.map((step) => el('li', {}, `${inLanguage(step, 'name')}${either('：', ': ')}${inLanguage(step, 'detail')}`)))),
      history.older_left && el('p', { class: 'hint' }, text('older')),
      history.steps.map(part),
    ];
  }

  function part(step) {
    return el('section', { class: 'card stack', 'data-step': step.kind },
      el('div', { class: 'row' }, el('h2', {}, inLanguage(step, 'name')), tag(TONE[step.state], text(step.state))),
      el('p', {}, inLanguage(step, 'detail')),
      step.kind === 'attachments' && step.state !== 'not_needed' && el('p', {}, step.death_case_id
        ? el('a', { href: `/death-cases/${encodeURIComponent(step.death_case_id)}` }, text('to_case'))
        : el('a', { href: '/death-cases/new' }, text('add_case'))),
      step.versions.length > 0 && table({ label: inLanguage(step, 'name'), rows: step.versions, none: '', columns: columns() }));
  }

  function columns() {
    return [
      { label: text('received'), kind: 'nowrap', cell: (one) => moment(one.received_at) },
      { label: text('file'), kind: 'name', cell: (one) => el('a', { href: `/uploads/${encodeURIComponent(one.upload_id)}` }, one.file_name) },
      { label: text('row'), kind: 'number', cell: (one) => one.row },
      { label: text('stay'), kind: 'nowrap', cell: (one) => (one.admitted_on ? `${one.admitted_on} – ${one.discharged_on}` : '') },
      { label: text('state'), kind: 'nowrap', cell: state },
      { label: text('reason'), kind: 'text', cell: (one) => one.reasons.map((reason) => el('div', {}, reason.column && [el('code', {}, reason.column), ' '], reason.message, el('div', { class: 'hint' }, reason.mend))) },
    ];
  }

  function state(one) {
    if (!one.passed) return tag('bad', text('failed'));
    if (one.withdrawn) return tag('warn', text('withdrawn'));
    if (!one.current) return tag('', text('replaced'));
    const take = button(withdrawLabel(), async () => {
      if (await withdraw({ id: one.upload_id, record: { file: one.file, row: one.row } })) await look(text('done'));
    }, { class: 'plain small' });
    return [tag('good', text('current')), ' ', take];
  }
}
