import { api, explain } from '../core/api.js';
import { el, fill, notice, tag } from '../core/dom.js';
import { head } from '../core/frame.js';
import { bytes, either, inLanguage, moment, words } from '../core/i18n.js';
import { table } from '../core/table.js';

const text = words({
  title: ['{hospital}：{at} 的上传', '{hospital}: upload of {at}'],
  total: ['数据包记录总数', 'Records'], passed: ['接口达标数', 'Passed'],
  new: ['新增', 'New'], updated: ['更新', 'Updated'], unchanged: ['未变化', 'Unchanged'], failed: ['不达标', 'Failed'],
  size: ['大小 {size}，接口标准 {standard}。此处不显示任何患者信息。', '{size}, standard {standard}. No value of a patient is shown here.'],
  files: ['文件', 'Files'], kind: ['类别', 'Kind'], unreadable: ['无法读取', 'Unreadable'], none_files: ['没有可读的文件。', 'There is no file that could be read.'],
  causes: ['问题', 'What is wrong'], rule: ['规则', 'Rule'], column: ['数据项', 'Column'], message: ['说明', 'Message'], findings: ['次数', 'Findings'], none_causes: ['没有问题。', 'Nothing is wrong.'],
  expired: ['错误信息已超过保存期限。', 'The findings are no longer kept.'],
  back: ['返回该医院', 'Back to the hospital'],
  dry_run: ['仅校验', 'Check only'],
});

/** What came of one upload: figures and causes, without any value of a record. */
export async function open({ route, params, show, signal }) {
  const hospital = `/overview/hospitals/${encodeURIComponent(params.id)}`;
  const body = el('div', { class: 'stack' });
  let upload;
  try {
    upload = await api.get(`${hospital}/uploads/${encodeURIComponent(params.upload)}`, signal);
  } catch (error) {
    if (signal.aborted) return;
    show(head(route), body);
    fill(body, notice('bad', explain(error)));
    return;
  }
  const entries = [['total', upload.total], ['passed', upload.passed], ...['new', 'updated', 'unchanged', 'failed'].map((key) => [key, upload.dispositions?.[key]])];
  const tone = { done: 'good', failed: 'bad', expired: 'warn' }[upload.status] ?? 'info';
  show(head(route, { title: text('title', { hospital: upload.hospital_name, at: moment(upload.registered_at) }), beside: [tag(tone, inLanguage(upload, 'status')), upload.dry_run && tag('', text('dry_run'))] }), body);
  fill(body,
    el('ul', { class: 'figures' }, entries.filter(([, value]) => value !== undefined && value !== null).map(([key, value]) => el('li', { 'data-figure': key }, el('b', {}, value.toLocaleString()), el('span', {}, text(key))))),
    el('p', { class: 'hint' }, text('size', { size: bytes(upload.size), standard: upload.standard ?? '–' })),
    upload.is_expired && notice('info', text('expired')),
    el('h2', {}, text('files')),
    table({ label: text('files'), rows: upload.files, none: text('none_files'), columns: [
      { label: text('kind'), kind: 'nowrap', cell: (one) => [one.kind ?? '–', one.unreadable && [' ', tag('bad', text('unreadable'))]] },
      { label: text('total'), kind: 'number', cell: (one) => one.total.toLocaleString() },
      { label: text('passed'), kind: 'number', cell: (one) => one.passed.toLocaleString() },
    ] }),
    el('h2', {}, text('causes')),
    table({ label: text('causes'), rows: upload.causes, none: text('none_causes'), columns: [
      { label: text('rule'), kind: 'nowrap', cell: (one) => el('code', {}, one.rule) },
      { label: text('column'), kind: 'name', cell: (one) => [one.kind && `${one.kind} `, one.column && [el('code', {}, one.column), ` ${either(one.column_zh, one.column_en)}`]] },
      { label: text('message'), kind: 'text', cell: (one) => inLanguage(one, 'message') },
      { label: text('findings'), kind: 'number', cell: (one) => one.findings.toLocaleString() },
    ] }),
    el('p', {}, el('a', { href: hospital }, text('back'))));
}
