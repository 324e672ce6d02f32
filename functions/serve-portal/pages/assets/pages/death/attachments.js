import { api, explain } from '../../core/api.js';
import { button, el, fill, notice, repeat, tag } from '../../core/dom.js';
import { confirm } from '../../core/dialog.js';
import { choice, working } from '../../core/form.js';
import { refreshButton } from '../../core/frame.js';
import { bytes, inLanguage, moment, words } from '../../core/i18n.js';
import { table } from '../../core/table.js';
import { dropArea, transfers } from '../../core/upload.js';

const text = words({
  title: ['管理上传附件', 'Files of the case'],
  path: ['路径：', 'Path: '],
  root: ['根目录', 'Root'],
  folder: ['文件夹', 'Folder'],
  files: ['{n} 个文件', '{n} files'],
  needed: ['必须上传', 'Needed'],
  upload: ['上传文件', 'Upload files'],
  of: ['姓名：{name}　记录编号：{number}', 'Name: {name}, no. {number}'],
  where: ['文件上传位置', 'Into the folder'],
  browse: ['浏览', 'Browse'],
  hint_1: ['请将各类检查结果上传至相应文件夹中，大小控制在15M以内。', 'Put each document into its folder; at most 15 MB a file.'],
  hint_2: ['请上传类型 .jpg, .pdf 的文件。', 'Files of type .jpg and .pdf.'],
  drop: ['点击“浏览”，或将文件拖到这里，可一次选择多个。', 'Browse, or drop files here, several at once.'],
  wrong_type: ['请上传类型 .jpg, .pdf 的文件。', 'Please upload files of type .jpg or .pdf.'],
  too_large: ['文件超过 15M，请降低扫描分辨率后重新上传。', 'The file is over 15 MB; please scan with a lower resolution.'],
  empty_file: ['文件是空的，请重新选择。', 'The file is empty; please choose another.'],
  tick: ['勾选', 'Tick'],
  file_name: ['文件名', 'File'],
  size: ['大小', 'Size'],
  state: ['状态', 'State'],
  expected: ['等待文件', 'Awaited'], checking: ['检查中', 'Being checked'], passed: ['已通过检查', 'Checked'], refused: ['未通过', 'Refused'],
  uploaded_at: ['上传时间', 'Uploaded at'],
  uploaded_by: ['上传人', 'By'],
  none: ['此文件夹中还没有文件。', 'No files in this folder yet.'],
  download: ['下载', 'Download'],
  tick_first: ['请先勾选文件。', 'Please tick files first.'],
  only_passed: ['只能下载已通过检查的文件。', 'Only files that were checked can be downloaded.'],
  delete_title: ['删除勾选的 {n} 个文件？', 'Delete the {n} ticked files?'],
  delete_text: ['删除文件后，请及时重新上传相应文件，确保流感相关死亡病例记录所有病历附件已全部上传。', 'After deleting, upload the files again soon, so that the record of the case is whole.'],
  deleted: ['已删除的文件（{n}）', 'Deleted files ({n})'],
  deleted_at: ['删除时间', 'Deleted at'],
  deleted_by: ['删除人', 'By'],
});

const LARGEST = 15 * 1024 * 1024;

