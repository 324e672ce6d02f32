import { applying, explain } from '../../core/api.js';
import { button, el, fill, notice, repeat, tag } from '../../core/dom.js';
import { confirm } from '../../core/dialog.js';
import { working } from '../../core/form.js';
import { bytes, inLanguage, words } from '../../core/i18n.js';
import { transfers } from '../../core/upload.js';
import { scanNames } from './fields.js';

const text = words({
  first: ['1. 资料下载并打印盖章', '1. Download, print, stamp'],
  first_text: ['下载下列文件，与《医疗机构执业许可证》一起打印，加盖医疗机构公章后扫描保存到本地电脑。若文件内容有误，请点击“修改”返回“填写资料”页面。', 'Download both files; print them and the practising licence, stamp them with the institution’s seal and scan them. If something in them is wrong, choose “Edit”.'],
  version: ['当前表格版本号：{code}（盖章文件上须为同一版本号）', 'Version of the forms: {code}; the stamped ones must show the same'],
  form: ['下载 PDF 文件：《医疗机构信息收集表.pdf》', 'Download PDF: information form'],
  consent: ['下载 PDF 文件：《系统使用须知及同意书.pdf》', 'Download PDF: consent'],
  edit: ['修改', 'Edit'],
  second: ['2. 上传盖章文件', '2. Upload the stamped documents'],
  second_text: ['每份上传文件大小不能超过 5M，支持 jpg、png、pdf 格式。若文件大小超过 5M，请压缩图片后再上传。上传文件如需修改，可删除后重传。', 'jpg, png or pdf, at most 5 MB each. A file can be deleted and uploaded again.'],
  choose_file: ['上传文件', 'Upload'],
  missing: ['未上传', 'Missing'],
  awaited: ['等待检查', 'Being checked'],
  passed: ['已通过文件检查', 'Checked'],
  refused: ['未通过', 'Refused'],
  view: ['查看', 'Look'],
  delete_title: ['删除该文件？', 'Delete this file?'],
  delete_text: ['删除后请重新上传盖章扫描件，否则不能提交审核。', 'Without the stamped scan the application cannot be submitted.'],
  third: ['3. 提交审核', '3. Submit'],
  submit: ['下一步：提交审核', 'Next: submit'],
  not_yet: ['请先上传全部 3 份盖章扫描件，还差：{missing}。', 'Please upload all three scans first; missing: {missing}.'],
  ready: ['3 份文件均已上传，可以提交审核。', 'All three documents are there; you can submit.'],
  wrong_type: ['请上传 jpg、png 或 pdf 格式的文件。', 'Please choose a jpg, png or pdf file.'],
  too_large: ['文件超过 5M，请压缩后再上传。', 'The file is over 5 MB; please make it smaller.'],
  empty_file: ['文件是空的，请重新选择。', 'The file is empty; please choose another.'],
});

const LARGEST = 5 * 1024 * 1024;

