import { api } from '../core/api.js';
import { button, el, empty, notice } from '../core/dom.js';
import { head } from '../core/frame.js';
import { inLanguage, language, words } from '../core/i18n.js';

const text = words({
  intro: ['请提前查看视频教程，了解操作细节和注意事项。视频带中文字幕。', 'Please watch these before you begin. The captions are in Chinese.'],
  closed: ['登录后可查看全部视频教程。', 'All videos can be seen after signing in.'],
  closed_none: ['登录后可查看视频教程。申请账号时如有疑问，请联系技术支持。', 'The videos can be seen after signing in. If you have questions about the application, ask support.'],
  sign_in: ['登录', 'Sign in'],
  none: ['视频教程尚未发布。', 'The videos have not been published yet.'],
  none_hint: ['发布后本页将列出申请账号、上传对接数据、上传 ICD 编码、上传死亡记录附件等全部操作的视频。各页面上均有操作提示，如有疑问请联系技术支持。', 'Videos of all steps will be listed here. Each page explains itself; ask support if in doubt.'],
  captions: ['中文字幕', 'Chinese'],
  chapters: ['本视频的内容', 'In this video'],
  unplayable: ['视频无法播放，请检查网络后刷新页面；若仍不能播放，请更换浏览器。', 'The video cannot be played; check the network and reload the page, or try another browser.'],
});

/** 视频教程: all of them, playable in the page (manual 3.2); without a session those about applying for an account. */
export async function open({ route, account, show, signal }) {
  const { videos } = await api.get('/videos', signal);
  if (signal.aborted) return;
  const sign = el('a', { href: '/' }, text('sign_in'));
  if (videos.length === 0) {
    const why = account ? [el('p', {}, el('strong', {}, text('none'))), el('p', {}, text('none_hint'))] : [el('p', {}, text('closed_none')), sign];
    show(head(route), el('div', { class: 'card' }, empty(why)));
    return;
  }
  show(head(route), el('div', { class: 'stack' }, el('p', {}, text('intro')), !account && el('p', { class: 'hint' }, text('closed'), ' ', sign), el('div', { class: 'two' }, videos.map(figure))));
}

/** One video with its parts, each a click away. */
function figure(video) {
  const trouble = el('div');
  const track = video.captions_url && el('track', { kind: 'captions', srclang: 'zh', label: text('captions'), src: video.captions_url, default: true });
  const player = el('video', {
    controls: true, preload: 'metadata', crossorigin: 'anonymous', playsinline: true, src: video.url, 'aria-label': inLanguage(video, 'title'), lang: 'zh-CN',
    onerror: () => trouble.replaceChildren(notice('bad', text('unplayable'))),
  }, track);
  const part = (chapter) => el('li', {}, button(`${length(chapter.at)} ${inLanguage(chapter, 'title')}`, () => { player.currentTime = chapter.at; player.play(); }, { class: 'link' }));
  return el('figure', { class: 'card' }, player, trouble,
    el('figcaption', {}, el('h2', { lang: language() === 'en' ? 'en' : 'zh-CN' }, inLanguage(video, 'title'), ' ', el('span', { class: 'hint' }, length(video.seconds))),
      video.chapters.length > 0 && el('ol', { class: 'chapters', 'aria-label': text('chapters') }, video.chapters.map(part))));
}

/** `3:05`. */
const length = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
