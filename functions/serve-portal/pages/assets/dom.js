/** Makes an element. Text is always set as text, never as markup, so no value of a file can become part of the page. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, '');
    else node.setAttribute(key, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** Shows these nodes as the page. */
export function show(...nodes) {
  const main = document.getElementById('main');
  main.replaceChildren(...nodes);
}

export function announce(kind, message, ...more) {
  return el('p', { class: `notice ${kind}`, role: kind === 'bad' ? 'alert' : 'status' }, message, ...more);
}
