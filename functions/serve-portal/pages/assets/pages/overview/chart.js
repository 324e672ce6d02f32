import { api, explain } from '../../core/api.js';
import { el, fill, notice } from '../../core/dom.js';

/** A chart of the service, put into the page so that its words are read aloud and printed. */
export function chart({ name, title, query, signal }) {
  const holder = el('div', { class: 'table chart', role: 'region', 'aria-label': title, tabindex: 0, 'data-chart': name });
  api.text(`/overview/charts/${name}?${query}`, signal).then((svg) => {
    const drawn = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
    fill(holder, document.importNode(drawn, true));
  }, (error) => { if (!signal.aborted) fill(holder, notice('bad', explain(error))); });
  return el('figure', { class: 'stack' }, el('figcaption', {}, el('h2', {}, title)), holder);
}
