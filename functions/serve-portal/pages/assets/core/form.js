import { button, el, fill, notice, uniqueId } from './dom.js';
import { words } from './i18n.js';

const text = words();

/**
 * A form whose fields carry their own errors; all of them are summarised on top, each leading to its field.
 * `fields()` makes fields with `form.field(…)`; `submit(values)` may throw an `ApiError`.
 */
export class Form {
  #fields = new Map();
  #summary = el('div', { class: 'summary', tabindex: -1 });

  constructor({ submit, label, also = [] }) {
    this.button = el('button', { type: 'submit' }, label);
    this.node = el('form', { novalidate: true, onsubmit: (event) => { event.preventDefault(); this.#send(submit); } });
    this.actions = el('div', { class: 'row' }, this.button, also);
  }

  /** The summary, then the content, then the buttons. */
  build(...content) {
    fill(this.node, this.#summary, content, this.actions);
    return this;
  }

  /**
   * A field: `name`, `label`, `control` (an input unless given), `hint`, `required`, `check(value)` giving a message.
   * `read()` reads the value where the control is more than one element.
   */
  field({ name, label, hint, required = false, wide = false, control, read, check, ...attributes }) {
    const id = uniqueId(name.replace(/\W/g, '-'));
    const input = control ?? el('input', { type: 'text', ...attributes });
    const target = input.matches('input, select, textarea') ? input : input.querySelector('input, select, textarea');
    target.id = id;
    if (!target.name) target.name = name;
    if (required) target.setAttribute('aria-required', 'true');
    const wrong = el('p', { class: 'wrong', id: `${id}-wrong`, hidden: true });
    const notes = hint ? el('p', { class: 'hint', id: `${id}-hint` }, hint) : null;
    target.setAttribute('aria-describedby', [hint && `${id}-hint`, `${id}-wrong`].filter(Boolean).join(' '));
    const node = el('div', { class: `field${wide ? ' wide' : ''}` },
      el('label', { for: id }, label, required && el('span', { class: 'star', 'aria-hidden': 'true' }, '*')), input, wrong, notes);
    const value = read ?? (() => target.value.trim());
    const plain = [].concat(label).filter((part) => typeof part === 'string').join('');
    this.#fields.set(name, { name, name_text: plain, target, wrong, required, check, value });
    input.addEventListener('input', () => this.#mark(name, null));
    input.addEventListener('change', () => this.#mark(name, null));
    return node;
  }

  values() {
    return Object.fromEntries([...this.#fields.values()].map((field) => [field.name, field.value()]));
  }

  input(name) { return this.#fields.get(name).target; }

  /** Marks fields and summarises: `[{ field, message }]`; those of no field here are only summarised. */
  errors(list) {
    for (const name of this.#fields.keys()) this.#mark(name, null);
    for (const one of list) this.#mark(one.field, one.message);
    if (list.length === 0) { fill(this.#summary); return; }
    const items = list.map(({ field, message }) => {
      const known = this.#fields.get(field);
      return el('li', {}, known
        ? el('a', { href: `#${known.target.id}`, onclick: (event) => { event.preventDefault(); known.target.focus(); } }, `${known.name_text}：${message}`)
        : message);
    });
    fill(this.#summary, notice('bad', el('strong', {}, text('please_mend', { n: list.length })), el('ul', {}, items)));
    this.#summary.focus();
  }

  /** Marks fields without summarising; a `soft` mark is worth a look and no mistake. */
  mark(list) {
    for (const name of this.#fields.keys()) this.#mark(name, null);
    for (const one of list) this.#mark(one.field, one.message, one.soft);
  }

  /** Shows a message on top. */
  tell(kind, ...message) {
    fill(this.#summary, message.length ? notice(kind, message) : null);
    if (kind === 'bad') this.#summary.focus();
  }

  #mark(name, message, soft = false) {
    const field = this.#fields.get(name);
    if (!field) return;
    if (message && !soft) field.target.setAttribute('aria-invalid', 'true');
    else field.target.removeAttribute('aria-invalid');
    field.wrong.hidden = !message;
    field.wrong.classList.toggle('soft', soft);
    field.wrong.textContent = message ?? '';
  }

  check() {
    const wrong = [];
    for (const { name, required, check, value } of this.#fields.values()) {
      const now = value();
      const blank = Array.isArray(now) ? now.length === 0 : now === '' || now === null || now === undefined;
      const message = required && blank ? text('required') : check && !blank ? check(now) : null;
      if (message) wrong.push({ field: name, message });
    }
    this.errors(wrong);
    return wrong.length === 0;
  }

  async #send(submit) {
    if (this.button.disabled || !this.check()) return;
    this.button.disabled = true;
    this.node.setAttribute('aria-busy', 'true');
    try {
      await submit(this.values());
    } catch (error) {
      this.fail(error);
    } finally {
      this.button.disabled = false;
      this.node.removeAttribute('aria-busy');
    }
  }

  /** Shows what the service said. */
  fail(error) {
    if (error.fields?.length) this.errors(error.fields);
    else this.tell('bad', error.message);
  }
}

/** A choice; `options`: `[value, label]`. */
export function choice(options, { value = '', blank = text('choose_one'), ...attributes } = {}) {
  const node = el('select', attributes, blank !== null && el('option', { value: '' }, blank), options.map(([key, label]) => el('option', { value: key }, label)));
  node.value = value;
  return node;
}

/** A button that is off while its work is under way. */
export function working(label, work, attributes = {}) {
  const node = button(label, async () => {
    if (node.disabled) return;
    node.disabled = true;
    try { await work(node); } finally { node.disabled = false; }
  }, attributes);
  return node;
}
