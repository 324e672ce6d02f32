import { api, explain } from '../../core/api.js';
import { button, el, fill, notice, tag } from '../../core/dom.js';
import { confirm } from '../../core/dialog.js';
import { Form, working } from '../../core/form.js';
import { moment, words } from '../../core/i18n.js';
import { table } from '../../core/table.js';

const text = words({
  title: ['前置机专用密码', 'Passwords for front-end machines'],
  hint: ['为前置机单独生成密码：可随时停用，不影响账号密码。', 'A password of its own for each machine can be taken back without touching the account’s.'],
  name: ['名称', 'Name'],
  login: ['登录名', 'Login name'],
  created: ['生成时间', 'Made at'],
  state: ['状态', 'State'],
  active: ['有效', 'In use'], ended: ['已停用', 'Ended'],
  action: ['操作', 'Action'],
  make: ['生成', 'Make one'],
  revoke: ['停用', 'Take back'],
  revoke_title: ['停用该前置机密码？', 'Take this password back?'],
  revoke_text: ['使用“{name}”的前置机将立即不能报送数据。', 'The machine “{name}” can no longer send data.'],
  none: ['还没有前置机专用密码。', 'None yet.'],
  made: ['请立即把以下登录名和密码填入前置机配置，密码只显示这一次：', 'Put this into the machine’s configuration now; the password is shown only once:'],
  copy: ['复制', 'Copy'],
});

/** 前置机专用密码 of a hospital; nothing where the service has none. */
export async function section({ signal, account }) {
  if (account.role !== 'data_manager') return null;
  const trouble = el('div');
  const holder = el('div');
  const made = el('div');
  const path = '/machine-credentials';

  async function draw() {
    const { credentials } = await api.get(path, signal);
    fill(holder, table({
      label: text('title'), rows: credentials, none: text('none'),
      columns: [
        { label: text('name'), kind: 'name', cell: (one) => one.name },
        { label: text('login'), cell: (one) => el('code', {}, one.login) },
        { label: text('created'), kind: 'nowrap', cell: (one) => moment(one.created_at, 'short') },
        { label: text('state'), cell: (one) => tag(one.active ? 'good' : '', text(one.active ? 'active' : 'ended')) },
        { label: text('action'), cell: (one) => one.active && working(text('revoke'), () => revoke(one), { class: 'danger small', 'aria-label': `${text('revoke')} ${one.name}` }) },
      ],
    }));
  }

  async function revoke(one) {
    if (!await confirm({ title: text('revoke_title'), message: text('revoke_text', { name: one.name }), yes: text('revoke'), danger: true })) return;
    try { await api.remove(`${path}/${encodeURIComponent(one.id)}`); fill(trouble); } catch (error) { fill(trouble, notice('bad', explain(error))); }
    await draw();
  }

  const form = new Form({
    label: text('make'),
    async submit({ name }) {
      const one = await api.post(path, { name });
      form.node.reset();
      const copy = (value) => button(text('copy'), () => navigator.clipboard?.writeText(value), { class: 'plain small', 'aria-label': `${text('copy')} ${value === one.login ? text('login') : text('made')}` });
      fill(made, notice('good', text('made'), el('p', {}, el('code', {}, one.login), ' ', copy(one.login)), el('p', {}, el('code', {}, one.secret), ' ', copy(one.secret))));
      await draw();
    },
  });
  form.build(form.field({ name: 'name', label: text('name'), required: true, maxlength: 60 }));
  try { await draw(); } catch { return null; }
  return el('section', { class: 'card stack', id: 'machines' }, el('h2', {}, text('title')), el('p', { class: 'hint' }, text('hint')), trouble, made, holder, form.node);
}
