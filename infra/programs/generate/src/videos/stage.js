// What lies over the page while it is filmed: the pointer, a ring around what is used, cards. Set through the style objects of nodes,
// which the pages' policy allows. A popover stands above dialogs too.
const [what, ...values] = arguments;
const brand = '#0b3f5e';

function make(parent, name, style, text) {
  const node = document.createElement(name);
  Object.assign(node.style, style);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function stage() {
  let node = document.getElementById('film-stage');
  if (!node) {
    node = make(document.body, 'div', { position: 'fixed', inset: '0', width: '100vw', height: '100vh', margin: '0', padding: '0', border: '0', background: 'none', pointerEvents: 'none', overflow: 'hidden' });
    node.id = 'film-stage';
    node.popover = 'manual';
    node.setAttribute('aria-hidden', 'true');
    const place = window.filmPointer ?? { x: innerWidth / 2, y: innerHeight * 0.6 };
    const ring = make(node, 'div', { position: 'absolute', display: 'none', border: '3px solid #e08a00', borderRadius: '10px', boxShadow: '0 0 0 4px rgb(224 138 0 / 25%)' });
    const chip = make(node, 'div', { position: 'absolute', display: 'none', background: '#18242f', color: '#fff', borderRadius: '6px', padding: '4px 12px', font: '14px/1.6 "Noto Sans CJK SC", sans-serif', boxShadow: '0 4px 14px rgb(0 0 0 / 30%)', whiteSpace: 'nowrap' });
    const card = make(node, 'div', { position: 'absolute', inset: '0', display: 'none' });
    const pointer = make(node, 'div', { position: 'absolute', width: '26px', height: '26px', left: `${place.x}px`, top: `${place.y}px` });
    const space = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(space, 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    const path = document.createElementNS(space, 'path');
    for (const [key, value] of Object.entries({ d: 'M4 2 L4 19 L8.6 14.9 L11.6 21.6 L14.4 20.3 L11.5 13.8 L17.6 13.4 Z', fill: '#111', stroke: '#fff', 'stroke-width': '1.5' })) path.setAttribute(key, value);
    svg.append(path);
    pointer.append(svg);
    node.parts = { ring, chip, card, pointer };
  }
  if (node.matches(':popover-open')) node.hidePopover();
  node.showPopover();
  return node.parts;
}

/** The lines of a card: a title page, a page of text, or a terminal. */
function draw(card, kind, title, lines) {
  card.replaceChildren();
  const dark = kind === 'terminal';
  Object.assign(card.style, { display: 'flex', flexDirection: 'column', justifyContent: 'center', gap: '10px', padding: dark ? '36px 48px' : '0 96px', background: kind === 'title' ? brand : dark ? '#12181d' : '#f3f6f9', color: kind === 'text' ? '#18242f' : '#fff' });
  if (kind === 'title') {
    make(card, 'div', { font: '17px/1.5 "Noto Sans CJK SC", sans-serif', opacity: '.8' }, '流感医疗服务监测系统 · 视频教程');
    make(card, 'div', { font: '600 38px/1.4 "Noto Sans CJK SC", sans-serif' }, title);
    make(card, 'div', { width: '72px', height: '4px', background: '#e08a00', borderRadius: '2px', marginTop: '6px' });
  } else if (dark) {
    card.style.justifyContent = 'flex-start';
    make(card, 'div', { font: '13px/1 "Noto Sans CJK SC", sans-serif', color: '#8fa3b3', marginBottom: '6px' }, title);
  } else {
    make(card, 'div', { font: '600 26px/1.5 "Noto Sans CJK SC", sans-serif', color: brand }, title);
  }
  const face = dark ? '15px/1.7 "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace' : kind === 'title' ? '18px/1.7 "Noto Sans CJK SC", sans-serif' : '19px/1.8 "Noto Sans CJK SC", sans-serif';
  for (const line of lines) make(card, 'div', { font: face, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', color: dark && line.startsWith('$') ? '#9fd0ff' : 'inherit' }, line);
}

/** Whether a box can be seen whole, and stands clear of the captions. */
const clear = (box) => box.top >= 56 && box.bottom <= innerHeight - 84;

switch (what) {
  case 'pointer': {
    const { pointer } = stage();
    [window.filmPointer] = values;
    pointer.style.left = `${values[0].x}px`;
    pointer.style.top = `${values[0].y}px`;
    return null;
  }
  case 'where': {
    stage();
    return window.filmPointer ?? { x: innerWidth / 2, y: innerHeight * 0.6 };
  }
  case 'ring': {
    const { ring } = stage();
    const box = values[0]?.getBoundingClientRect();
    Object.assign(ring.style, box ? { display: 'block', left: `${box.left - 7}px`, top: `${box.top - 7}px`, width: `${box.width + 14}px`, height: `${box.height + 14}px` } : { display: 'none' });
    return null;
  }
  case 'chip': {
    const { chip, pointer } = stage();
    const [text] = values;
    Object.assign(chip.style, { display: text ? 'block' : 'none', left: `${Math.min(parseFloat(pointer.style.left) + 20, innerWidth - 320)}px`, top: `${parseFloat(pointer.style.top) + 22}px` });
    chip.textContent = text ?? '';
    return null;
  }
  case 'card': {
    const { card, pointer } = stage();
    const [kind, title, lines] = values;
    pointer.style.display = kind ? 'none' : 'block';
    if (kind) draw(card, kind, title, lines); else card.style.display = 'none';
    return null;
  }
  case 'bring': {
    // Where an element is to be scrolled from and to.
    const from = scrollY;
    const [node] = values;
    if (!clear(node.getBoundingClientRect())) node.scrollIntoView({ block: 'center', behavior: 'instant' });
    const to = scrollY;
    if (to !== from) scrollTo({ top: from, behavior: 'instant' });
    return { from, to };
  }
  case 'scroll':
    scrollTo({ top: values[0], behavior: 'instant' });
    return null;
  case 'box': {
    const box = values[0].getBoundingClientRect();
    return { x: box.left + Math.min(box.width / 2, 160), y: box.top + box.height / 2 };
  }
  case 'text':
    return [...document.body.children].filter((node) => node.id !== 'film-stage').map((node) => node.innerText).join('\n');
  case 'holder': {
    // The smallest thing that is seen and holds a text.
    const [text] = values;
    const all = [...document.querySelectorAll('body > :not(#film-stage) *')].filter((node) => node.offsetParent && node.innerText?.includes(text));
    const last = all.at(-1) ?? null;
    return last?.closest('td, th, li, .notice, p, section.card') ?? last;
  }
  default:
    throw new Error(what);
}
