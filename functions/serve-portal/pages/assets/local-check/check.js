// Judges an archive on this computer, before a byte of it leaves the hospital.

const MODULE = new URL('../check.wasm', import.meta.url);

/** Whether this browser can, and this deployment has the module. Asked once. */
let available;
export function canCheckHere() {
  available ??= typeof WebAssembly !== 'object' || typeof WebAssembly.compileStreaming !== 'function' || typeof Worker !== 'function'
    ? Promise.resolve(false)
    : fetch(MODULE, { method: 'HEAD' }).then((answer) => answer.ok, () => false);
  return available;
}

/**
 * The object `operate check --json` prints, or `null` where it can't be had here: the server's dry run takes its place.
 * `report(read, size)` is told the bytes read; `signal` stops the check.
 */
export async function checkHere(file, { language, requester, report, signal }) {
  if (!await canCheckHere()) return null;
  const request = { file_name: file.name, received_at: await beijingNow(), requester, language };
  const archive = await file.arrayBuffer();
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError')), { once: true });
      worker.onerror = () => resolve(null);
      worker.onmessage = ({ data }) => {
        if (data.result) resolve(data.result.failure ? null : data.result);
        else if (data.failed) resolve(null);
        else report?.(data.read, data.size);
      };
      worker.postMessage({ request, archive }, [archive]);
    });
  } finally {
    worker.terminate();
  }
}

/** By the server's clock where it answers: that of a hospital's computer may be wrong, and dates after today are refused. */
async function beijingNow() {
  const told = await fetch(MODULE, { method: 'HEAD' }).then((answer) => Date.parse(answer.headers.get('Date')), () => NaN);
  const now = Number.isNaN(told) ? Date.now() : told;
  return new Date(now + 8 * 3600 * 1000).toISOString().slice(0, 19);
}