/** 上传/管理资料: folders, files in them, upload, download of one or several, deletion. */
export function attachments({ at, first, signal, changed }) {
  const trouble = el('div');
  const holder = el('div', { class: 'stack' });
  const where = el('span');
  let answer = { folders: [], attachments: [], deleted: [] };
  let folder = null;
  let ticked = new Set();
  let watching = false;
  let loaded = false;
  let passed = first.attachments;

  const sending = transfers({
    refuse: (file) => (!/\.(jpe?g|pdf)$/i.test(file.name) ? text('wrong_type') : file.size > LARGEST ? text('too_large') : file.size === 0 ? text('empty_file') : null),
    announce: async (file, sha256) => {
      // Files may be chosen before the folders have come.
      if (!folder) await read();
      return api.post(`${at}/attachments`, { folder: folder.code, file_name: file.name, size: file.size, sha256 });
    },
    done: async () => { await load(); return null; },
  });
  const drop = dropArea({ accept: '.jpg,.jpeg,.pdf', multiple: true, label: text('browse'), hint: text('drop'), attributes: { id: 'attachment' }, take: (files) => files.forEach((file) => sending.start(file)) });

  async function read() {
    answer = await api.get(`${at}/attachments`, signal);
    folder = answer.folders.find((one) => one.code === folder?.code) ?? answer.folders[0];
    ticked = new Set([...ticked].filter((id) => answer.attachments.some((one) => one.id === id)));
    draw();
  }

  async function load() {
    try {
      await read();
      const now = answer.attachments.filter((one) => one.state === 'passed').length;
      if (now !== passed) { passed = now; await changed(); }
      if (answer.attachments.some(moving)) watch();
    } catch (error) {
      if (error.name !== 'AbortError') fill(trouble, notice('bad', explain(error)));
    }
  }

  const moving = (one) => one.state === 'expected' || one.state === 'checking';

  async function watch() {
    if (watching) return;
    watching = true;
    await new Promise((resolve) => { setTimeout(resolve, 800); });
    await repeat(signal, 1000, async () => { await load(); return answer.attachments.some(moving); });
    watching = false;
  }

  function draw() {
    const own = answer.attachments.filter((one) => one.folder === folder.code);
    fill(where, text('root'), ' / ', inLanguage(folder, 'name'));
    fill(folders, answer.folders.map((one) => el('li', {}, button([
      el('strong', {}, inLanguage(one, 'name')), el('span', { class: 'hint' }, text('files', { n: one.files }), one.needed && one.files === 0 && [' ', tag('warn', text('needed'))]),
    ], () => { folder = one; ticked.clear(); draw(); }, { class: 'folder', 'aria-pressed': String(one.code === folder.code) }))));
    select.replaceChildren(...answer.folders.map((one) => el('option', { value: one.code }, inLanguage(one, 'name'))));
    select.value = folder.code;
    fill(holder,
      table({
        label: inLanguage(folder, 'name'), rows: own, none: text('none'),
        columns: [
          { label: text('tick'), cell: (one) => el('input', { type: 'checkbox', checked: ticked.has(one.id), 'aria-label': `${text('tick')} ${one.file_name}`, onchange: (event) => { if (event.target.checked) ticked.add(one.id); else ticked.delete(one.id); } }) },
          { label: text('file_name'), kind: 'name', cell: (one) => [one.file_name, one.reason && el('div', { class: 'hint' }, inLanguage(one.reason, 'detail'))] },
          { label: text('size'), kind: 'number', cell: (one) => bytes(one.size) },
          { label: text('state'), kind: 'nowrap', cell: (one) => tag({ passed: 'good', refused: 'bad', checking: 'busy' }[one.state] ?? '', text(one.state)) },
          { label: text('uploaded_at'), kind: 'nowrap', cell: (one) => moment(one.uploaded_at, 'short') },
          { label: text('uploaded_by'), cell: (one) => one.uploaded_by },
        ],
      }),
      answer.deleted.length > 0 && el('details', {}, el('summary', {}, text('deleted', { n: answer.deleted.length })), table({
        label: text('deleted', { n: answer.deleted.length }), rows: answer.deleted, none: '',
        columns: [
          { label: text('file_name'), kind: 'name', cell: (one) => one.file_name },
          { label: text('size'), kind: 'number', cell: (one) => bytes(one.size) },
          { label: text('deleted_at'), kind: 'nowrap', cell: (one) => moment(one.deleted_at, 'short') },
          { label: text('deleted_by'), cell: (one) => one.deleted_by },
        ],
      })));
  }

  const chosen = () => answer.attachments.filter((one) => ticked.has(one.id));
  const attempt = async (work) => { try { fill(trouble); await work(); } catch (error) { fill(trouble, notice('bad', explain(error))); } };

  const download = () => attempt(async () => {
    const files = chosen();
    if (files.length === 0) { fill(trouble, notice('warn', text('tick_first'))); return; }
    if (files.some((one) => one.state !== 'passed')) { fill(trouble, notice('warn', text('only_passed'))); return; }
    const { url } = files.length === 1 ? await api.get(`${at}/attachments/${files[0].id}/url`) : await api.post(`${at}/attachments/archive`, { ids: files.map((one) => one.id) });
    el('a', { href: url, rel: 'noopener', download: '' }).click();
  });

  const remove = () => attempt(async () => {
    const files = chosen();
    if (files.length === 0) { fill(trouble, notice('warn', text('tick_first'))); return; }
    if (!await confirm({ title: text('delete_title', { n: files.length }), message: text('delete_text'), yes: text('delete'), danger: true })) return;
    for (const one of files) await api.remove(`${at}/attachments/${one.id}`);
    ticked.clear();
    await load();
    fill(trouble, notice('info', text('delete_text')));
  });

  const folders = el('ul', { class: 'folders' });
  const select = choice([], { blank: null, id: 'attachment-folder', onchange: () => { folder = answer.folders.find((one) => one.code === select.value); ticked.clear(); draw(); } });
  const node = el('div', { class: 'stack' },
    el('section', { class: 'card stack' }, el('div', { class: 'row end' }, el('h2', {}, text('upload')), el('span', { class: 'hint' }, text('of', { name: first.name, number: String(first.number) }))),
      el('div', { class: 'row' }, el('label', { for: 'attachment-folder' }, text('where')), select),
      drop, el('ul', { class: 'plainlist hint' }, el('li', {}, text('hint_1')), el('li', {}, text('hint_2'))), sending.node),
    el('section', { class: 'card stack' },
      el('div', { class: 'row end' }, el('h2', {}, text('title')), el('div', { class: 'row' }, working(text('download'), download, { class: 'small' }), working(text('delete'), remove, { class: 'danger small' }), refreshButton(load))),
      el('p', {}, text('path'), where), folders, trouble, holder));
  return { node, shown() { if (!loaded) { loaded = true; load(); } } };
}
