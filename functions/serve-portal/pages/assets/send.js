import { post } from '/assets/api.js';
import { text } from '/assets/texts.js';

const LIMIT = 20 * 1024 * 1024;

/** Why this file cannot be sent, before anything leaves the computer; null when it can. */
export function refusal(file) {
  if (!/\.(zip|csv|xlsx)$/i.test(file.name)) return text('wrong_type');
  if (file.size > LIMIT) return text('too_large');
  return null;
}

/** Registers the upload and puts the bytes into the store. `report(stage, share)` follows it; the result can be cancelled. */
export function send(file, dryRun, report) {
  const call = new XMLHttpRequest();
  let cancelled = false;
  const done = (async () => {
    report('hashing', 0);
    const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
    const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const ticket = await post('/uploads', { kind: 'data', file_name: file.name, size: file.size, sha256, dry_run: dryRun });
    if (cancelled) throw new DOMException('', 'AbortError');
    report('sending', 0);
    await put(call, ticket, file, (share) => report('sending', share));
    return ticket.upload_id;
  })();
  return { done, cancel() { cancelled = true; call.abort(); } };
}

function put(call, ticket, file, progress) {
  return new Promise((resolve, reject) => {
    call.open('PUT', ticket.url);
    for (const [name, value] of Object.entries(ticket.headers)) {
      // The browser sets these two itself and refuses to have them set.
      if (!/^(content-length|host)$/i.test(name)) call.setRequestHeader(name, value);
    }
    call.upload.onprogress = (event) => progress(event.loaded / event.total);
    // 412: the bytes of an earlier try have arrived after all.
    call.onload = () => (call.status < 300 || call.status === 412 ? resolve() : reject(new Error(text('send_failed'))));
    call.onerror = () => reject(new Error(text('send_failed')));
    call.onabort = () => reject(new DOMException('', 'AbortError'));
    call.send(file);
  });
}
