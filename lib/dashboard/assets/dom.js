// Builds elements from data. Text only ever becomes text: nothing here parses HTML, so no name, tag or message can inject any.

/** An element with properties (`class`, `title`, `datetime`, ...) and children (elements, texts; null is left out). */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== undefined && value !== null && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Makes a parent's children those of `items`, keeping the element of a key whose content did not change: focus, selection and open details stay. */
export function list(parent, items, keyOf, build) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const next = items.map((item) => {
    const key = keyOf(item);
    const content = JSON.stringify(item);
    const old = known.get(key);
    if (old !== undefined && old.dataset.content === content) return old;
    const element = build(item, old);
    element.dataset.key = key;
    element.dataset.content = content;
    if (old?.querySelector('details')?.open) element.querySelector('details')?.setAttribute('open', '');
    return element;
  });
  if (next.length !== parent.children.length || next.some((child, index) => parent.children[index] !== child)) {
    const focused = document.activeElement;
    parent.replaceChildren(...next);
    if (focused instanceof HTMLElement && parent.contains(focused)) focused.focus();
  }
}

/** A time that says how long ago it was, and keeps saying so. */
export function ago(iso) {
  const element = h('time', { datetime: iso, title: new Date(iso).toLocaleString() });
  element.textContent = sayAgo(iso);
  return element;
}

/** Brings all times of the page up to date. */
export function tick() {
  for (const element of document.querySelectorAll('time'))
    element.textContent = sayAgo(element.getAttribute('datetime'));
}

function sayAgo(iso) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}
