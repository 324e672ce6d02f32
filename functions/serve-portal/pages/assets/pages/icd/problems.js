import { api, explain } from '../../core/api.js';
import { button, el, fill, notice } from '../../core/dom.js';
import { dialog } from '../../core/dialog.js';
import { inLanguage, words } from '../../core/i18n.js';
import { pager, table } from '../../core/table.js';

const text = words({
  title: ['编码文件错误信息', 'Errors of the code file'],
  row: ['行', 'Row'], value: ['值', 'Value'], reason: ['错误原因及处理办法', 'Reason and how to mend'],
  none: ['没有错误。', 'None.'],
});

const SIZE = 20;

/** Everything that is wrong with one code file, page by page. */
export function icdProblems(file) {
  const holder = el('div', { class: 'stack' });
  async function draw(page) {
    try {
      const answer = await api.get(`/icd-files/${encodeURIComponent(file.id)}?page=${page}&page_size=${SIZE}`);
      fill(holder, table({
        label: text('title'), rows: answer.problems, none: text('none'),
        columns: [
          { label: text('row'), kind: 'number', cell: (one) => [one.sheet && `${one.sheet} `, one.row ?? ''] },
          { label: text('value'), kind: 'value', cell: (one) => one.value && el('code', {}, one.value) },
          { label: text('reason'), kind: 'text', cell: (one) => [inLanguage(one, 'title'), el('div', { class: 'hint' }, inLanguage(one, 'found')), el('div', { class: 'hint' }, inLanguage(one, 'mend'))] },
        ],
      }), pager({ total: answer.problems_total, page, size: SIZE, open: draw }));
    } catch (error) {
      fill(holder, notice('bad', explain(error)));
    }
  }
  draw(1);
  return dialog(`${text('title')}：${file.file_name}`, (close) => [holder, el('div', { class: 'row' }, button(text('close'), () => close(), { class: 'plain' }))]);
}
