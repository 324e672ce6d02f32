import { button, el, fill, notice, tag } from '../core/dom.js';
import { inLanguage, language, words } from '../core/i18n.js';
import { table } from '../core/table.js';
import { canCheckHere, checkHere, prepare } from './check.js';

const text = words({
  choose: ['在本机检查（文件不上传）', 'Check on this computer (nothing is sent)'],
  about: ['按与服务器相同的规则在浏览器中检查，数据不离开本机；与历史数据和医院 ICD 编码的比对在上传后进行。', 'The same rules as on the server, in the browser; the data stay here. Comparison with earlier uploads and your ICD files follows after the upload.'],
  choose_server: ['先检查，不提交（由服务器检查）', 'Check first, submit nothing (on the server)'],
  about_server: ['本浏览器不能在本机检查：文件将上传到服务器检查，不提交数据，结果显示在下方列表中。', 'This browser cannot check here: the file is sent to the server, checked and not submitted; the result appears in the list below.'],
  loaded: ['检查程序已加载，断网时也可使用。', 'The check is loaded and works without a line too.'],
  submit: ['上传此文件', 'Upload this file'],
  checking: ['正在本机检查 {name}：{percent}%', 'Checking {name} here: {percent}%'],
  all_passed: ['{name}：共 {total} 条记录，全部达标，可以上传。', '{name}: all {total} records pass; it can be uploaded.'],
  some_passed: ['{name}：共 {total} 条记录，{passed} 条达标，{failed} 条需要修改。', '{name}: {total} records, {passed} pass, {failed} need mending.'],
  unreadable: ['{name}：文件无法读取。', '{name}: the file cannot be read.'],
  not_here: ['本机检查没有完成，改由服务器检查（不提交数据）。', 'The check did not finish here; the server checks the file instead, and nothing is submitted.'],
  causes: ['{findings} 处问题，归纳为 {causes} 个原因', '{findings} findings, {causes} causes'],
  times: ['{n} 处', '{n} times'],
  mend: ['处理办法：', 'How to mend: '],
  first: ['前 {n} 处明细', 'The first {n} findings'],
  error: ['错误', 'Error'], warning: ['提示', 'Hint'],
  row: ['行', 'Row'], column: ['列', 'Column'], value: ['值', 'Value'], reason: ['错误原因及处理办法', 'Reason and how to mend'],
  none: ['没有问题。', 'Nothing.'],
});

/** Findings drawn; the causes above stand for the rest, and the correction sheet comes after the upload. */
const LISTED = 100;

/**
 * A button that judges a file without sending it, and what came of it. `submit(file)` uploads it after all; where the browser or
 * the deployment can't judge, `judgeThere(file)` lets the server do it, and nothing is submitted.
 */
export function localCheck({ signal, account, submit, judgeThere }) {
  const here = canCheckHere();
  const outcome = el('div', { class: 'stack', role: 'status', id: 'local-check' });
  const take = (file) => (here ? judge(file) : judgeThere(file));
  const input = el('input', { type: 'file', accept: '.zip', hidden: true, id: 'local-file', 'aria-label': text(here ? 'choose' : 'choose_server'), onchange: () => { const [file] = input.files; input.value = ''; if (file) take(file); } });
  const about = el('span', { class: 'hint' }, text(here ? 'about' : 'about_server'));
  let latest = null;
  prepare(() => fill(about, text('about'), text('loaded')));

  async function judge(file) {
    // A second file takes the place of the first, whose answer would come late.
    latest?.abort();
    const turn = new AbortController();
    latest = turn;
    signal.addEventListener('abort', () => turn.abort(), { once: true });
    const bar = el('progress', { max: 1, value: 0, 'aria-label': file.name });
    const line = el('p', {}, text('checking', { name: file.name, percent: 0 }));
    delete outcome.dataset.digest;
    fill(outcome, line, bar);
    const report = (read, size) => {
      bar.max = size;
      bar.value = read;
      line.textContent = text('checking', { name: file.name, percent: Math.floor((read / size) * 100) });
    };
    try {
      const result = await checkHere(file, { language: language(), account, report, signal: turn.signal });
      fill(outcome, shown(file, result), el('div', { class: 'row' },
        result.passed > 0 && button(text('submit'), () => { fill(outcome); submit(file); }, { class: 'small' }),
        button(text('close'), () => fill(outcome), { class: 'plain small' })));
      outcome.dataset.digest = result.findings_digest;
    } catch (error) {
      if (error.name === 'AbortError') return;
      fill(outcome, notice('warn', text('not_here')));
      judgeThere(file);
    }
  }

  return el('div', { class: 'stack' },
    el('div', { class: 'row' }, button(text(here ? 'choose' : 'choose_server'), () => input.click(), { class: 'plain' }), about, input),
    outcome);
}

/** The sentence, the causes with how to mend each, and the first findings. */
function shown(file, result) {
  const values = { name: file.name, total: result.total, passed: result.passed, failed: result.total - result.passed };
  const which = result.unreadable && result.total === 0 ? 'unreadable' : values.failed === 0 && result.errors === 0 ? 'all_passed' : 'some_passed';
  const found = result.errors + result.warnings;
  return [
    notice({ all_passed: 'good', some_passed: 'warn', unreadable: 'bad' }[which], el('strong', {}, text(which, values))),
    result.causes.length > 0 && el('section', { class: 'stack' },
      el('h2', {}, text('causes', { findings: found, causes: result.causes.length })),
      el('ol', { class: 'causes' }, result.causes.map((cause) => el('li', { class: cause.severity },
        el('p', {}, tag(cause.severity, text(cause.severity)), ' ', el('strong', {}, inLanguage(cause, 'message')), ' ', el('span', { class: 'hint' }, text('times', { n: cause.findings }))),
        el('p', {}, text('mend'), inLanguage(cause, 'mend')))))),
    found > 0 && el('details', {}, el('summary', {}, text('first', { n: Math.min(LISTED, result.findings.length) })), table({
      label: text('causes', { findings: found, causes: result.causes.length }), rows: result.findings.slice(0, LISTED), none: text('none'),
      columns: [
        { label: text('row'), kind: 'number', cell: (one) => one.row ?? '' },
        { label: text('column'), cell: (one) => [one.column && el('strong', {}, `${one.column} `), [one.code, inLanguage(one, 'name')].filter(Boolean).join(' ')] },
        { label: text('value'), kind: 'value', cell: (one) => (one.value ? el('code', {}, one.value) : '') },
        { label: text('reason'), kind: 'text', cell: (one) => [one.message, one.mend && el('div', { class: 'hint' }, one.mend)] },
      ],
    })),
  ];
}
