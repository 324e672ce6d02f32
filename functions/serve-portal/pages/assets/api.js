import { language, text } from '/assets/texts.js';

/** An answer of the service that is not the one asked for; the message is ready to be shown. */
export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export const session = {
  get token() { return sessionStorage.getItem('token'); },
  set token(value) { value ? sessionStorage.setItem('token', value) : sessionStorage.removeItem('token'); },
};

async function request(method, path, body) {
  const headers = { 'accept-language': language() === 'en' ? 'en' : 'zh-CN' };
  if (session.token) headers.authorization = `Bearer ${session.token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response;
  try {
    response = await fetch(`/api/v1${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new ApiError(text('offline'), 0);
  }
  if (response.ok) return response;
  if (response.status === 401 && session.token) {
    session.token = null;
    dispatchEvent(new Event('signed-out'));
    throw new ApiError(text('signed_out'), 401);
  }
  const problem = await response.json().catch(() => ({}));
  const own = (thing) => thing[`detail_${language()}`];
  const fields = (problem.fields ?? []).map(own).filter(Boolean);
  throw new ApiError(fields.join(' ') || own(problem) || text('failed_request'), response.status);
}

export const get = async (path) => (await request('GET', path)).json();
export const post = async (path, body) => (await request('POST', path, body)).json();
export const remove = async (path) => { await request('DELETE', path); };

/** Fetches a report with the session's token and hands it to the browser's downloads. */
export async function download(path) {
  const response = await request('GET', path);
  const name = /filename\*=UTF-8''([^;]+)/i.exec(response.headers.get('content-disposition') ?? '');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = name ? decodeURIComponent(name[1]) : path.split('/').pop().split('?')[0];
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
