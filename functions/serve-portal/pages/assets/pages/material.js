import { api, explain } from '../core/api.js';
import { el, empty, notice } from '../core/dom.js';
import { working } from '../core/form.js';
import { head } from '../core/frame.js';
import { bytes, inLanguage, words } from '../core/i18n.js';

const text = words({
  package: ['流感医疗服务监测系统相关资料包', 'Material of the surveillance system'],
  contents: ['压缩包内共含 {n} 项文件：', 'The archive holds {n} items:'],
  download: ['点击下载', 'Download'],
  about: ['版本 {version}，{size}', 'Version {version}, {size}'],
  digest: ['校验值 SHA-256：{digest}', 'SHA-256: {digest}'],
  read: ['请解压后仔细阅读相关说明文档，并参照模板格式要求，准备和对接/上传流感监测数据文件。', 'Unpack it, read the guides, and prepare the data files after the templates.'],
  none: ['资料包尚未发布。', 'The package has not been published yet.'],
  none_hint: ['发布后可在本页下载账号申请流程说明、用户操作说明、工作说明、前置机使用说明、接口标准、前置机程序和上传文件模板。急需时请联系技术支持。', 'Guides, the interface standard, the front-end program and the templates will be here. Ask support if you need them now.'],
});

/** 下载相关资料 (manual 3.3). */
export async function open({ route, show, signal }) {
  let material = null;
  try {
    material = await api.get('/material', signal);
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  if (signal.aborted) return;
  if (!material) { show(head(route), el('div', { class: 'card' }, empty(el('p', {}, el('strong', {}, text('none'))), el('p', {}, text('none_hint'))))); return; }
  const trouble = el('div');
  const items = material.items ?? [];
  show(head(route), el('section', { class: 'card stack' },
    el('h2', {}, text('package')),
    el('p', { class: 'hint' }, text('about', { version: material.version, size: bytes(material.size) }), el('br'), text('digest', { digest: material.sha256 })),
    el('div', {}, el('p', {}, text('contents', { n: items.length })), el('ol', { class: 'plainlist' }, items.map((item) => el('li', {}, inLanguage(item, 'name') || item.name)))),
    el('p', {}, text('read')), trouble,
    el('div', { class: 'row' }, material.url
      ? el('a', { class: 'button', href: material.url }, `↓ ${text('download')}`)
      : working(`↓ ${text('download')}`, () => api.download('/material/package.zip').catch((error) => trouble.replaceChildren(notice('bad', explain(error))))))));
}
