// The local outbox. Messages come from strangers' texts, so everything is put in as text and never as markup.

const texts = {
  zh: { mail: '邮件', sms: '短信', copy: (what) => `复制${what}`, copied: '已复制', raw: '查看原文', rendered: '返回', none: '没有消息。',
    count: (n) => `共 ${n} 条`, broken: '暂时无法读取，正在重试。', times: (n) => `重复发送 ${n} 次`, code: '验证码', password: '初始密码', link: '链接',
    language: 'English', placeholder: '手机号或邮箱' },
  en: { mail: 'Mail', sms: 'SMS', copy: (what) => `Copy ${what}`, copied: 'Copied', raw: 'Show raw', rendered: 'Back', none: 'No messages.',
    count: (n) => `${n} messages`, broken: 'Cannot be read at the moment; trying again.', times: (n) => `sent ${n} times`, code: 'code', password: 'password', link: 'link',
    language: '中文', placeholder: 'phone or mail address' },
};

const stored = localStorage.getItem('language');
let language = stored === 'en' || (!stored && !navigator.language.startsWith('zh')) ? 'en' : 'zh';
let channel = '';
let shown = '';
let messages = [];
const raw = new Set();
const list = document.getElementById('messages');
const state = document.getElementById('state');
const to = document.getElementById('to');

function element(name, content, attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...[].concat(content ?? []));
  return made;
}

// Addresses become links; what follows one without a space (a full stop, Chinese text) is no part of it.
function linked(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(/https?:\/\/[\w\-.~:/?#@!$&*+,;=%[\]]+/g)) {
    const address = found[0].replace(/[.,;:!?]+$/, '');
    parts.push(text.slice(end, found.index), element('a', address, { href: address, rel: 'noopener' }));
    end = found.index + address.length;
  }
  parts.push(text.slice(end));
  return parts;
}

// What a person would copy out of a message.
function copies(message) {
  const t = texts[language];
  const patterns = [
    [t.code, /(?:验证码|[Cc]ode )(\d{6})(?!\d)/],
    [t.password, /(?:初始密码：?|[Ii]nitial password:? )([^\s，。,]+)/],
  ];
  return patterns.flatMap(([what, pattern]) => {
    const found = message.text.match(pattern);
    return found ? [copyButton(what, found[1])] : [];
  });
}

function copyButton(what, value) {
  const t = texts[language];
  const button = element('button', `${t.copy(what)} ${value}`, { type: 'button', class: 'plain' });
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(value);
    state.textContent = t.copied;
  });
  return button;
}

function entry(message) {
  const t = texts[language];
  const at = new Date(message.at);
  const head = element('div', [
    element('span', t[message.channel], { class: 'tag plain' }),
    element('strong', message.subject ?? message.to),
    element('span', message.subject ? message.to : (message.from ?? '')),
    element('time', at.toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB'), { datetime: message.at }),
  ], { class: 'message-head' });
  if (message.times > 1) head.append(element('span', t.times(message.times), { class: 'tag error' }));
  const body = raw.has(message.id)
    ? element('pre', JSON.stringify(message, null, 2), { class: 'raw' })
    : element('div', linked(message.text), { class: 'message-text' });
  const toggle = element('button', raw.has(message.id) ? t.rendered : t.raw, { type: 'button', class: 'plain toggle' });
  toggle.addEventListener('click', () => {
    if (!raw.delete(message.id)) raw.add(message.id);
    draw();
  });
  return element('li', [head, body, element('div', [...copies(message), toggle], { class: 'copies' })]);
}

function draw() {
  const t = texts[language];
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const text of document.querySelectorAll('[data-zh]')) text.textContent = text.dataset[language];
  document.getElementById('language').textContent = t.language;
  to.placeholder = t.placeholder;
  for (const tab of document.querySelectorAll('[role=tab]')) tab.setAttribute('aria-selected', String(tab.dataset.channel === channel));
  const chosen = messages.filter((message) => !channel || message.channel === channel);
  list.replaceChildren(...chosen.map(entry));
  state.textContent = chosen.length ? t.count(chosen.length) : t.none;
}

async function refresh() {
  try {
    const answer = await fetch(`/_local/outbox.json?to=${encodeURIComponent(to.value.trim())}`);
    const text = await answer.text();
    // Drawn only when something changed, so that a selection or an opened message is not lost every second.
    if (text !== shown) {
      messages = JSON.parse(text).messages;
      shown = text;
      draw();
    }
  } catch {
    shown = '';
    state.textContent = texts[language].broken;
  }
}

document.getElementById('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem('language', language);
  draw();
});
for (const tab of document.querySelectorAll('[role=tab]')) {
  tab.addEventListener('click', () => { channel = tab.dataset.channel; draw(); });
}
to.addEventListener('input', refresh);
setInterval(refresh, 1000);
draw();
refresh();
