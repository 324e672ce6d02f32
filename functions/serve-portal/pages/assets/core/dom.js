/** Makes an element. Text is always set as text, never as markup, so no value of a file can become part of the page. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, '');
    else node.setAttribute(key, value);
  }
  put(node, children);
  return node;
}

/** Appends nodes and texts, skipping what is not there. */
export function put(node, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** Replaces what a node holds. */
export function fill(node, ...children) {
  node.replaceChildren();
  return put(node, children);
}

/** A message: `bad` is read aloud at once, the others when there is time. */
export const notice = (kind, ...children) => el('div', { class: `notice ${kind}`, role: kind === 'bad' ? 'alert' : 'status' }, children);

export const button = (label, onclick, attributes = {}) => el('button', { type: 'button', onclick, ...attributes }, label);

export const tag = (tone, label) => el('span', { class: `tag ${tone}` }, label);

/** What is shown where there is nothing. */
export const empty = (...children) => el('div', { class: 'empty' }, children);

let last = 0;
export const uniqueId = (prefix) => `${prefix}-${(last += 1)}`;

/** Runs `work` again and again, `pause` milliseconds apart, as long as it answers true and the page is open. */
export async function repeat(signal, pause, work) {
  while (!signal.aborted && await work()) {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, pause);
      signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
    });
  }
}
