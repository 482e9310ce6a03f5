import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from 'js-yaml';
import { readScalar } from './yaml-scalars.ts';

/** Where a node begins, with its tag, anchor or quote. */
export function offsetOf(event: Event): number {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) return 0;
  let start = event.type === EVENT_ID.SCALAR ? event.valueStart : event.start;
  if (event.type === EVENT_ID.SCALAR && isQuoted(event.style)) start--;
  const places = [event.tagStart, event.anchorStart - 1, start].filter((place) => place >= 0);
  return places.length === 0 ? 0 : Math.min(...places);
}

/** Looks for a key, as JSON has it, in the mapping whose first key is at `index`. Goes through all of it: for problems only. */
export function keyOffset(text: string, events: readonly Event[], index: number, name: string): number | undefined {
  let key = index;
  while (events[key]!.type !== EVENT_ID.POP) {
    const event = events[key]!;
    if (nameOf(text, event) === name) return offsetOf(event);
    key = behind(events, behind(events, key));
  }
  return undefined;
}

/** The index behind the node at an index. */
function behind(events: readonly Event[], index: number): number {
  let depth = 0;
  let next = index;
  do {
    const { type } = events[next++]!;
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) depth++;
    else if (type === EVENT_ID.POP) depth--;
  } while (depth > 0);
  return next;
}

function nameOf(text: string, event: Event): string | undefined {
  if (event.type !== EVENT_ID.SCALAR) return undefined;
  const written = getScalarValue(text, event);
  if (event.style !== SCALAR_STYLE.PLAIN || event.tagStart >= 0) return written;
  const scalar = readScalar(written);
  const value = 'value' in scalar ? scalar.value : written;
  return Number.isInteger(value) || typeof value === 'boolean' ? String(value) : written;
}

function isQuoted(style: number): boolean {
  return style === SCALAR_STYLE.DOUBLE_QUOTED || style === SCALAR_STYLE.SINGLE_QUOTED;
}
