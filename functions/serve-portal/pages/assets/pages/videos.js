import { api } from '../core/api.js';
import { el, empty } from '../core/dom.js';
import { head } from '../core/frame.js';
import { inLanguage, words } from '../core/i18n.js';

const text = words({
  intro: ['请提前查看视频教程，了解操作细节和注意事项。', 'Please watch these before you begin.'],
  closed: ['登录后可查看全部视频教程。申请账号时如有疑问，请联系技术支持。', 'All videos can be seen after signing in. If you have questions about the application, ask support.'],
  sign_in: ['登录', 'Sign in'],
  none: ['视频教程尚未发布。', 'The videos have not been published yet.'],
  none_hint: ['发布后本页将列出申请账号、上传对接数据、上传 ICD 编码、上传死亡记录附件等全部操作的视频。各页面上均有操作提示，如有疑问请联系技术支持。', 'Videos of all steps will be listed here. Each page explains itself; ask support if in doubt.'],
});

/** 视频教程: all of them, playable in the page (manual 3.2). */
export async function open({ route, show, signal }) {
  let videos = [];
  let closed = false;
  try {
    videos = (await api.get('/videos', signal)).videos ?? [];
  } catch (error) {
    if (error.status !== 404 && error.status !== 401) throw error;
    closed = error.status === 401;
  }
  if (signal.aborted) return;
  if (closed) { show(head(route), el('div', { class: 'card' }, empty(el('p', {}, text('closed')), el('a', { href: '/' }, text('sign_in'))))); return; }
  if (videos.length === 0) { show(head(route), el('div', { class: 'card' }, empty(el('p', {}, el('strong', {}, text('none'))), el('p', {}, text('none_hint'))))); return; }
  show(head(route), el('p', {}, text('intro')), el('div', { class: 'two' }, videos.map((video) => el('figure', { class: 'card' },
    el('video', { controls: true, preload: 'none', src: video.url, 'aria-label': inLanguage(video, 'title') }),
    el('figcaption', {}, inLanguage(video, 'title'), ' ', el('span', { class: 'hint' }, length(video.seconds)))))));
}

/** `3:05`. */
const length = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
