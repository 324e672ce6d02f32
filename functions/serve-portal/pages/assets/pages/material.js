import { api, explain } from '../core/api.js';
import { el, empty, fill, notice } from '../core/dom.js';
import { working } from '../core/form.js';
import { head } from '../core/frame.js';
import { bytes, words } from '../core/i18n.js';

const text = words({
  contents: ['压缩包内共含 {n} 项文件：', 'The archive holds {n} items:'],
  download: ['点击下载', 'Download'],
  about: ['{size}，版本 {version}', '{size}, version {version}'],
  digest: ['SHA-256 校验值：', 'SHA-256: '],
  no_program: ['本版资料包中不含前置机程序本身，只有获取方式。', 'This package tells where to get the front-end program and does not hold the program itself.'],
  read: ['请仔细阅读相关说明文档，并参照模板格式要求，准备和对接/上传流感监测数据文件。', 'Read the guides, and prepare the data files after the templates.'],
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
  const download = working(`↓ ${text('download')}`, async () => {
    try {
      // An address is good for some minutes only, and this page may have been open for hours.
      const { url } = await api.get('/material');
      fill(trouble);
      el('a', { href: url, rel: 'noopener', download: '' }).click();
    } catch (error) {
      fill(trouble, notice('bad', explain(error)));
    }
  });
  show(head(route), el('section', { class: 'card stack' },
    el('div', { class: 'row end' }, el('h2', {}, material.name), download), trouble,
    el('p', { class: 'hint' }, text('about', { size: bytes(material.size), version: material.version })),
    el('div', {}, el('p', {}, text('contents', { n: material.items.length })),
      el('ol', { class: 'plainlist' }, material.items.map((item) => el('li', {}, item.name, ' ', el('span', { class: 'hint' }, bytes(item.size)))))),
    !material.has_program && notice('info', text('no_program')),
    el('p', {}, text('read')),
    el('p', { class: 'hint' }, text('digest'), el('code', {}, material.sha256))));
}
