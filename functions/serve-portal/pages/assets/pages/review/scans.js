import { el, fill, notice } from '../../core/dom.js';
import { words } from '../../core/i18n.js';
import { scanNames } from '../apply/fields.js';

const text = words({
  information_form: ['信息收集表', 'Information form'],
  consent: ['同意书', 'Consent'],
  licence: ['执业许可证', 'Licence'],
  scans: ['盖章扫描件', 'Stamped scans'],
  none: ['没有可查看的扫描件。', 'There are no scans to look at.'],
  open: ['下载原文件', 'Download the file'],
  failed: ['扫描件加载失败，请刷新页面后重试（查看地址几分钟后失效）。', 'The scan could not be loaded; please reload the page (its address is good for some minutes).'],
});

/** The scans, one at a time. They come as downloads, so a PDF is fetched and shown from memory, never as a page of the store. */
export function scanViewer(scans, signal) {
  if (scans.length === 0) return notice('warn', text('none'));
  const view = el('div', { role: 'tabpanel', id: 'scan-view' });
  const tabs = scans.map((scan) => el('button', { type: 'button', role: 'tab', 'aria-controls': 'scan-view', 'data-slot': scan.slot, onclick: () => choose(scan) }, text(scan.slot)));
  let address = null;
  const forget = () => { if (address) URL.revokeObjectURL(address); address = null; };
  signal.addEventListener('abort', forget);

  async function choose(scan) {
    for (const tab of tabs) tab.setAttribute('aria-selected', String(tab.dataset.slot === scan.slot));
    view.setAttribute('aria-label', scanNames(scan.slot));
    forget();
    const link = el('p', {}, el('a', { href: scan.url, rel: 'noopener' }, `↓ ${text('open')}`), ' ', el('span', { class: 'hint' }, scan.file_name));
    fill(view, el('p', { class: 'hint', role: 'status' }, text('loading')));
    try {
      const answer = await fetch(scan.url, { signal });
      if (!answer.ok) throw new Error(String(answer.status));
      // The type is the one found by content, whatever the store says.
      address = URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type: scan.media_type }));
      fill(view, scan.media_type === 'application/pdf'
        ? el('iframe', { class: 'scan', src: `${address}#toolbar=0&view=FitH`, title: scanNames(scan.slot) })
        : el('img', { class: 'scan', src: address, alt: scanNames(scan.slot) }), link);
    } catch (error) {
      if (error.name !== 'AbortError') fill(view, notice('bad', text('failed')), link);
    }
  }
  choose(scans[0]);
  return el('div', { class: 'stack' }, el('div', { role: 'tablist', 'aria-label': text('scans') }, tabs), view);
}
