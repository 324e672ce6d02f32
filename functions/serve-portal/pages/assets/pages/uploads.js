import { api, explain } from '../core/api.js';
import { el, fill, notice, tag } from '../core/dom.js';
import { head, refreshButton } from '../core/frame.js';
import { moment, words } from '../core/i18n.js';
import { list, table } from '../core/table.js';
import { dropArea } from '../core/upload.js';
import { localCheck } from '../local-check/panel.js';
import { ACCEPTED, dataTransfers } from './upload/send.js';
import { moving, statusTag } from './upload/status.js';
import { zeroCases } from './upload/zero-cases.js';

const text = words({
  choose_file: ['选择数据文件', 'Choose data files'],
  drop_here: ['点击“选择”，或将文件拖到这里，可一次选择多个。上传文件须为包含 csv 格式的 zip 文件，大小不能超过 20M；下载的错误修订表修改后可直接上传。', 'Choose, or drop files here, several at once. A ZIP of CSV files, at most 20 MB; a mended correction sheet can be uploaded as it is.'],
  naming: ['数据文件命名规则', 'How data files are named'],
  check_only: ['仅校验，不提交数据', 'Check only, submit nothing'],
  records: ['对接数据文件上传记录', 'Uploads'],
  file_name: ['文件名', 'File'],
  kind: ['类别', 'Kind'],
  uploaded_at: ['上传时间', 'Uploaded at'],
  status: ['状态', 'Status'],
  total: ['数据包记录总数', 'Records'],
  passed: ['接口达标数', 'Passed'],
  findings: ['错误信息', 'Findings'],
  open_findings: ['点击此处查看上传错误信息', 'Open the findings'],
  open_hints: ['无错误，查看提示', 'No errors; see the hints'],
  no_findings: ['无错误', 'None'],
  none: ['还没有上传记录。请在上方选择数据文件上传，处理结果会显示在这里。', 'Nothing uploaded yet. Choose data files above; the results appear here.'],
  dry_run: ['仅校验', 'Check only'],
  withdrawn: ['已撤回', 'Withdrawn'],
  flu: ['门急诊和在院（住院未出院）流感病例', 'outpatients and inpatients'],
  hqms: ['出院流感病例', 'discharged cases'],
  hda: ['出院小结', 'discharge summaries'],
  hdr: ['死亡记录', 'death records'],
  pdr: ['用药记录', 'medication'],
  lis: ['检验记录', 'laboratory results'],
});

export const KINDS = ['flu', 'hqms', 'hda', 'hdr', 'pdr', 'lis'];

/** 上传对接数据: choose files, and the list of what was sent (manual 3.6.2). */
export async function open({ route, account, show, signal }) {
  const dryRun = el('input', { type: 'checkbox', id: 'dry-run' });
  const trouble = el('div');
  const uploads = list({
    signal,
    async fetch(cursor) {
      const page = await api.get(`/uploads?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, signal);
      return { rows: page.uploads, next: page.next };
    },
    moving,
    draw: (rows) => table({ label: text('records'), rows, none: text('none'), columns: columns() }),
    trouble: (error) => fill(trouble, error && notice('bad', explain(error))),
  });
  const sent = () => uploads.refresh();
  const going = dataTransfers({ account, dryRun: () => dryRun.checked, sent });
  const judging = dataTransfers({ account, dryRun: () => true, sent });
  show(
    head(route),
    el('div', { class: 'stack' },
      el('section', { class: 'card stack' }, el('h2', {}, text('choose_file')),
        dropArea({ accept: ACCEPTED, multiple: true, label: text('choose'), hint: text('drop_here'), attributes: { id: 'file' }, take: (files) => files.forEach((file) => going.start(file)) }),
        el('div', { class: 'row' }, dryRun, el('label', { for: 'dry-run' }, text('check_only'))),
        going.node, judging.node,
        localCheck({ signal, account, submit: (file) => going.start(file), judgeThere: (file) => judging.start(file) }),
        el('details', {}, el('summary', {}, text('naming')), el('ul', { class: 'plainlist' }, KINDS.map((kind) => el('li', {}, el('code', {}, `${kind}_*****.csv`), ` ${text(kind)}`))))),
      el('div', { class: 'row end' }, el('h2', {}, text('records')), refreshButton(() => uploads.refresh())),
      trouble, uploads.node, zeroCases({ signal })));
  await uploads.refresh();
}

function columns() {
  const at = (upload) => `/uploads/${encodeURIComponent(upload.id)}`;
  return [
    { label: text('file_name'), kind: 'name', cell: (upload) => [el('a', { href: at(upload) }, upload.file_name), upload.dry_run && [' ', tag('', text('dry_run'))], upload.withdrawal && [' ', tag('warn', text('withdrawn'))]] },
    { label: text('kind'), kind: 'name', cell: (upload) => (upload.kinds ?? []).map((kind, n) => [n > 0 && '、', KINDS.includes(kind) ? text(kind) : kind]) },
    { label: text('uploaded_at'), kind: 'nowrap', cell: (upload) => moment(upload.registered_at) },
    { label: text('status'), cell: statusTag },
    { label: text('total'), kind: 'number', cell: (upload) => upload.total ?? '' },
    { label: text('passed'), kind: 'number', cell: (upload) => upload.passed ?? '' },
    { label: text('findings'), cell: (upload) => findings(upload, at(upload)) },
  ];
}

/** The manual: where 接口达标数 and 数据包记录总数 differ, a link to the errors. */
function findings(upload, href) {
  if (upload.status === 'failed') return el('a', { href }, text('open_findings'));
  if (upload.total === undefined || upload.total === null) return '';
  if (upload.total !== upload.passed || upload.unreadable || upload.errors > 0) return el('a', { href }, text('open_findings'));
  return upload.warnings > 0 ? el('a', { href }, text('open_hints')) : text('no_findings');
}
