import { api, explain } from '../../core/api.js';
import { el, fill, notice, tag } from '../../core/dom.js';
import { working } from '../../core/form.js';
import { moment, words } from '../../core/i18n.js';
import { table } from '../../core/table.js';

const text = words({
  title: ['已登录的设备', 'Where you are signed in'],
  begun: ['登录时间', 'Signed in at'],
  used: ['最近使用', 'Last used'],
  address: ['地址', 'Address'],
  program: ['浏览器或程序', 'Browser or program'],
  this_one: ['本次登录', 'this one'],
  action: ['操作', 'Action'],
  end: ['退出', 'End'],
  end_others: ['退出其他全部登录', 'End all others'],
  none: ['没有其他登录。', 'No other session.'],
});

/** 已登录的设备; nothing where the service does not tell. */
export async function section({ signal }) {
  const trouble = el('div');
  const holder = el('div');
  async function draw() {
    const { sessions } = await api.get('/sessions', signal);
    fill(holder, table({
      label: text('title'), rows: sessions, none: text('none'),
      columns: [
        { label: text('begun'), kind: 'nowrap', cell: (one) => [moment(one.started_at, 'short'), one.current && [' ', tag('good', text('this_one'))]] },
        { label: text('used'), kind: 'nowrap', cell: (one) => moment(one.used_at, 'short') },
        { label: text('address'), kind: 'nowrap', cell: (one) => one.address ?? '' },
        { label: text('program'), kind: 'name', cell: (one) => program(one.client) },
        { label: text('action'), cell: (one) => !one.current && working(text('end'), () => end(`/sessions/${encodeURIComponent(one.id)}`), { class: 'plain small' }) },
      ],
    }));
  }
  async function end(path) {
    try { await api.remove(path); await draw(); fill(trouble); } catch (error) { fill(trouble, notice('bad', explain(error))); }
  }
  try { await draw(); } catch { return null; }
  return el('section', { class: 'card stack' }, el('h2', {}, text('title')), trouble, holder, el('div', { class: 'row' }, working(text('end_others'), () => end('/sessions'), { class: 'plain small' })));
}

/** What a browser calls itself, in two words; programs are named as they name themselves. */
function program(client) {
  if (!client) return '';
  const browser = /(Edg|Firefox|Chrome|Safari)[A-Za-z]*\/(\d+)/.exec(client);
  const system = /(Windows|Mac OS X|Android|iPhone|Linux)/.exec(client);
  return browser ? [`${browser[1].replace('Edg', 'Edge')} ${browser[2]}`, system?.[1]].filter(Boolean).join(' · ') : client.slice(0, 60);
}
