// Builds elements from data and brings the page to them. Text only ever becomes text: nothing here parses HTML, so no name, tag or message can inject any.

// Control characters (but line breaks), direction marks and invisible characters are written out: they could make a text read as another one.
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the page
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

export function printable(text) {
  return text.replace(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text that fits: what is longer ends in an ellipsis. */
export function clip(text, length) {
  const characters = [...text.slice(0, length * 2)];
  return characters.length <= length && text.length <= length * 2
    ? text
    : `${characters.slice(0, length - 1).join('')}…`;
}

/** An element with attributes (`class`, `title`, ...) and children (elements and texts, in lists of any depth; null, undefined and false are left out). */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined && value !== null && value !== false)
      element.setAttribute(name, value === true ? '' : printable(String(value)));
  }
  element.append(...nodes(children));
  return element;
}

/** Makes these the children of a parent. What is there and stays the same is not touched: focus, selection, typed text and open details stay. */
export function fill(parent, ...children) {
  morphChildren(parent, nodes(children));
}

function nodes(children) {
  return children
    .flat(Number.POSITIVE_INFINITY)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(printable(String(child)))));
}

function morphChildren(parent, wanted) {
  const before = [...parent.childNodes];
  const keyed = new Map(before.filter(keyOf).map((node) => [keyOf(node), node]));
  const unkeyed = before.filter((node) => !keyOf(node));
  const pairs = wanted.map((next) => {
    const key = keyOf(next);
    const old = key ? keyed.get(key) : unkeyed.shift();
    if (key) keyed.delete(key);
    return old?.nodeName === next.nodeName ? { old, next } : { next };
  });
  const kept = new Set(pairs.map(({ old }) => old));
  for (const node of before) if (!kept.has(node)) node.remove();
  let place = parent.firstChild;
  for (const { old, next } of pairs) {
    const node = old ?? next;
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    if (old !== undefined) morph(old, next);
  }
}

function morph(old, next) {
  if (old.isEqualNode(next)) return;
  if (!(old instanceof Element)) {
    old.nodeValue = next.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    // A person opens and closes details, not the data.
    if (!next.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value && name !== 'open') old.setAttribute(name, value);
  }
  morphChildren(old, [...next.childNodes]);
}

function keyOf(node) {
  return node instanceof HTMLElement ? node.dataset.key : undefined;
}

/** A time that says how long ago it was, and keeps saying so. */
export function ago(iso) {
  return h('time', { datetime: iso, title: new Date(iso).toLocaleString() }, sayAgo(iso));
}

/** Brings all times of the page up to date. */
export function tick() {
  for (const element of document.querySelectorAll('time')) {
    const text = sayAgo(element.getAttribute('datetime'));
    if (element.textContent !== text) element.textContent = text;
  }
}

function sayAgo(iso) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));
  if (Number.isNaN(seconds)) return 'at an unknown time';
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}
