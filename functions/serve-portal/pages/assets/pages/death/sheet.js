import { api } from '../../core/api.js';
import { el, fill, notice } from '../../core/dom.js';
import { Form, choice } from '../../core/form.js';
import { either, inLanguage, moment, words } from '../../core/i18n.js';
import { fromField, isMoment, toField } from '../../core/moments.js';

const text = words({
  groups: ['参数分类导航', 'Groups of fields'],
  needed: ['标记为 * 的内容为必填项；未填完也可以先保存。', 'Items marked * are required; an unfinished sheet can be saved.'],
  none_dash: ['没有的填“-”', '“-” for none'],
  example: ['例如 {example}', 'e.g. {example}'],
  add: ['添加…', 'Add…'],
  saved: ['已保存，填写完整。', 'Saved; nothing is missing.'],
  saved_with: ['已保存。还有 {n} 项需要填写或修改，见各项下方的说明。', 'Saved. {n} fields are still missing or wrong; see below each.'],
  stale: ['{by} 已于 {at} 保存过本病例，您的修改尚未保存。请记下修改内容，刷新页面后重新填写。', '{by} saved this case at {at}; your changes are not saved. Note them, reload the page and fill them in again.'],
});

/** 数据输入: the sheet, its fields from the interface standard; what is incomplete is saved as it is. */
export function sheet({ at, first, form: described, saved }) {
  let { version } = first;
  let untouched = true;
  const general = el('div');
  const form = new Form({
    label: text('save'),
    async submit() {
      const filled = Object.entries(form.values()).filter(([, value]) => value !== '');
      try {
        const now = await api.put(`${at}/sheet`, { version, values: Object.fromEntries(filled) });
        version = now.version;
        untouched = true;
        saved(now);
        judged(now.defects, true);
      } catch (error) {
        if (error.facts?.by) form.tell('bad', text('stale', { by: error.facts.by, at: moment(error.facts.at, 'short') }));
        else form.fail(error);
      }
    },
  });
  const required = new Set(described.groups.flatMap((group) => group.fields.filter((field) => field.required).map((field) => field.code)));

  const groups = described.groups.map((group, n) => el('fieldset', { class: 'card', id: `group-${n}` }, el('legend', {}, inLanguage(group, 'name')), el('div', { class: 'fields' }, group.fields.map(field))));
  form.build(el('p', { class: 'hint' }, text('needed')), general, groups);
  form.node.classList.add('stack');
  form.node.addEventListener('input', () => { untouched = false; });
  form.node.addEventListener('change', () => { untouched = false; });
  const nav = el('nav', { class: 'card', 'aria-label': text('groups') }, el('h2', {}, text('groups')), el('ul', { class: 'plainlist' }, described.groups.map((group, n) => el('li', {}, el('a', { href: `#group-${n}` }, inLanguage(group, 'name'))))));
  // A sheet that nobody has saved yet is not scolded.
  judged(first.version > 1 ? first.defects : [], false);

  function field(one) {
    const value = first.values[one.code] ?? '';
    const notes = [one.dash && text('none_dash'), inLanguage(one, 'note'), one.example && !one.choices?.length && text('example', { example: one.example })].filter(Boolean);
    const common = { name: one.code, label: [inLanguage(one, 'name'), required.has(one.code) && el('span', { class: 'star', 'aria-hidden': 'true' }, '*')], hint: notes.join(either('；', '; ')) || null };
    const plain = (more = {}) => form.field({ ...common, value, maxlength: one.max_length || null, ...more });
    if (one.type === 'code') {
      // A value of no code is kept and shown, so that it can be seen to be wrong.
      const known = one.choices.map((code) => [code.code, `${code.code} ${inLanguage(code, 'label')}`]);
      if (value && !one.choices.some((code) => code.code === value)) known.push([value, value]);
      return form.field({ ...common, control: choice(known, { value }) });
    }
    if (one.type === 'codes') {
      const input = el('input', { value, maxlength: one.max_length || null });
      const add = choice(one.choices.map((code) => [code.code, `${code.code} ${inLanguage(code, 'label')}`]), { blank: text('add'), 'aria-label': text('add') });
      add.addEventListener('change', () => { if (add.value) { input.value = [input.value.trim(), add.value].filter(Boolean).join(','); add.value = ''; } });
      return form.field({ ...common, control: el('div', { class: 'join' }, input, add) });
    }
    if (one.type === 'long_text') return form.field({ ...common, wide: true, control: el('textarea', { maxlength: one.max_length || null }, value) });
    // What the browser's field could not show would be lost by saving.
    if (one.type === 'datetime' && !one.dash && (!value || isMoment(value))) return plain({ value: toField(value), type: 'datetime-local', step: 1, maxlength: null, max: '2099-12-31T23:59:59', read: () => fromField(form.input(one.code).value) });
    if (one.type === 'date' && !one.dash && (!value || /^\d{4}-\d{2}-\d{2}$/.test(value))) return plain({ type: 'date', maxlength: null, max: '2099-12-31' });
    return plain({ inputmode: one.type === 'integer' ? 'numeric' : one.type === 'decimal' ? 'decimal' : null });
  }

  /** Shows what the rules say of the sheet, each at its field. */
  function judged(defects, told) {
    const errors = defects.filter((one) => one.severity === 'error');
    form.mark(defects.filter((one) => one.field).map((one) => ({ field: one.field, message: inLanguage(one, 'detail'), soft: one.severity !== 'error' })));
    const loose = defects.filter((one) => !one.field);
    fill(general, loose.map((one) => notice(one.severity === 'error' ? 'bad' : 'warn', inLanguage(one, 'detail'), ' ', inLanguage(one, 'mend'))));
    if (told) {
      form.tell(errors.length ? 'warn' : 'good', errors.length ? text('saved_with', { n: errors.length }) : text('saved'));
      scrollTo({ top: 0 });
    }
  }

  return { node: el('div', { class: 'sheet' }, nav, form.node), dirty: () => !untouched };
}
