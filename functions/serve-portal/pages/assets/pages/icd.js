import { api, explain } from '../core/api.js';
import { button, el, fill, notice, tag } from '../core/dom.js';
import { confirm } from '../core/dialog.js';
import { Form, choice, working } from '../core/form.js';
import { head, refreshButton } from '../core/frame.js';
import { inLanguage, words } from '../core/i18n.js';
import { list, table } from '../core/table.js';
import { transfers } from '../core/upload.js';
import { icdProblems } from './icd/problems.js';

const text = words({
  category: ['编码类别', 'Category'],
  disease: ['疾病诊断编码', 'Diagnoses'],
  procedure: ['手术操作编码', 'Procedures'],
  morphology: ['肿瘤形态学编码', 'Tumour morphology'],
  choose_file: ['选择文件', 'File'],
  file_hint: ['按模板格式完成的编码文件，须为 csv、xls、xlsx 格式的文件 zip 压缩包', 'A ZIP of one csv, xls or xlsx file in the form of the template'],
  no_file: ['未选择文件', 'No file chosen'],
  first_day: ['编码使用开始日期', 'In use from'],
  last_day: ['编码使用结束日期', 'In use until'],
  order: ['起始日期不能晚于结束日期', 'The first day must not be after the last'],
  upload: ['上传', 'Upload'],
  wrong_type: ['请上传csv、xls、xlsx格式的文件zip压缩包', 'Please upload a ZIP of a csv, xls or xlsx file'],
  too_large: ['文件超过 20M，请拆分后上传。', 'The file is over 20 MB; split it.'],
  sent: ['已上传，结果见下方列表。', 'Uploaded; the list below tells the result.'],
  records: ['ICD编码上传记录', 'Uploaded code files'],
  file_name: ['文件名', 'File'],
  errors: ['错误信息', 'Errors'],
  kind: ['编码类型', 'Category'],
  period: ['编码使用日期', 'In use'],
  to: ['{from} 至 {until}', '{from} to {until}'],
  status: ['状态', 'Status'],
  actions: ['操作', 'Action'],
  none: ['还没有上传 ICD 编码文件。请依次上传各时间段的疾病诊断、肿瘤形态学及手术操作编码文件。', 'No code files yet. Upload the files of each category and period, one after another.'],
  all_right: ['无错误', 'None'],
  more: ['查看全部 {n} 处', 'All {n} of them'],
  delete_title: ['删除该编码文件？', 'Delete this code file?'],
  delete_text: ['删除“{name}”后，请及时重新上传 ICD 编码文件。', 'After deleting “{name}” please upload a code file again soon.'],
  row: ['第 {row} 行：', 'Row {row}: '],
  codes: ['{n} 个编码', '{n} codes'],
});

const CATEGORIES = ['disease', 'procedure', 'morphology'];
const LIMIT = 20 * 1024 * 1024;
const TONE = { in_use: 'good', checking: 'busy', registered: '', refused: 'bad', failed: 'bad', expired: '' };

/** ICD编码上传 (manual 3.5). */
export async function open({ route, show, signal }) {
  const trouble = el('div');
  const periods = el('div');
  let chosen = null;
  const files = list({
    signal,
    async fetch() {
      const page = await api.get('/icd-files', signal);
      const told = page.periods.flatMap((one) => [...one.overlaps, ...one.gaps].map((place) => `${inLanguage(one, 'category')}：${inLanguage(place, 'detail')}`));
      fill(periods, told.length > 0 && notice('warn', told.map((one) => el('div', {}, one))));
      return { rows: page.files, next: null };
    },
    moving: (one) => one.status === 'registered' || one.status === 'checking',
    draw: (rows) => table({ label: text('records'), rows, none: text('none'), columns: columns() }),
    trouble: (error) => fill(trouble, error && notice('bad', explain(error))),
  });

  const name = el('span', { class: 'hint' }, text('no_file'));
  const input = el('input', { type: 'file', accept: '.zip', hidden: true, id: 'icd-file', onchange: () => { chosen = input.files[0] ?? null; name.textContent = chosen?.name ?? text('no_file'); form.errors([]); } });
  const day = (key, more) => form.field({ name: key, label: text(key), required: true, type: 'date', max: '2099-12-31', ...more });
  let going;
  const form = new Form({
    label: text('upload'),
    async submit({ category, first_day, last_day }) {
      const values = { category, first_day, last_day };
      going = transfers({
        refuse: (file) => (file.size > LIMIT ? text('too_large') : null),
        announce: (file, sha256) => api.post('/icd-files', { ...values, file_name: file.name, size: file.size, sha256 }),
        done: () => { files.refresh(); return text('sent'); },
      });
      sending.prepend(going.node);
      going.start(chosen);
      chosen = null;
      input.value = '';
      name.textContent = text('no_file');
    },
  });
  const sending = el('div', { class: 'stack' });
  form.build(el('div', { class: 'fields' },
    form.field({ name: 'category', label: text('category'), required: true, control: choice(CATEGORIES.map((one) => [one, text(one)])) }),
    day('first_day'),
    day('last_day', { check: (value) => (form.input('first_day').value && value < form.input('first_day').value ? text('order') : null) }),
    form.field({
      name: 'file_name', label: text('choose_file'), required: true, wide: true, hint: text('file_hint'),
      control: el('div', { class: 'row' }, input, button(text('choose'), () => input.click(), { class: 'plain' }), name),
      read: () => chosen?.name ?? '',
      check: (value) => (/\.zip$/i.test(value) ? null : text('wrong_type')),
    })));
  show(head(route), el('div', { class: 'stack' },
    el('section', { class: 'card stack' }, form.node, sending),
    el('div', { class: 'row end' }, el('h2', {}, text('records')), refreshButton(() => files.refresh())),
    trouble, periods, files.node));
  await files.refresh();

  function columns() {
    return [
      { label: text('file_name'), kind: 'name', cell: (one) => one.file_name },
      { label: text('errors'), kind: 'text', cell: errors },
      { label: text('kind'), kind: 'nowrap', cell: (one) => inLanguage(one, 'category') },
      { label: text('period'), kind: 'nowrap', cell: (one) => text('to', { from: one.first_day, until: one.last_day }) },
      { label: text('status'), kind: 'nowrap', cell: (one) => [tag(TONE[one.status] ?? '', inLanguage(one, 'status')), one.codes > 0 && el('div', { class: 'hint' }, text('codes', { n: one.codes }))] },
      { label: text('actions'), cell: (one) => working(text('delete'), () => remove(one), { class: 'danger small', 'aria-label': `${text('delete')} ${one.file_name}` }) },
    ];
  }

  /** The first of what is wrong; the rest is one click away. */
  function errors(one) {
    const [first] = one.errors;
    if (!first) return one.status === 'in_use' ? text('all_right') : '';
    return [
      el('div', {}, first.row && text('row', { row: first.row }), inLanguage(first, 'title')),
      el('div', { class: 'hint' }, inLanguage(first, 'found')),
      el('div', { class: 'hint' }, inLanguage(first, 'mend')),
      one.errors_total > 1 && button(text('more', { n: one.errors_total }), () => icdProblems(one), { class: 'link' }),
    ];
  }

  async function remove(one) {
    if (!await confirm({ title: text('delete_title'), message: text('delete_text', { name: one.file_name }), yes: text('delete'), danger: true })) return;
    try {
      const answer = await api.remove(`/icd-files/${encodeURIComponent(one.id)}`);
      await files.refresh();
      fill(trouble, notice('info', inLanguage(answer, 'detail')));
    } catch (error) {
      fill(trouble, notice('bad', explain(error)));
    }
  }
}
