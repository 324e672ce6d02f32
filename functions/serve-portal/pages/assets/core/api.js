import { inLanguage, language, words } from './i18n.js';

const text = words();

/** An answer of the service that is not the one asked for; the message is ready to be shown. */
export class ApiError extends Error {
  constructor(message, status, problem = {}) {
    super(message);
    this.status = status;
    this.code = problem.code;
    /** What is wrong with single fields: `{ field, message }`. */
    this.fields = (problem.fields ?? []).map((one) => ({ field: one.field, code: one.code, message: inLanguage(one, 'detail') }));
    /** What a page can act on. */
    this.facts = problem.facts ?? {};
    /** Seconds until it may be tried again. */
    this.after = problem.after;
  }
}

/**
 * Calls one part of the API. Whose session it is tells a cookie that scripts can't read; `lost` is what happens when one that
 * was known is over.
 */
function client(lost) {
  let known = false;

  async function request(method, path, body, signal) {
    const headers = { accept: 'application/json', 'accept-language': language() === 'en' ? 'en' : 'zh-CN' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    let response;
    try {
      response = await fetch(`/api/v1${path}`, { method, headers, signal, credentials: 'same-origin', body: body === undefined ? undefined : JSON.stringify(body) });
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw new ApiError(text('offline'), 0);
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => null) ?? {};
    problem.after = Number(response.headers.get('retry-after')) || undefined;
    if (known && (problem.code === 'not_signed_in' || problem.code === 'not_identified')) {
      known = false;
      lost();
    }
    const message = inLanguage(problem, 'detail') || text('failed_request');
    throw new ApiError(message, response.status, problem);
  }

  /** A session has begun, or is forgotten by this page. */
  const begin = () => { known = true; };
  const forget = () => { known = false; };

  const json = async (response) => (response.status === 204 ? null : response.json());
  return {
    begin,
    forget,
    get: async (path, signal) => json(await request('GET', path, undefined, signal)),
    post: async (path, body, signal) => json(await request('POST', path, body, signal)),
    put: async (path, body) => json(await request('PUT', path, body)),
    patch: async (path, body) => json(await request('PATCH', path, body)),
    remove: async (path, body) => json(await request('DELETE', path, body)),
    /** Fetches a file with the session's token and hands it to the browser's downloads. */
    async download(path) {
      const response = await request('GET', path);
      const name = /filename\*=UTF-8''([^;]+)/i.exec(response.headers.get('content-disposition') ?? '');
      hand(await response.blob(), name ? decodeURIComponent(name[1]) : path.split('/').pop().split('?')[0]);
    },
  };
}

export const api = client(() => dispatchEvent(new Event('signed-out')));
export const applying = client(() => dispatchEvent(new Event('applicant-lost')));

/** Gives a file to the browser's downloads. */
export function hand(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** What an error says, its fields' texts included. */
export function explain(error) {
  const more = (error.fields ?? []).map((one) => one.message).filter(Boolean);
  return more.length ? more.join(' ') : error.message;
}
