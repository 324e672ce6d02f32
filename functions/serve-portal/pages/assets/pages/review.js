import { api, explain } from '../core/api.js';
import { el, fill, notice, tag } from '../core/dom.js';
import { head, refreshButton } from '../core/frame.js';
import { moment, words } from '../core/i18n.js';
import { list, table } from '../core/table.js';

const text = words({
  waiting: ['待审核', 'Waiting'],
  approved: ['审核通过', 'Approved'],
  rejected: ['审核不通过', 'Rejected'],
  name: ['医疗机构名称', 'Institution'],
  code: ['医疗机构代码', 'Institution code'],
  province: ['省份', 'Province'],
  what: ['类型', 'What'],
  first: ['新申请', 'New account'],
  change: ['变更资料', 'Change'],
  submitted: ['提交时间', 'Submitted at'],
  claimed: ['正在查看', 'Open with'],
  none_waiting: ['没有待审核的申请。', 'No application is waiting.'],
  none_approved: ['还没有审核通过的申请。', 'None has been approved yet.'],
  none_rejected: ['没有审核不通过的申请。', 'None has been rejected.'],
  stages: ['审核状态', 'Stage'],
});

const STAGES = ['waiting', 'approved', 'rejected'];

/** 审核列表: what waits the longest first. */
export async function open({ route, show, signal, query, go }) {
  const stage = STAGES.includes(query.get('stage')) ? query.get('stage') : 'waiting';
  const trouble = el('div');
  const queue = list({
    signal,
    async fetch(cursor) {
      const page = await api.get(`/review/applications?stage=${stage}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, signal);
      return { rows: page.applications, next: page.next };
    },
    draw: (rows) => table({
      label: text(stage), rows, none: text(`none_${stage}`),
      columns: [
        { label: text('name'), kind: 'name', cell: (one) => el('a', { href: `/review/${encodeURIComponent(one.id)}` }, one.institution_name) },
        { label: text('code'), kind: 'nowrap', cell: (one) => el('code', {}, one.institution_code) },
        { label: text('province'), kind: 'nowrap', cell: (one) => one.province },
        { label: text('what'), cell: (one) => tag(one.is_change ? 'warn' : '', text(one.is_change ? 'change' : 'first')) },
        { label: text('submitted'), kind: 'nowrap', cell: (one) => moment(one.submitted_at, 'short') },
        { label: text('claimed'), cell: (one) => one.claimed?.by ?? '' },
      ],
    }),
    trouble: (error) => fill(trouble, error && notice('bad', explain(error))),
  });
  const tab = (one) => el('button', { type: 'button', role: 'tab', 'aria-selected': String(one === stage), 'aria-controls': 'queue', onclick: () => go(one === 'waiting' ? '/review' : `/review?stage=${one}`) }, text(one));
  show(head(route, { actions: refreshButton(() => queue.refresh()) }),
    el('div', { class: 'stack' }, el('div', { role: 'tablist', 'aria-label': text('stages') }, STAGES.map(tab)), trouble, el('div', { id: 'queue', role: 'tabpanel', 'aria-label': text(stage) }, queue.node)));
  await queue.refresh();
}
