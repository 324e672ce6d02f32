import { api, explain } from '../core/api.js';
import { el, fill, notice, tag } from '../core/dom.js';
import { head, refreshButton } from '../core/frame.js';
import { moment, words } from '../core/i18n.js';
import { list, table } from '../core/table.js';

const text = words({
  none: ['还没有前置机上报心跳。医院安装并启动前置机程序后，会显示在这里。', 'No front-end machine has reported yet. They appear here once a hospital has started its program.'],
  label: ['前置机', 'Front-end machines'],
  hospital: ['医疗机构', 'Institution'],
  machine: ['前置机', 'Machine'],
  by_password: ['使用账号密码', 'by the account’s password'],
  state: ['状态', 'State'],
  fine: ['正常', 'Fine'], silent: ['超时未联系', 'Silent'], failing: ['有错误', 'Failing'], behind: ['积压', 'Behind'],
  contact: ['最近联系', 'Last heard of'],
  sent: ['最近发送', 'Last sent'],
  queue: ['待发送', 'Waiting'],
  oldest: ['最早等待', 'Oldest'],
  minutes: ['{n} 分钟', '{n} min'],
  version: ['程序版本', 'Version'],
  old: ['非最新', 'not the latest'],
  clock: ['时钟快 {n} 秒', 'clock {n} s ahead'],
  clock_behind: ['时钟慢 {n} 秒', 'clock {n} s behind'],
});

/** A machine that sends a heartbeat every few minutes and was not heard of for so long is silent. */
const SILENT = 30 * 60 * 1000;
/** What waits longer is a queue that does not move. */
const BEHIND = 60 * 60;
/** Beyond this a machine's times can't be trusted. */
const SKEW = 120;

function state(one) {
  if (Date.now() - Date.parse(one.last_contact_at) > SILENT) return ['bad', 'silent'];
  if (one.last_error) return ['bad', 'failing'];
  return one.oldest_seconds > BEHIND ? ['warn', 'behind'] : ['good', 'fine'];
}

/** 前置机: who reports by machine, and whose machine has fallen silent. */
export async function open({ route, show, signal }) {
  const trouble = el('div');
  const fleet = list({
    signal,
    async fetch(cursor) {
      const page = await api.get(`/fleet${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''}`, signal);
      return { rows: page.machines, next: page.next };
    },
    draw: (rows) => table({ label: text('label'), rows, none: text('none'), columns: columns() }),
    trouble: (error) => fill(trouble, error && notice('bad', explain(error))),
  });
  show(head(route, { actions: refreshButton(() => fleet.refresh()) }), el('div', { class: 'stack' }, trouble, fleet.node));
  await fleet.refresh();
}

function columns() {
  return [
    { label: text('hospital'), kind: 'name', cell: (one) => [one.institution_name, el('div', { class: 'hint nowrap' }, one.institution_code)] },
    { label: text('machine'), kind: 'nowrap', cell: (one) => (one.machine === 'account' ? text('by_password') : one.machine) },
    { label: text('state'), kind: 'name', cell: (one) => { const [tone, key] = state(one); return [tag(tone, text(key)), one.last_error && el('div', { class: 'hint' }, one.last_error), clock(one)]; } },
    { label: text('contact'), kind: 'nowrap', cell: (one) => moment(one.last_contact_at, 'short') },
    { label: text('sent'), kind: 'nowrap', cell: (one) => moment(one.last_sent_at, 'short') },
    { label: text('queue'), kind: 'number', cell: (one) => one.queue_length.toLocaleString() },
    { label: text('oldest'), kind: 'number', cell: (one) => (one.queue_length ? text('minutes', { n: Math.round(one.oldest_seconds / 60) }) : '') },
    { label: text('version'), kind: 'nowrap', cell: (one) => [one.version, !one.up_to_date && el('div', {}, tag('warn', text('old')))] },
  ];
}

function clock(one) {
  const ahead = one.clock_ahead_seconds;
  return Math.abs(ahead) > SKEW && el('div', { class: 'hint' }, text(ahead > 0 ? 'clock' : 'clock_behind', { n: Math.abs(ahead) }));
}
