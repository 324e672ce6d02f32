import { el, empty, fill, notice, repeat, tag } from '../core/dom.js';
import { head, refreshButton } from '../core/frame.js';
import { moment, words } from '../core/i18n.js';

const text = words({
  hint: ['在本机运行时，邮件和短信不会真的发出，都保存在这里，最新的在最上面。', 'On one machine no mail or SMS goes out; all are kept here, newest first.'],
  none: ['还没有邮件或短信。', 'No mail or SMS yet.'],
  not_here: ['本系统的邮件和短信由邮件、短信服务商直接发出，没有本机发件箱。', 'Mail and SMS leave by their providers here; there is no local outbox.'],
  to: ['收件人', 'To'],
  mail: ['邮件', 'Mail'], sms: ['短信', 'SMS'],
});

/** 发件箱 of the program for one machine. */
export async function open({ route, show, signal, redraw }) {
  const holder = el('div', { class: 'stack' });
  const to = el('input', { type: 'search', id: 'outbox-to', oninput: () => look() });
  show(head(route, { actions: refreshButton(redraw) }),
    el('div', { class: 'stack' }, el('p', { class: 'hint' }, text('hint')), el('div', { class: 'row' }, el('label', { for: 'outbox-to' }, text('to')), to), holder));
  let shown = '';

  async function look() {
    const answer = await fetch(`/_local/outbox.json?to=${encodeURIComponent(to.value.trim())}`, { signal }).catch(() => null);
    if (signal.aborted) return false;
    if (!answer?.ok) { fill(holder, notice('info', text('not_here'))); return false; }
    const content = await answer.text();
    if (content !== shown) {
      shown = content;
      const { messages } = JSON.parse(content);
      fill(holder, messages.length === 0 ? el('div', { class: 'card' }, empty(text('none'))) : messages.map((one) => el('article', { class: 'card' },
        el('div', { class: 'row end' }, el('div', { class: 'row' }, tag('info', text(one.channel)), el('strong', {}, one.subject ?? one.to), one.subject && el('span', { class: 'hint' }, one.to)), el('span', { class: 'hint' }, moment(one.at))),
        el('p', { class: 'message' }, one.text))));
    }
    return true;
  }
  await repeat(signal, 2000, look);
}
