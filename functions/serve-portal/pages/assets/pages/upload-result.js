import { api, explain } from '../core/api.js';
import { button, el, fill, notice, repeat, tag } from '../core/dom.js';
import { working } from '../core/form.js';
import { head, refreshButton } from '../core/frame.js';
import { bytes, either, inLanguage, language, moment, words } from '../core/i18n.js';
import { dropArea } from '../core/upload.js';
import { fillers } from './upload/fillers.js';
import { findingsTable } from './upload/findings.js';
import { ACCEPTED, dataTransfers } from './upload/send.js';
import { moving, statusTag } from './upload/status.js';
import { withdraw, withdrawLabel } from './upload/withdraw.js';

const text = words({
  dry_run: ['仅校验', 'Check only'],
  withdrawn: ['本次上传已于 {at} 撤回，其中的记录不再有效。原因：{reason}', 'This upload was withdrawn at {at}; its records no longer count. Reason: {reason}'],
  withdrawn_records: ['其中 {n} 条记录已单独撤回。', '{n} of its records were withdrawn one by one.'],
  checking: ['正在校验：已校验 {n} 行', 'Checking: {n} rows so far'],
  queued: ['文件已登记，等待文件到达后开始校验。', 'Registered; the check begins when the file has arrived.'],
  settling: ['校验完成，正在与历史数据比对…', 'Checked; comparing with earlier uploads…'],
  total: ['数据包记录总数', 'Records'],
  passed: ['接口达标数', 'Passed'],
  new: ['新增', 'New'], updated: ['更新', 'Updated'], unchanged: ['未变化', 'Unchanged'], failed: ['不达标', 'Failed'],
  all_passed: ['全部 {total} 条记录达标', 'All {total} records passed'],
  some_passed: ['共 {total} 条记录，{passed} 条达标，{failed} 条需要修改后重新上传', '{total} records: {passed} passed, {failed} must be mended and sent again'],
  none_passed: ['共 {total} 条记录，均未达标', '{total} records, none passed'],
  became: ['（新增 {new}，更新 {updated}，未变化 {unchanged}）。', ' ({new} new, {updated} updated, {unchanged} unchanged).'],
  judged_only: ['。本次仅校验，没有提交数据。', '. They were only checked; nothing was submitted.'],
  unreadable: ['文件无法读取，未接收任何数据。', 'The file could not be read; nothing was accepted.'],
  causes: ['{findings} 处问题，归纳为 {causes} 个原因', '{findings} findings, {causes} causes'],
  error: ['错误', 'Error'], warning: ['提示', 'Hint'],
  times: ['{n} 处', '{n} times'],
  values: ['值：', 'Values: '],
  mend: ['处理办法：', 'How to mend: '],
  rows: ['所在行：', 'Rows: '],
  read_as: ['读取说明', 'How the files were read'],
  detail: ['错误明细', 'Findings in detail'],
  next: ['下一步', 'What to do next'],
  next_wait: ['校验在后台进行，本页自动更新；也可以离开，稍后在列表中查看。', 'The check goes on by itself and this page follows it; you may also leave and look later.'],
  next_done: ['无需处理。', 'Nothing is left to do.'],
  next_withdrawn: ['本次上传已撤回，其中的记录不计入上报。如需恢复或改正，请重新上传。', 'This upload was withdrawn and its records do not count. To restore or mend them, upload them again.'],
  next_hints: ['数据已接收。请查看下面的提示，确认是否需要修改后重新上传。', 'The data were accepted. Please look at the hints below and decide whether something should be mended.'],
  next_submit: ['校验通过后，请不勾选“仅校验”重新上传，正式提交数据。', 'To submit the data, upload the file again without “check only”.'],
  next_1: ['下载错误修订表：表中是本院未达标的记录，有问题的单元格已标出原因和处理办法。', 'Download the correction sheet: your own records that failed, each wrong cell marked with the reason.'],
  next_2: ['按“处理办法”修改后保存。', 'Mend the cells and save.'],
  next_3: ['将修改后的文件拖到这里或点击“选择”重新上传；已达标的记录无需再传。', 'Drop the mended file here, or choose it; records that passed need not be sent again.'],
  next_file: ['按下面的处理办法修改文件，然后重新上传。', 'Mend the file as shown below and upload it again.'],
  next_again: ['请重新上传该文件。', 'Please upload the file again.'],
  xlsx: ['下载错误修订表（Excel）', 'Correction sheet (Excel)'],
  csv: ['下载错误修订表（CSV）', 'Correction sheet (CSV)'],
  list: ['下载错误明细', 'List of findings'],
  receipt: ['下载上传凭证', 'Download the receipt'],
  receipt_hint: ['凭证由本系统签名，写明收到的文件和校验结果，可用 operate verify 离线核验。', 'Signed by this service: which file arrived and what came of it. `operate verify` checks it without a network.'],
  to_list: ['返回上传记录', 'Back to the uploads'],
  upload_more: ['继续上传其他文件', 'Upload other files'],
  file_of: ['{name}，{size}，{at} 上传', '{name}, {size}, uploaded at {at}'],
  by_standard: ['，接口标准 {standard}', ', standard {standard}'],
  as_before: ['，与上传前本机检查的结果一致', ', as found on your computer before the upload'],
  not_as_before: ['上传前在本机检查的结果与服务器不一致，请以本页结果为准。请刷新页面后再检查；若仍不一致，请联系技术支持。', 'The check on your computer before the upload found something else; the result on this page counts. Reload the page before you check again, and tell support if they still differ.'],
  expired: ['登记后没有收到文件。', 'The file never came.'],
  drop_mended: ['错误修订表（xlsx、csv）或 zip 文件', 'Correction sheet (xlsx, csv) or ZIP'],
});

