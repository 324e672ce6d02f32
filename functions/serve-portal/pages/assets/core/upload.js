import { ApiError, explain } from './api.js';
import { button, el, fill } from './dom.js';
import { bytes, words } from './i18n.js';

const text = words();

/** SHA-256 of a file, in hexadecimal. */
export async function digest(file) {
  if (!globalThis.crypto?.subtle) throw new ApiError(text('insecure'), 0);
  let content;
  try {
    content = await file.arrayBuffer();
  } catch {
    throw new ApiError(text('unreadable_file'), 0);
  }
  const hash = await crypto.subtle.digest('SHA-256', content);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** At most this many files travel at once: an old line is not made faster by more. */
const AT_ONCE = 2;
const waiting = [];
let travelling = 0;

/** Whether a file is on its way; leaving the page would interrupt it. */
export const sending = () => travelling > 0;
addEventListener('beforeunload', (event) => { if (sending()) event.preventDefault(); });

async function turn(work) {
  if (travelling >= AT_ONCE) await new Promise((go) => waiting.push(go));
  travelling += 1;
  try {
    return await work();
  } finally {
    travelling -= 1;
    waiting.shift()?.();
  }
}

function put(call, ticket, file, report) {
  return new Promise((resolve, reject) => {
    call.open('PUT', ticket.url);
    for (const [name, value] of Object.entries(ticket.headers)) {
      // The browser sets these two itself and refuses to have them set.
      if (!/^(content-length|host)$/i.test(name)) call.setRequestHeader(name, value);
    }
    call.upload.onprogress = (event) => report(event.loaded, event.total);
    // 412: the bytes of an earlier try have arrived after all.
    call.onload = () => (call.status < 300 || call.status === 412 ? resolve() : reject(new ApiError(text('send_refused', { status: String(call.status) }), call.status)));
    call.onerror = () => reject(new ApiError(text('send_failed'), 0));
    call.onabort = () => reject(new DOMException('', 'AbortError'));
    call.send(file);
  });
}

/**
 * A list of files on their way into the store. For each: `refuse(file)` says why it can't be sent at all;
 * `announce(file, sha256, found)` registers it and answers a ticket with `url` and `headers`; `renew(ticket)` gives a ticket for a
 * second try, `null` when the first had arrived; `done(file, ticket)` answers what is to stand in the line, or nothing to remove it.
 * `examine(file, report, signal)`, where there is one, looks at the file before a byte of it leaves the computer: it answers what
 * `announce` gets, and keeps a file back by throwing an error whose `anyway` is the label of a button that sends it all the same.
 */
export function transfers({ refuse, announce, renew, examine, done }) {
  const node = el('ul', { class: 'transfers' });

  function start(file, kept = null, insisted = false) {
    const no = refuse(file);
    const line = el('li');
    const name = el('strong', {}, file.name);
    node.prepend(line);
    const gone = button(text('close'), () => line.remove(), { class: 'plain small' });
    if (no) {
      line.className = 'bad';
      line.setAttribute('role', 'alert');
      fill(line, el('div', { class: 'row end' }, el('span', {}, name, ' ', no), gone));
      return;
    }
    let call = null;
    const cancel = new AbortController();
    let ticket = kept;
    const state = el('span', { class: 'hint' });
    const bar = el('progress', { max: 1, value: 0, 'aria-label': file.name });
    const stop = button(text('cancel'), () => { cancel.abort(); call?.abort(); line.remove(); }, { class: 'plain small' });
    fill(line, el('div', { class: 'row end' }, el('span', {}, name, ' ', el('span', { class: 'hint' }, bytes(file.size))), el('span', { class: 'row' }, state, stop)), bar);

    const unlessCancelled = () => cancel.signal.throwIfAborted();
    const report = (words, part) => { state.textContent = words; bar.value = part; };
    turn(async () => {
      unlessCancelled();
      if (ticket) ticket = await (renew ? renew(ticket) : null) ?? (renew ? { arrived: true, ...ticket } : null);
      if (!ticket) {
        state.textContent = text('reading_file');
        const found = insisted ? null : await examine?.(file, report, cancel.signal);
        bar.value = 0;
        state.textContent = text('reading_file');
        const sha256 = await digest(file);
        unlessCancelled();
        state.textContent = text('registering');
        ticket = await announce(file, sha256, found);
      }
      unlessCancelled();
      if (!ticket.arrived) {
        call = new XMLHttpRequest();
        await put(call, ticket, file, (sent, size) => {
          bar.max = size;
          bar.value = sent;
          state.textContent = text('sending', { percent: Math.floor((sent / size) * 100), sent: bytes(sent), size: bytes(size) });
        });
      }
      const words = await done(file, ticket);
      if (!words) { line.remove(); return; }
      line.className = 'good';
      line.setAttribute('role', 'status');
      fill(line, el('div', { class: 'row end' }, el('span', {}, name, ' ', words), gone));
    }).catch((error) => {
      if (error.name === 'AbortError') { line.remove(); return; }
      const again = button(error.anyway ?? text('retry'), () => { line.remove(); start(file, ticket, Boolean(error.anyway)); }, { class: 'plain small' });
      line.className = 'bad';
      line.setAttribute('role', 'alert');
      fill(line, el('div', { class: 'row end' }, el('span', {}, name, ' ', explain(error)), el('span', { class: 'row' }, again, gone)));
    });
  }

  return { node, start };
}

/** 选择 a file, or drop it: `take(files)` gets them. */
export function dropArea({ accept, multiple = false, label, hint, take, attributes = {} }) {
  const input = el('input', { type: 'file', accept, multiple, hidden: true, 'aria-label': label, ...attributes, onchange: () => { take([...input.files]); input.value = ''; } });
  const node = el('div', {
    class: 'drop',
    ondragover: (event) => { event.preventDefault(); node.classList.add('over'); },
    ondragleave: () => node.classList.remove('over'),
    ondrop: (event) => { event.preventDefault(); node.classList.remove('over'); take([...event.dataTransfer.files].slice(0, multiple ? undefined : 1)); },
  }, button(label, () => input.click()), el('p', {}, hint), input);
  return node;
}
