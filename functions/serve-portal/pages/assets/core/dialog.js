import { button, el, uniqueId } from './dom.js';
import { words } from './i18n.js';

const text = words();

/** Opens a dialog; `build(close)` gives its content. Resolves with what `close` was given, `undefined` when dismissed. */
export function dialog(title, build) {
  return new Promise((resolve) => {
    let result;
    const heading = uniqueId('dialog');
    const close = (value) => { result = value; node.close(); };
    const node = el('dialog', { 'aria-labelledby': heading }, el('h2', { id: heading }, title));
    node.append(...[].concat(build(close)).filter(Boolean));
    node.addEventListener('close', () => { node.remove(); resolve(result); });
    document.body.append(node);
    node.showModal();
  });
}

/** Asks before something that cannot be taken back. */
export function confirm({ title, message, yes, danger = false }) {
  return dialog(title, (close) => [
    el('p', {}, message),
    el('div', { class: 'row' },
      button(text('cancel'), () => close(false), { class: 'plain' }),
      button(yes ?? text('confirm'), () => close(true), { class: danger ? 'danger strong' : null, autofocus: true })),
  ]);
}
