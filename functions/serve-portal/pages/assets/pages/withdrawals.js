import { api, explain } from '../core/api.js';
import { el, fill, notice } from '../core/dom.js';
import { head, refreshButton } from '../core/frame.js';
import { either, moment, words } from '../core/i18n.js';
import { list, table } from '../core/table.js';

const text = words({
  none: ['没有撤回记录。', 'Nothing was withdrawn.'],
  label: ['撤回记录', 'Withdrawals'],
  at: ['撤回时间', 'Withdrawn at'],
  hospital: ['医疗机构', 'Institution'],
  what: ['撤回内容', 'What'],
  whole: ['整个上传', 'the whole upload'],
  reason: ['撤回原因', 'Reason'],
  upload: ['上传', 'Upload'],
  open: ['查看上传', 'Open the upload'],
});

/** 撤回记录: a hospital's own, or those a reviewer may see. */
export async function open({ route, show, signal, account }) {
  const trouble = el('div');
  const own = account?.role === 'data_manager';
  const withdrawals = list({
    signal,
    async fetch(cursor) {
      const page = await api.get(`/withdrawals${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''}`, signal);
      return { rows: page.withdrawals, next: page.next };
    },
    draw: (rows) => table({
      label: text('label'), rows, none: text('none'),
      columns: [
        { label: text('at'), kind: 'nowrap', cell: (one) => moment(one.at) },
        !own && { label: text('hospital'), kind: 'name', cell: (one) => [one.institution_name, el('div', { class: 'hint' }, one.institution_code)] },
        { label: text('what'), kind: 'name', cell: what },
        { label: text('reason'), kind: 'text', cell: (one) => one.reason },
        own && { label: text('upload'), kind: 'nowrap', cell: (one) => el('a', { href: `/uploads/${encodeURIComponent(one.upload_id)}` }, text('open')) },
      ].filter(Boolean),
    }),
    trouble: (error) => fill(trouble, error && notice('bad', explain(error))),
  });
  show(head(route, { actions: refreshButton(() => withdrawals.refresh()) }), el('div', { class: 'stack' }, trouble, withdrawals.node));
  await withdrawals.refresh();
}

function what({ record }) {
  if (!record) return text('whole');
  return [el('code', {}, record.file_name), either(`，第 ${record.row} 行`, `, row ${record.row}`)];
}
