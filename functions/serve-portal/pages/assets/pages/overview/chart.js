import { el } from '../../core/dom.js';

/** A chart of the service, put into the page so that its words are read aloud and printed. */
export function chart({ name, title, svg }) {
  const drawn = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  const holder = el('div', { class: 'table chart', role: 'region', 'aria-label': title, tabindex: 0, 'data-chart': name }, document.importNode(drawn, true));
  return el('figure', { class: 'stack' }, el('figcaption', {}, el('h2', {}, title)), holder);
}
