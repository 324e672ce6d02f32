import { api } from '../core/api.js';
import { el, fill, notice } from '../core/dom.js';
import { head } from '../core/frame.js';
import { inLanguage, words } from '../core/i18n.js';
import { attachments } from './death/attachments.js';
import { dueTag } from './death/due.js';
import { records } from './death/records.js';
import { sheet } from './death/sheet.js';

const text = words({
  title: ['病例信息', 'Case'],
  sheet: ['数据输入', 'Data sheet'],
  attachments: ['上传/管理资料', 'Upload and manage files'],
  records: ['已报送的记录', 'Reported records'],
  number: ['记录编号', 'No.'],
  medical_record_number: ['病案号', 'Medical record number'],
  name: ['姓名', 'Name'],
  admitted_on: ['入院日期', 'Admitted'],
  discharged_on: ['出院日期', 'Discharged'],
  due_on: ['上传期限', 'Due'],
  done: ['本病例资料已齐全，无需处理。', 'Everything is there; nothing is left to do.'],
  todo: ['还需完成：', 'Still to do: '],
  unsaved: ['有未保存的修改，确定离开吗？', 'There are unsaved changes. Leave all the same?'],
});

const TABS = ['sheet', 'attachments', 'records'];

/** A case: 数据输入 and 上传/管理资料 (manual 3.7, steps 2 and 3), and what data files told of the same patient. */
export async function open({ route, params, query, show, signal, guard }) {
  const at = `/death-cases/${encodeURIComponent(params.id)}`;
  const [first, form] = await Promise.all([api.get(at, signal), api.get('/death-cases/fields', signal)]);
  if (signal.aborted) return;
  const facts = el('dl', { class: 'facts across' });
  const todo = el('div');
  const update = (now) => {
    fill(facts, ['number', 'medical_record_number', 'name', 'admitted_on', 'discharged_on', 'due_on'].map((key) => el('div', {}, el('dt', {}, text(key)), el('dd', {}, String(now[key]), key === 'due_on' && [' ', dueTag(now)]))));
    fill(todo, now.complete
      ? notice('good', text('done'))
      : notice(now.overdue ? 'bad' : 'warn', text('todo'), now.missing_things.map((one, n) => [n > 0 && '；', inLanguage(one, 'detail')])));
  };
  update(first);
  const look = async () => update(await api.get(at, signal));

  const panels = {
    sheet: sheet({ at, first, form, saved: update, signal }),
    attachments: attachments({ at, first, signal, changed: look }),
    records: records({ at, signal }),
  };
  guard(() => panels.sheet.dirty(), text('unsaved'));
  const tabs = TABS.map((one) => el('button', { type: 'button', role: 'tab', id: `tab-${one}`, 'aria-controls': `panel-${one}`, onclick: () => choose(one) }, text(one)));
  const nodes = TABS.map((one) => el('div', { role: 'tabpanel', id: `panel-${one}`, 'aria-labelledby': `tab-${one}` }, panels[one].node));

  function choose(one) {
    TABS.forEach((name, n) => { tabs[n].setAttribute('aria-selected', String(name === one)); nodes[n].hidden = name !== one; });
    history.replaceState(null, '', one === 'sheet' ? location.pathname : `${location.pathname}?tab=${one}`);
    panels[one].shown?.();
  }

  show(head(route, { title: text('title') }), el('div', { class: 'stack' }, el('section', { class: 'card' }, facts), todo, el('div', { role: 'tablist', 'aria-label': text('title') }, tabs), nodes));
  choose(TABS.includes(query.get('tab')) ? query.get('tab') : 'sheet');
}
