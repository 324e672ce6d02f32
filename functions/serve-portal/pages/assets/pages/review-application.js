import { api, explain } from '../core/api.js';
import { el, fill, notice, tag } from '../core/dom.js';
import { confirm, dialog } from '../core/dialog.js';
import { Form, working } from '../core/form.js';
import { head } from '../core/frame.js';
import { either, moment, words } from '../core/i18n.js';
import { fieldNames } from './apply/fields.js';
import { scanViewer } from './review/scans.js';

const text = words({
  institution: ['医疗机构信息', 'Institution'],
  manager: ['数据管理员信息', 'Data manager'],
  scans: ['盖章扫描件', 'Stamped scans'],
  version: ['表格版本号', 'Version of the form'],
  version_hint: ['两份盖章表格上须为同一版本号', 'Both stamped forms must show it'],
  first: ['新申请', 'New account'], change: ['变更资料', 'Change'],
  changed: ['本次变更 {n} 项，已标出：删除线为现行内容，绿色为变更后的内容。', '{n} fields would change; what is in force is struck through.'],
  resets: ['变更了数据管理员：审核通过后将重置该医疗机构用户账号，并通知变更后的数据管理员。', 'Another data manager: the approval resets the account and tells the new manager.'],
  waiting: ['待审核', 'Waiting'], approved: ['审核通过', 'Approved'], rejected: ['审核不通过', 'Rejected'], editing: ['修改中', 'Being edited'],
  being_edited: ['申请人正在修改资料，重新提交后才能审核。', 'The applicant is editing it; it can be decided on once it is submitted again.'],
  claimed: ['{by} 自 {at} 起也打开了该申请。', '{by} has it open too, since {at}.'],
  decided: ['{by} 于 {at} 处理：', '{by} decided at {at}: '],
  approve: ['审核通过', 'Approve'],
  reject: ['审核不通过', 'Reject'],
  approve_text: ['确认“{name}”的资料与扫描件一致并通过审核？系统将向数据管理员发送账号通知。', 'Approve “{name}”? The account goes to the data manager by e-mail and SMS.'],
  reject_text: ['申请人将收到含以下原因的邮件。', 'The applicant gets this reason by e-mail.'],
  reason: ['审核不通过的原因', 'Reason'],
  templates: ['常用原因', 'Common reasons'],
  keys: ['快捷键：', 'Keys: '],
  key_approve: ['通过', 'approve'], key_reject: ['不通过', 'reject'],
  done_approved: ['已通过审核，登录名 {login}。通知已发送给数据管理员。', 'Approved; login name {login}. The data manager has been told.'],
  done_rejected: ['已退回，原因已发送给数据管理员。', 'Rejected; the data manager has been told why.'],
  to_queue: ['返回审核列表', 'Back to the queue'],
  reload: ['查看最新状态', 'See how it stands'],
});

const INSTITUTION = ['institution_name', 'institution_code', 'opening_date', 'grade', 'division', 'street', 'legal_representative', 'departments'];
const MANAGER = ['manager.name', 'manager.id_number', 'manager.phone', 'manager.email', 'manager.office_phone', 'manager.department'];