/** The result of one upload: the sentence first, then what to do, then the causes, then every finding. */
export async function open({ route, account, params, show, signal, redraw }) {
  const at = `/uploads/${encodeURIComponent(params.id)}`;
  let drawn = '';
  const holder = el('div', { class: 'stack' });
  const following = el('div', { class: 'stack', role: 'status' });

  await repeat(signal, 1000, async () => {
    const upload = await api.get(at, signal);
    if (signal.aborted) return false;
    const on = moving(upload);
    // Drawn again only when it is something else than before; a bar that moves is not the whole page.
    const shape = `${upload.status}${Boolean(upload.dispositions)}${Boolean(upload.withdrawal)}`;
    if (shape !== drawn) {
      show(head(route, { title: upload.file_name, beside: [statusTag(upload), upload.dry_run && tag('', text('dry_run'))], actions: [takeBack(upload), refreshButton(redraw)] }), holder);
      fill(holder, following, result(upload));
      drawn = shape;
    }
    fill(following, progress(upload));
    return on;
  });

  /** 撤回: offered for what counts. */
  function takeBack(upload) {
    if (upload.status !== 'done' || upload.dry_run || upload.withdrawal || !upload.passed || moving(upload)) return null;
    return button(withdrawLabel(), async () => { if (await withdraw({ id: upload.id })) redraw(); }, { class: 'plain small', id: 'withdraw' });
  }

  function takenBack(upload) {
    if (upload.withdrawal) return notice('warn', text('withdrawn', { at: moment(upload.withdrawal.at), reason: upload.withdrawal.reason }));
    return upload.withdrawn_records > 0 && notice('info', text('withdrawn_records', { n: upload.withdrawn_records }));
  }

  function progress(upload) {
    if (upload.status === 'registered') return notice('info', text('queued'));
    if (upload.status === 'checking') {
      const { records = 0, bytes: read = 0, bytes_total: all = 0 } = upload.progress ?? {};
      return [el('p', {}, text('checking', { n: records })), el('progress', { max: all || 1, value: read, 'aria-label': text('checking', { n: records }) })];
    }
    return moving(upload) ? notice('info', text('settling')) : null;
  }

  function result(upload) {
    const about = el('p', { class: 'hint' }, text('file_of', { name: upload.file_name, size: bytes(upload.size), at: moment(upload.registered_at) }), upload.standard && text('by_standard', { standard: upload.standard }), upload.found_before === 'same' && text('as_before'));
    if (upload.reason) return [notice('bad', inLanguage(upload.reason, 'detail')), todo(text('next_again'), true), receipt(), about];
    if (upload.status === 'expired') return [notice('warn', text('expired')), todo(text('next_again'), true), about];
    if (upload.total === undefined || upload.total === null) return [todo(text('next_wait')), about];
    const found = upload.errors + upload.warnings;
    return [
      takenBack(upload), upload.found_before === 'differs' && notice('warn', text('not_as_before')),
      sentence(upload), figures(upload), next(upload),
      upload.causes.length > 0 && causes(upload),
      notes(upload),
      found > 0 && el('section', { class: 'stack' }, el('h2', {}, text('detail')), findingsTable({ at, upload, signal })),
      fillers({ at, signal }),
      receipt(),
      about,
    ];
  }

  function sentence(upload) {
    const values = { total: upload.total, passed: upload.passed, failed: upload.total - upload.passed };
    if (upload.unreadable && upload.total === 0) return notice('bad', el('strong', {}, text('unreadable')));
    const which = values.failed === 0 ? 'all_passed' : values.passed ? 'some_passed' : 'none_passed';
    const became = upload.dry_run ? text('judged_only') : upload.dispositions ? text('became', upload.dispositions) : either('。', '.');
    // What was taken back is told as it was, without praise.
    const tone = upload.withdrawal ? 'info' : { all_passed: 'good', some_passed: 'warn', none_passed: 'bad' }[which];
    return notice(tone, el('strong', {}, text(which, values)), became);
  }

  function figures(upload) {
    const entries = [['total', upload.total], ['passed', upload.passed]];
    if (upload.dispositions) for (const key of ['new', 'updated', 'unchanged', 'failed']) entries.push([key, upload.dispositions[key] ?? 0]);
    return el('ul', { class: 'figures' }, entries.map(([key, value]) => el('li', { 'data-figure': key }, el('b', {}, value.toLocaleString()), el('span', {}, text(key)))));
  }

  /** 下一步: always on screen. */
  function next(upload) {
    if (upload.withdrawal) return todo(text('next_withdrawn'), true);
    const lost = upload.total - upload.passed;
    if (lost === 0 && !upload.unreadable && upload.errors === 0) return todo(text(upload.dry_run ? 'next_submit' : upload.warnings ? 'next_hints' : 'next_done'));
    if (upload.total === 0) return todo(text('next_file'), true);
    return el('section', { class: 'card next stack' }, el('h2', {}, text('next')),
      el('ol', {}, el('li', {}, text('next_1'), downloads()), el('li', {}, text('next_2')), el('li', {}, text('next_3'))), again());
  }

  function todo(sentence, upload = false) {
    return el('section', { class: 'card next stack' }, el('h2', {}, text('next')), el('p', {}, sentence), upload && again(), !upload && el('p', {}, el('a', { href: '/uploads' }, text('upload_more'))));
  }

  function again() {
    const going = dataTransfers({ account, dryRun: () => false, sent: () => {} });
    return el('div', { class: 'stack' }, dropArea({ accept: ACCEPTED, multiple: true, label: text('choose'), hint: text('drop_mended'), attributes: { id: 'mended' }, take: (files) => files.forEach((file) => going.start(file)) }), going.node);
  }

  function downloads() {
    const trouble = el('div');
    const get = (key, path, plain = true) => working(`↓ ${text(key)}`, async () => {
      try { await api.download(`${at}/${path}?lang=${language()}`); fill(trouble); } catch (error) { fill(trouble, notice('bad', explain(error))); }
    }, { class: plain ? 'plain small' : 'small' });
    return [el('div', { class: 'row' }, get('xlsx', 'report.xlsx', false), get('csv', 'report.csv'), get('list', 'findings.csv')), trouble];
  }

  /** 上传凭证: what was received and what came of it, signed. */
  function receipt() {
    const trouble = el('div');
    const get = working(`↓ ${text('receipt')}`, async () => {
      try { await api.download(`${at}/receipt`); fill(trouble); } catch (error) { fill(trouble, notice('bad', explain(error))); }
    }, { class: 'plain small' });
    return el('div', { class: 'row' }, get, el('span', { class: 'hint' }, text('receipt_hint')), trouble);
  }

  function causes(upload) {
    return el('section', { class: 'stack' },
      el('h2', {}, text('causes', { findings: upload.errors + upload.warnings, causes: upload.causes.length })),
      el('ol', { class: 'causes' }, upload.causes.map((cause) => el('li', { class: cause.severity },
        el('p', {}, tag(cause.severity, text(cause.severity)), ' ', el('strong', {}, inLanguage(cause, 'message')), ' ', el('span', { class: 'hint' }, text('times', { n: cause.findings }))),
        cause.values.length > 0 && el('p', {}, text('values'), cause.values.map((value) => [el('code', {}, value || text('blank')), ' '])),
        el('p', {}, text('mend'), inLanguage(cause, 'mend')),
        cause.rows.length > 0 && el('p', { class: 'hint' }, text('rows'), cause.rows.join('、'), cause.findings > cause.rows.length && ' …')))));
  }

  function notes(upload) {
    const all = upload.files.flatMap((file) => file.notes.map((note) => `${file.name}：${note[language()]}`));
    return all.length > 0 && el('section', {}, el('h2', {}, text('read_as')), el('ul', { class: 'plainlist' }, all.map((note) => el('li', {}, note))));
  }
}
