// Judges an archive on this computer, before a byte of it leaves the hospital.

/** Whether this browser can, and this deployment has the module. */
export const canCheckHere = () => document.querySelector('meta[name=local-check]')?.content === 'yes'
  && typeof WebAssembly === 'object' && typeof WebAssembly.compileStreaming === 'function' && typeof Worker === 'function';

/** Workers that hold the module and wait: what has been fetched once works without a line. */
const waiting = [];
let loaded = false;

function begin() {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }) => { loaded ||= Boolean(data.ready); });
  return worker;
}

/** Fetches what a check needs, so that it is there when the line is not; `ready` is called once it is. */
export function prepare(ready) {
  if (!canCheckHere()) return;
  if (waiting.length === 0) {
    waiting.push(begin());
    serverTime();
  }
  if (loaded) ready();
  else waiting[0].addEventListener('message', ({ data }) => { if (data.ready) ready(); });
}

/**
 * The object `operate check --json` prints. `report(read, size)` is told the bytes read; `signal` stops the check.
 * Where the check fails, so does this: the server's check without submission takes its place.
 */
export async function checkHere(file, { language, account, report, signal }) {
  const { institution_code, institution_name } = account ?? {};
  const requester = institution_code ? { institution_code, institution_name } : null;
  const request = { file_name: file.name, received_at: await beijingNow(), requester, language };
  const archive = await file.arrayBuffer();
  const worker = waiting.pop() ?? begin();
  try {
    const result = await new Promise((resolve, reject) => {
      if (signal?.aborted) reject(new DOMException('', 'AbortError'));
      signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError')), { once: true });
      worker.onerror = () => reject(new Error('worker'));
      worker.onmessage = ({ data }) => {
        if (data.failed || data.result?.failure) reject(new Error(data.failed ?? data.result.failure.code));
        else if (data.result) resolve(data.result);
        else if (data.size) report?.(data.read, data.size);
      };
      worker.postMessage({ request, archive }, [archive]);
    });
    waiting.push(worker);
    return result;
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

/** Milliseconds by which the server's clock is ahead of this computer's. */
let ahead = 0;

/** That of a hospital's computer may be wrong, and dates after today are refused. Without a line the last answer counts. */
async function serverTime() {
  const told = await fetch('/', { method: 'HEAD', cache: 'no-store' }).then((answer) => Date.parse(answer.headers.get('Date')), () => NaN);
  if (!Number.isNaN(told)) ahead = told - Date.now();
  return Date.now() + ahead;
}

const beijingNow = async () => new Date(await serverTime() + 8 * 3600 * 1000).toISOString().slice(0, 19);
