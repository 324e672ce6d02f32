import { api } from '../../core/api.js';
import { button, el } from '../../core/dom.js';
import { inLanguage, words } from '../../core/i18n.js';

const text = words({
  from: ['开始日期', 'From'], to: ['结束日期', 'To'], kind: ['数据类别', 'Kind'], province: ['省份', 'Province'], all: ['全国', 'Whole country'],
  show: ['查看', 'Show'], week: ['近7天', '7 days'], month: ['近30天', '30 days'], year: ['近一年', 'One year'], quick: ['常用时间段', 'Common periods'],
});

const beijing = (moment) => new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(moment);
export const today = () => beijing(new Date());
export const daysAgo = (days) => beijing(new Date(Date.now() - days * 86_400_000));

/** What is shown: days, kind, and for viewers of the whole country the province. */
export function filters({ asked, kinds, own, open }) {
  const field = (name, control) => el('div', { class: 'field' }, el('label', { for: `overview-${name}` }, text(name)), control);
  const day = (name) => el('input', { type: 'date', id: `overview-${name}`, value: asked[name] });
  const [from, to] = [day('from'), day('to')];
  const kind = el('select', { id: 'overview-kind' }, kinds.map((one) => el('option', { value: one.code, selected: one.code === asked.kind }, inLanguage(one, 'name'))));
  const province = el('select', { id: 'overview-province' }, el('option', { value: '' }, text('all')));
  if (!own) {
    api.get('/applications/divisions').then((found) => {
      for (const one of found) province.append(el('option', { value: one.code.slice(0, 2), selected: one.code.slice(0, 2) === asked.province }, one.name));
    }, () => province.closest('.field').remove());
  }
  const period = (name, days) => button(text(name), () => open({ from: daysAgo(days - 1), to: today() }), { class: 'plain small' });
  return el('form', { class: 'card stack', onsubmit: (event) => { event.preventDefault(); open({ from: from.value, to: to.value, kind: kind.value, province: own ? '' : province.value, city: '' }); } },
    el('div', { class: 'fields' }, field('from', from), field('to', to), field('kind', kind), !own && field('province', province)),
    el('div', { class: 'row' }, el('button', { type: 'submit' }, text('show')), el('div', { class: 'row', role: 'group', 'aria-label': text('quick') }, period('week', 7), period('month', 30), period('year', 365))));
}
