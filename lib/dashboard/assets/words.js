import { clip, h } from './dom.js';

/** A word with a colour and a sign: `good`, `bad`, `busy` or `plain`. The colour is never the only thing that tells. */
export function badge(kind, text) {
  return h('span', { class: `badge ${kind}` }, text);
}

/** The first eight digits of a revision. */
export const short = (revision) => (revision ?? '').slice(0, 8);

/** `1 object`, `3 objects` */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** How a value of a field is written: text as it is, everything else as JSON, nothing as `not set`. */
export function value(of) {
  if (of === undefined || of === null) return 'not set';
  return clip(typeof of === 'string' ? of : JSON.stringify(of), 200);
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
