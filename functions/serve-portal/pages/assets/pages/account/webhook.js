import { api, explain } from '../../core/api.js';
import { button, el, fill, notice, repeat, tag } from '../../core/dom.js';
import { confirm } from '../../core/dialog.js';
import { Form, working } from '../../core/form.js';
import { inLanguage, moment, words } from '../../core/i18n.js';
import { table } from '../../core/table.js';

const text = words({
  title: ['结果推送（Webhook）', 'Results told to your own system (webhook)'],
  hint: ['上传校验完成后，系统向本院自己的服务器发送一条签名通知：上传编号、各项合计和链接，不含病人信息。', 'When an upload is finished, a signed message with its id, totals and links is sent to your own server. It holds nothing of any patient.'],
  url: ['接收地址', 'Address'],
  url_hint: ['以 https:// 开头、公网可以访问的地址；10秒内返回 2xx 即为收到，不跟随跳转。', 'Begins with https:// and can be reached from the public network; 2xx within 10 seconds means received, redirects are not followed.'],
  save: ['保存', 'Save'],
  saved: ['接收地址已保存。', 'The address is saved.'],
  test: ['发送测试通知', 'Send a test'],
  testing: ['测试通知已发出，结果见下表。', 'The test is on its way; see below.'],
  rotate: ['更换密钥', 'New secret'],
  rotate_title: ['更换签名密钥？', 'Make a new secret?'],
  rotate_text: ['新密钥立即生效；旧密钥在7天内同时有效，请在此期间更新接收程序。', 'The new secret counts at once; the old one counts beside it for seven days, in which your receiver has to change over.'],
  end: ['停用旧密钥', 'End the old secret'],
  end_title: ['立即停用旧密钥？', 'End the old secret at once?'],
  end_text: ['仍使用旧密钥验签的接收程序将不能通过验签。', 'A receiver that still verifies with the old secret will refuse what it is sent.'],
  ended: ['旧密钥已停用。', 'The old secret is ended.'],
  stop: ['停止推送', 'Stop'],
  stop_title: ['停止推送结果？', 'Stop telling results?'],
  stop_text: ['接收地址和密钥将被删除，尚未送达的通知不再发送。', 'Address and secret are removed; what was not delivered yet is given up.'],
  secret: ['签名密钥，只显示这一次，请立即保存到接收程序：', 'The secret for signatures, shown only this once; keep it in your receiver now:'],
  copy: ['复制', 'Copy'],
  previous: ['旧密钥有效至 {at}，在此之前每条通知带两个签名。', 'The old secret counts until {at}; until then each message has two signatures.'],
  deliveries: ['最近的通知', 'Newest messages'],
  none: ['还没有发送过通知。', 'Nothing was sent yet.'],
  at: ['时间', 'Time'], event: ['内容', 'About'], state: ['状态', 'State'], attempts: ['次数', 'Tries'], problem: ['最近一次错误', 'Last error'],
  finished: ['上传完成', 'Upload finished'], test_event: ['测试', 'Test'],
  waiting: ['等待发送', 'Waiting'], delivered: ['已送达', 'Delivered'], dead: ['未送达', 'Not delivered'],
  next: ['下次 {at}', 'next try {at}'],
});

const TONES = { waiting: 'warn', delivered: 'good', dead: 'bad' };

