import { tag } from '../../core/dom.js';
import { words } from '../../core/i18n.js';

const text = words({
  complete: ['已完成', 'Complete'],
  overdue: ['已逾期 {n} 天', '{n} days overdue'],
  today: ['今天到期', 'Due today'],
  left: ['剩 {n} 天', '{n} days left'],
  things: ['{n} 项', '{n} items'],
  nothing: ['无', 'Nothing'],
});

/** How much time a case has left (one week after archiving, manual 3.7). */
export function dueTag(one) {
  if (one.complete) return tag('good', text('complete'));
  if (one.days_left < 0) return tag('bad', text('overdue', { n: -one.days_left }));
  if (one.days_left === 0) return tag('warn', text('today'));
  return tag(one.days_left <= 2 ? 'warn' : 'info', text('left', { n: one.days_left }));
}

export const missing = (one) => (one.missing ? text('things', { n: one.missing }) : text('nothing'));
