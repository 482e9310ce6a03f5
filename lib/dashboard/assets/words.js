import { clip, h } from './dom.js';

/** A word with a colour and a sign: `good`, `bad`, `busy` or `plain`. The colour is never the only thing that tells. */
export function badge(kind, text) {
  return h('span', { class: `badge ${kind}` }, text);
}

/** The first eight digits of a revision. */
export const short = (revision) => (revision ?? '').slice(0, 8);

/** `1 object`, `3 objects` */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;

const longestValue = 200;
/** What stands before the first difference of two long values. */
const before = 20;

/**
 * How two values of a field are written: text as it is, everything else as JSON, nothing as `not set`. Long ones begin a little before their first
 * difference: their beginnings look alike.
 */
export function twoValues(one, other) {
  const texts = [one, other].map((of) => (typeof of === 'string' ? of : JSON.stringify(of)));
  const isBoth = [one, other].every((of) => of !== undefined && of !== null);
  const start = isBoth ? Math.max(0, firstDifference(...texts) - before) : 0;
  return [one, other].map((of, index) => {
    if (of === undefined || of === null) return 'not set';
    const text = texts[index];
    return text.length <= longestValue || start === 0
      ? clip(text, longestValue)
      : clip(`…${text.slice(start).replace(/^[\uDC00-\uDFFF]/, '')}`, longestValue);
  });
}

function firstDifference(one, other) {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}

/** A repository without its registry: `shop/web`. */
export function shortRepository(repository) {
  const [registry, ...rest] = repository.split('/');
  return rest.length > 0 && /[.:]|^localhost$/.test(registry) ? rest.join('/') : repository;
}

/** What stands where a list has nothing. */
export function nothing(text) {
  return h('p', { class: 'nothing' }, text);
}

export const isOpen = (incident) => incident.resolvedAt === undefined;
