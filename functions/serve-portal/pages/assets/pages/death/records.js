import { api, explain } from '../../core/api.js';
import { el, fill, notice, tag } from '../../core/dom.js';
import { inLanguage, moment, words } from '../../core/i18n.js';
import { table } from '../../core/table.js';

const text = words({
  about: ['数据文件中与本病例病案号相同、已达标的死亡记录和出院病例，最新的在最前。', 'Accepted death records and discharges with this case’s medical record number in data files, the newest first.'],
  label: ['已报送的记录', 'Reported records'],
  kind: ['类别', 'Kind'],
  file: ['数据文件', 'Data file'],
  row: ['行', 'Row'],
  admitted_on: ['入院日期', 'Admitted'],
  discharged_on: ['出院日期', 'Discharged'],
  received_at: ['收到时间', 'Received at'],
  current: ['当前', 'Current'],
  replaced: ['已被更新', 'Replaced'],
  state: ['状态', 'State'],
  none: ['还没有报送过该病案号的死亡记录或出院病例。', 'No death record or discharge with this number has been reported yet.'],
  none_hint: ['数据文件上传并达标后，会显示在这里；请核对病案号是否与数据文件一致。', 'They appear here once a data file with them was accepted; check that the number is the one in the file.'],
  upload: ['上传对接数据', 'Upload data'],
});

/** What data files told of the same patient; looked up when it is shown. */
export function records({ at, signal }) {
  const holder = el('div', { class: 'stack', id: 'records' });

  async function look() {
    if (!holder.firstChild) fill(holder, el('p', { class: 'hint', role: 'status' }, text('loading')));
    try {
      const answer = await api.get(`${at}/records`, signal);
      const none = [el('p', {}, el('strong', {}, text('none'))), el('p', {}, text('none_hint')), el('a', { href: '/uploads' }, text('upload'))];
      fill(holder, el('p', { class: 'hint' }, text('about')), table({ label: text('label'), rows: answer.records, none, columns: columns() }));
    } catch (error) {
      if (error.name !== 'AbortError') fill(holder, notice('bad', explain(error)));
    }
  }

  return { node: holder, shown: look };
}

const columns = () => [
  { label: text('kind'), kind: 'nowrap', cell: (one) => inLanguage({ name_zh: one.kind_name_zh, name_en: one.kind_name_en }, 'name') },
  { label: text('file'), kind: 'name', cell: (one) => el('a', { href: `/uploads/${encodeURIComponent(one.upload_id)}` }, one.file_name) },
  { label: text('row'), kind: 'number', cell: (one) => one.row },
  { label: text('admitted_on'), kind: 'nowrap', cell: (one) => one.admitted_on },
  { label: text('discharged_on'), kind: 'nowrap', cell: (one) => one.discharged_on },
  { label: text('received_at'), kind: 'nowrap', cell: (one) => moment(one.received_at, 'short') },
  { label: text('state'), kind: 'nowrap', cell: (one) => tag(one.current ? 'good' : '', text(one.current ? 'current' : 'replaced')) },
];