/** 上传文件. */
export function draw({ holder, application, signal, step, next }) {
  const trouble = el('div');
  const slots = el('div', { class: 'stack', id: 'scans' });
  const bottom = el('section', { class: 'card' });
  const lines = new Map();
  let watching = false;

  /** The application changes with each document: two changes at once would refuse one of them, and so may the look at a third. */
  let last = Promise.resolve();
  function oneByOne(change) {
    const tries = async (left) => {
      try { return await change(); } catch (error) {
        if (error.code !== 'application_changed' || left === 0) throw error;
        return tries(left - 1);
      }
    };
    const mine = last.then(() => tries(3));
    last = mine.catch(() => {});
    return mine;
  }

  const attempt = async (work) => {
    try { await work(); fill(trouble); } catch (error) { fill(trouble, notice('bad', explain(error))); trouble.scrollIntoView({ block: 'nearest' }); }
  };
  const pdf = (label, path) => working(`↓ ${label}`, () => attempt(() => applying.download(`/applications/documents/${path}`)), { class: 'plain' });
  const edit = button(text('edit'), () => step('profile', application), { class: 'plain' });

  holder.append(
    el('section', { class: 'card' }, el('h2', {}, text('first')), el('p', {}, text('first_text')),
      el('div', { class: 'row' }, pdf(text('form'), 'information-form.pdf'), pdf(text('consent'), 'consent.pdf'), edit),
      el('p', { class: 'hint' }, text('version', { code: application.form_code }))),
    el('section', { class: 'card' }, el('h2', {}, text('second')), el('p', {}, text('second_text')), trouble, slots),
    bottom);
  for (const scan of application.scans) slots.append(line(scan.slot));
  update(application);

  /** One of the three documents: where it stands, and what can be done with it. */
  function line(slot) {
    const state = el('span');
    const note = el('div');
    const actions = el('span', { class: 'row' });
    const going = transfers({
      refuse: (file) => (!/\.(jpe?g|png|pdf)$/i.test(file.name) ? text('wrong_type') : file.size > LARGEST ? text('too_large') : file.size === 0 ? text('empty_file') : null),
      announce: (file, sha256) => oneByOne(async () => {
        const ticket = await applying.post(`/applications/scans/${slot}`, { file_name: file.name, size: file.size, sha256 });
        update(ticket.application);
        return ticket;
      }),
      done: () => { watch(); return null; },
    });
    const input = el('input', { type: 'file', accept: '.jpg,.jpeg,.png,.pdf', hidden: true, 'aria-label': scanNames(slot), 'data-slot': slot, onchange: () => { if (input.files[0]) going.start(input.files[0]); input.value = ''; } });
    const choose = button(text('choose_file'), () => input.click(), { class: 'small' });
    lines.set(slot, { state, note, actions, choose });
    return el('div', { class: 'card', 'data-scan': slot }, el('div', { class: 'row end' }, el('span', {}, el('strong', {}, scanNames(slot)), ' ', state), el('span', { class: 'row' }, actions, choose)), note, input, going.node);
  }

  function update(now) {
    application = now;
    for (const scan of now.scans) {
      const { state, note, actions, choose } = lines.get(scan.slot);
      const tone = { missing: '', awaited: 'busy', passed: 'good', refused: 'bad' }[scan.state];
      fill(state, tag(tone, text(scan.state)));
      fill(note, scan.file_name && el('span', { class: 'hint' }, `${scan.file_name}（${bytes(scan.size)}）`), scan.state === 'refused' && notice('bad', inLanguage(scan, 'detail')));
      choose.hidden = scan.state === 'passed' || scan.state === 'awaited';
      fill(actions,
        scan.state === 'passed' && working(text('view'), () => attempt(async () => open((await applying.get(`/applications/scans/${scan.slot}`)).url, '_blank', 'noopener')), { class: 'plain small' }),
        scan.state !== 'missing' && working(text('delete'), () => remove(scan.slot), { class: 'danger small', 'aria-label': `${text('delete')} ${scanNames(scan.slot)}` }));
    }
    const missing = now.scans.filter((scan) => scan.state !== 'passed');
    const names = missing.map((scan) => scanNames(scan.slot)).join('、');
    fill(bottom, el('h2', {}, text('third')),
      el('p', { role: 'status' }, missing.length ? text('not_yet', { missing: names }) : text('ready')),
      el('div', { class: 'row' }, working(text('submit'), submit, { disabled: missing.length > 0, id: 'submit-application' })));
    if (now.scans.some((scan) => scan.state === 'awaited')) watch();
  }

  async function remove(slot) {
    if (!await confirm({ title: text('delete_title'), message: text('delete_text'), yes: text('delete'), danger: true })) return;
    await attempt(() => oneByOne(async () => update(await applying.remove(`/applications/scans/${slot}`))));
  }

  function submit() {
    return attempt(async () => {
      await applying.post('/applications/submit', { version: application.version });
      await next('status');
    });
  }

  /** Looks until every document has been looked at. */
  async function watch() {
    if (watching) return;
    watching = true;
    await repeat(signal, 1000, async () => {
      const now = await applying.get('/applications', signal).catch(() => null);
      if (signal.aborted || !holder.isConnected) return false;
      if (now?.stage === 'editing') {
        watching = now.scans.some((scan) => scan.state === 'awaited');
        update(now);
      }
      return watching;
    });
    watching = false;
  }
}