/** 审核: the form beside the scans, what differs highlighted, approve and reject by button or key. */
export async function open({ route, params, show, signal, redraw }) {
  const at = `/review/applications/${encodeURIComponent(params.id)}`;
  const application = await api.get(at, signal);
  if (signal.aborted) return;
  const { profile, stage } = application;
  const told = el('div', { class: 'stack', tabindex: -1 });
  const name = profile?.institution_name ?? application.approved?.institution_name ?? params.id;
  const isChange = Boolean(application.approved) && stage !== 'approved';
  const place = profile ? await placeName(profile.division, signal) : '';

  const decide = stage === 'waiting' && el('div', { class: 'row', id: 'decide' },
    working([text('approve'), ' ', el('kbd', {}, 'A')], approve),
    working([text('reject'), ' ', el('kbd', {}, 'R')], reject, { class: 'danger' }));
  show(
    head(route, { title: name, beside: [tag({ waiting: 'info', approved: 'good', rejected: 'bad' }[stage] ?? '', text(stage)), tag(isChange ? 'warn' : '', text(isChange ? 'change' : 'first'))], actions: decide || null }),
    el('div', { class: 'stack' }, told, state(),
      profile ? el('div', { class: 'two' },
        el('div', { class: 'stack' }, facts('institution', INSTITUTION), facts('manager', MANAGER)),
        el('section', { class: 'card stack' }, el('h2', {}, text('scans')),
          el('p', {}, `${text('version')}：`, el('code', {}, application.form_code), ' ', el('span', { class: 'hint' }, text('version_hint'))),
          scanViewer(application.scans, signal))) : notice('info', text('being_edited')),
      el('p', {}, el('a', { href: '/review' }, `← ${text('to_queue')}`))));
  if (stage === 'waiting') {
    addEventListener('keydown', keys, { signal });
    api.post(`${at}/claim`).catch(() => {});
  }

  function state() {
    const { decision, claimed, differences } = application;
    return [
      decision && notice(decision.outcome === 'approved' ? 'good' : 'bad', text('decided', { by: decision.by, at: moment(decision.at, 'short') }), el('strong', {}, text(decision.outcome)), decision.reason && `：${decision.reason}`),
      claimed && stage === 'waiting' && notice('info', text('claimed', { by: claimed.by, at: moment(claimed.at, 'short') })),
      stage === 'waiting' && differences.length > 0 && notice('warn', text('changed', { n: differences.length }), application.resets_account && el('div', {}, el('strong', {}, text('resets')))),
    ];
  }

  function facts(title, fields) {
    const differ = new Map(application.differences.map((one) => [one.field, one]));
    return el('section', { class: 'card' }, el('h2', {}, text(title)), el('dl', { class: 'facts' }, fields.map((field) => {
      const one = differ.get(field);
      return [el('dt', {}, fieldNames(field)), el('dd', { 'data-field': field }, one ? el('span', { class: 'differs' }, el('del', {}, one.approved), ' → ', el('ins', {}, one.submitted)) : value(field))];
    })));
  }

  function value(field) {
    if (field === 'opening_date') return `${profile.opening_year} 年 ${profile.opening_month} 月`;
    if (field === 'division') return place;
    if (field === 'departments') return profile.departments.join('、');
    return field.startsWith('manager.') ? profile.manager[field.slice(8)] : profile[field];
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select, dialog')) return;
    if (event.key.toLowerCase() === 'a') approve();
    if (event.key.toLowerCase() === 'r') reject();
  }

  function failed(error) {
    fill(told, notice('bad', explain(error), ' ', el('button', { type: 'button', class: 'link', onclick: redraw }, text('reload'))));
    told.focus();
  }

  async function done(message) {
    await redraw();
    document.getElementById('main').prepend(notice('good', message));
  }

  async function approve() {
    if (document.querySelector('dialog')) return;
    if (!await confirm({ title: text('approve'), message: text('approve_text', { name }), yes: text('approve') })) return;
    try {
      const answer = await api.post(`${at}/approve`, { version: application.version });
      await done(text('done_approved', { login: answer.login_name }));
    } catch (error) { failed(error); }
  }

  async function reject() {
    if (document.querySelector('dialog')) return;
    const reasons = await api.get('/review/reasons').catch(() => []);
    const reason = await dialog(text('reject'), (close) => {
      const area = el('textarea', { maxlength: 500, rows: 4 });
      const form = new Form({ label: text('reject'), submit: async (values) => close(values.reason), also: [el('button', { type: 'button', class: 'plain', onclick: () => close() }, text('cancel'))] });
      const template = el('select', { 'aria-label': text('templates'), onchange: () => { if (template.value) { area.value = template.value; area.focus(); } } },
        el('option', { value: '' }, text('templates')), reasons.map((one) => el('option', { value: one.zh }, either(one.zh, one.en))));
      return form.build(el('p', {}, text('reject_text')), el('div', { class: 'field' }, template), form.field({ name: 'reason', label: text('reason'), required: true, control: area })).node;
    });
    if (!reason) return;
    try {
      await api.post(`${at}/reject`, { version: application.version, reason });
      await done(text('done_rejected'));
    } catch (error) { failed(error); }
  }
}

/** The names from province to county. */
async function placeName(code, signal) {
  const names = [];
  let parent = null;
  for (let digits = 2; digits <= 6; digits += 2) {
    const answer = await api.get(`/applications/divisions${parent ? `?parent=${parent}` : ''}`, signal).catch(() => []);
    const found = answer.find((one) => one.code === code) ?? answer.find((one) => one.has_more && code.startsWith(one.code.slice(0, digits)));
    if (!found) break;
    names.push(found.name);
    if (found.code === code) break;
    parent = found.code;
  }
  return names.join(' ') || code;
}