/** 结果推送 of a hospital. */
export async function section({ signal, account }) {
  if (account.role !== 'data_manager') return null;
  const path = '/webhook';
  const told = el('div', { 'aria-live': 'polite' });
  const made = el('div');
  const actions = el('div', { class: 'row' });
  const until = el('div');
  const holder = el('div');

  const form = new Form({
    label: text('save'),
    async submit({ url }) {
      const { secret } = await api.put(path, { url });
      fill(told, notice('good', text('saved')));
      reveal(secret);
      await draw();
    },
  });
  form.build(form.field({ name: 'url', label: text('url'), hint: text('url_hint'), required: true, wide: true, type: 'url', maxlength: 500, autocomplete: 'off' }));

  function reveal(secret) {
    if (!secret) return;
    const copy = button(text('copy'), () => navigator.clipboard?.writeText(secret), { class: 'plain small', 'aria-label': `${text('copy')} ${text('secret')}` });
    fill(made, notice('good', text('secret'), el('p', {}, el('code', { class: 'secret' }, secret), ' ', copy)));
  }

  /** Does something, says so, and draws what came of it. */
  const acting = (label, work, attributes) => working(label, async () => {
    try { await work(); } catch (error) { fill(told, notice('bad', explain(error))); }
    await draw();
  }, attributes);

  const ask = (name, danger = false) => confirm({ title: text(`${name}_title`), message: text(`${name}_text`), yes: text(name), danger });

  const buttons = {
    test: acting(text('test'), async () => { await api.post(`${path}/test`, {}); fill(told, notice('good', text('testing'))); watch(); }),
    rotate: acting(text('rotate'), async () => { if (await ask('rotate')) { fill(told); reveal((await api.post(`${path}/secret`, {})).secret); } }, { class: 'plain' }),
    end: acting(text('end'), async () => { if (await ask('end', true)) { await api.remove(`${path}/secret/previous`); fill(told, notice('good', text('ended'))); } }, { class: 'plain' }),
    stop: acting(text('stop'), async () => { if (await ask('stop', true)) { await api.remove(path); fill(told); fill(made); form.node.reset(); } }, { class: 'danger' }),
  };

  async function draw() {
    const { webhook, deliveries } = await api.get(path, signal);
    const input = form.input('url');
    if (webhook && document.activeElement !== input) input.value = webhook.url;
    const ends = webhook?.previous_secret_until;
    fill(until, ends && el('p', { class: 'hint' }, text('previous', { at: moment(ends, 'short') })));
    // Drawn anew only when they change, so that the button somebody has just pressed keeps the focus.
    const shown = webhook ? ['test', 'rotate', ends && 'end', 'stop'].filter(Boolean) : [];
    if (actions.dataset.shown !== shown.join()) {
      actions.dataset.shown = shown.join();
      fill(actions, shown.map((name) => buttons[name]));
    }
    fill(holder, (webhook || deliveries.length > 0) && [el('h3', {}, text('deliveries')), list(deliveries)]);
    return deliveries;
  }

  const list = (deliveries) => table({
    label: text('deliveries'), rows: deliveries, none: text('none'),
    columns: [
      { label: text('at'), kind: 'nowrap', cell: (one) => moment(one.created_at, 'short') },
      { label: text('event'), cell: (one) => (one.upload_id ? el('a', { href: `/uploads/${encodeURIComponent(one.upload_id)}` }, text('finished')) : text('test_event')) },
      { label: text('state'), cell: (one) => [tag(TONES[one.state] ?? '', text(one.state)), one.next_attempt_at && one.attempts > 0 && el('span', { class: 'hint' }, ' ', text('next', { at: moment(one.next_attempt_at, 'short') }))] },
      { label: text('attempts'), kind: 'number', cell: (one) => one.attempts },
      { label: text('problem'), kind: 'text', cell: (one) => (one.last_error && one.state !== 'delivered' ? inLanguage(one.last_error, 'detail') : '') },
    ],
  });

  /** Looks again until the newest message is no longer waiting for its first try; a minute at most. */
  function watch() {
    let left = 30;
    repeat(signal, 2000, async () => {
      left -= 1;
      const [newest] = await draw().catch(() => []);
      return left > 0 && newest?.state === 'waiting' && newest.ended_at === null;
    });
  }

  try { await draw(); } catch { return null; }
  return el('section', { class: 'card stack', id: 'webhook' }, el('h2', {}, text('title')), el('p', { class: 'hint' }, text('hint')), told, made, form.node, until, actions, holder);
}
