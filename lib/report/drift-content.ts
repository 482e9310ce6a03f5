import type { ObjectDrift } from '../model/drift.ts';
import { managersOf } from '../model/drift-text.ts';
import type { Incident } from '../model/incident.ts';
import { type Content, contentHash, inNamespaces } from './draft.ts';
import { byTools, groupLines } from './group-lines.ts';

/** With more objects than this drifting at once, one incident tells of all: a namespace was deleted, a label was set on everything. */
export const mostAlone = 20;
/** Objects that such an incident names. */
const mostNamed = 500;
/** Characters that their names may take: an item of a table has a limit. */
const longestNames = 90_000;
/** Milliseconds that the clock of an API server may be ahead. */
const skew = 60_000;

/** What people are told of one drifting object. */
export function contentOf(drift: ObjectDrift): Content {
  const fields = drift.fields.map(({ time: _, git: __, ...field }) => field);
  return {
    title: titleOf(drift),
    drift,
    ...inNamespaces([drift.object]),
    contentHash: contentHash({ state: drift.state, reason: drift.reason, fields }),
  };
}

/** When a change was made that was seen at a time: the earliest one of its fields. Empty where the API server does not tell, or something later. */
export function madeAt(drift: ObjectDrift, seen: string): Pick<Incident, 'madeAt'> {
  const times = drift.fields.flatMap(({ time }) => (time === undefined ? [] : [Date.parse(time)]));
  const first = Math.min(...times.filter((time) => !Number.isNaN(time)));
  const last = Date.parse(seen);
  return first <= last + skew ? { madeAt: new Date(Math.min(first, last)).toISOString() } : {};
}

/** What people are told of many; `kept` are lines of objects that this look says nothing about, and `cut` more drift without being named. */
export function groupContent(
  sync: string,
  drifts: readonly ObjectDrift[],
  { kept, cut }: { kept: readonly string[]; cut: number },
): Content {
  const lines = [...kept, ...drifts.map(groupLine)].sort();
  const missing = lines.filter((line) => line.endsWith(' missing')).length;
  const named = firstThatFit(lines);
  const count = lines.length + cut;
  const drifted = `${count} ${count === 1 ? 'object' : 'objects'} of ${sync} drifted`;
  const atLeast = cut === 0 ? '' : 'at least ';
  const areMissing = missing === 0 ? '' : `, ${atLeast}${missing} of them ${missing === 1 ? 'is' : 'are'} missing`;
  const bare = kept.map((line) => ({ object: objectOf(line), state: stateOf(line) }));
  return {
    title: `${drifted}${areMissing}${byTools(drifts, count)}`,
    details: groupLines(drifts, bare, cut),
    many: { objects: named, more: count - named.length },
    ...inNamespaces(lines.map(objectOf)),
    contentHash: contentHash(lines),
  };
}

function firstThatFit(lines: readonly string[]): string[] {
  let room = longestNames;
  return lines.slice(0, mostNamed).filter((line) => {
    room -= line.length;
    return room >= 0;
  });
}

/** The objects that an incident about many names, each with its state. */
export function linesOfGroup({ many, details = [] }: Incident): string[] {
  // Of an older Windlass the lines for people were these, and a store may have cut either.
  return (many?.objects ?? details).filter((line) => /^.+ (?:changed|missing|added|unmanaged)$/.test(line));
}

/** True when an incident about many names all that it counts. */
export function namesAll(group: Incident): boolean {
  const { many, details = [] } = group;
  const all = many === undefined ? details.length : many.objects.length + many.more;
  return linesOfGroup(group).length === all;
}

/** The object of such a line. */
export function objectOf(line: string): string {
  return line.slice(0, line.lastIndexOf(' '));
}

/** How the object of such a line differs. */
export function stateOf(line: string): ObjectDrift['state'] {
  return line.slice(line.lastIndexOf(' ') + 1) as ObjectDrift['state'];
}

/** The objects that an incident about many names. */
export function objectsOf(group: Incident): Set<string> {
  return new Set(linesOfGroup(group).map(objectOf));
}

/** While many objects come back one by one nobody is told again; of new ones people are, where all others are known by name. */
export function bringsNew(group: Incident, drifts: readonly ObjectDrift[]): boolean {
  const named = new Set(linesOfGroup(group));
  return namesAll(group) && drifts.some((drift) => !named.has(groupLine(drift)));
}

function groupLine(drift: ObjectDrift): string {
  return `${drift.object} ${drift.state}`;
}

function titleOf(drift: ObjectDrift): string {
  if (drift.state === 'missing') return `${drift.object} is missing`;
  if (drift.state === 'unmanaged') return `${drift.object} was not declared by anybody`;
  const managers = managersOf(drift).join(', ');
  if (drift.state === 'changed') return `${drift.object} was changed${managers === '' ? '' : ` by ${managers}`}`;
  return managers === ''
    ? `${drift.object} got fields that Git does not have`
    : `${managers} added fields to ${drift.object} that Git does not have`;
}
