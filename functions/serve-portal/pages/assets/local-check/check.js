// Judges an archive on this computer, before a byte of it leaves the hospital.

/** Whether this browser can, and this deployment has the module. */
export const canCheckHere = () => document.querySelector('meta[name=local-check]')?.content === 'yes'
  && typeof WebAssembly === 'object' && typeof WebAssembly.compileStreaming === 'function' && typeof Worker === 'function';

/**
 * The object `operate check --json` prints. `report(read, size)` is told the bytes read; `signal` stops the check.
 * Where the check fails, so does this: the server's check without submission takes its place.
 */
export async function checkHere(file, { language, requester = null, report, signal }) {
  const request = { file_name: file.name, received_at: await beijingNow(), requester, language };
  const archive = await file.arrayBuffer();
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError')), { once: true });
      worker.onerror = () => reject(new Error('worker'));
      worker.onmessage = ({ data }) => {
        if (data.failed || data.result?.failure) reject(new Error(data.failed ?? data.result.failure.code));
        else if (data.result) resolve(data.result);
        else report?.(data.read, data.size);
      };
      worker.postMessage({ request, archive }, [archive]);
    });
  } finally {
    worker.terminate();
  }
}

/**
 * By the server's clock where it answers: that of a hospital's computer may be wrong, and dates after today are refused. Without a
 * line it is the computer's own.
 */
async function beijingNow() {
  const told = await fetch('/', { method: 'HEAD', cache: 'no-store' }).then((answer) => Date.parse(answer.headers.get('Date')), () => NaN);
  const now = Number.isNaN(told) ? Date.now() : told;
  return new Date(now + 8 * 3600 * 1000).toISOString().slice(0, 19);
}
