import { api } from '../../core/api.js';
import { el, fill } from '../../core/dom.js';
import { words } from '../../core/i18n.js';

const text = words({
  province: ['省(自治区/直辖市)', 'Province'],
  city: ['市', 'City'],
  county: ['区(县)', 'County'],
});

const LEVELS = ['province', 'city', 'county'];

/** 省、市、区县 of GB/T 2260 as three choices; the value is the code of one that is not divided further. */
export function divisionChoice(code, signal) {
  const known = new Map();
  const selects = LEVELS.map((level, at) => el('select', { 'aria-label': text(level), disabled: at > 0, onchange: () => chosen(at) }, el('option', { value: '' }, text(level))));
  const node = el('div', { class: 'join' }, selects);

  async function offer(at, parent) {
    const answer = await api.get(`/applications/divisions${parent ? `?parent=${parent}` : ''}`, signal);
    for (const one of answer) known.set(one.code, one);
    fill(selects[at], el('option', { value: '' }, text(LEVELS[at])), answer.map((one) => el('option', { value: one.code }, one.name)));
    selects[at].disabled = false;
    return answer;
  }

  async function chosen(at) {
    for (const later of selects.slice(at + 1)) {
      fill(later, el('option', { value: '' }, later.getAttribute('aria-label')));
      later.disabled = true;
    }
    const { value } = selects[at];
    if (value && known.get(value)?.has_more && selects[at + 1]) await offer(at + 1, value).catch(() => {});
  }

  /** Walks down to a code: each level's digits begin with those of the one above. */
  async function restore() {
    let answer = await offer(0, null);
    for (let at = 0; at < LEVELS.length && code; at += 1) {
      const found = answer.find((one) => one.code === code) ?? answer.find((one) => one.has_more && code.startsWith(one.code.slice(0, at * 2 + 2)));
      if (!found) return;
      selects[at].value = found.code;
      if (!found.has_more || !selects[at + 1]) return;
      answer = await offer(at + 1, found.code);
    }
  }
  restore().catch(() => {});

  return {
    node,
    value() {
      const last = selects.map((select) => select.value).filter(Boolean).pop();
      return last && !known.get(last)?.has_more ? last : '';
    },
  };
}
