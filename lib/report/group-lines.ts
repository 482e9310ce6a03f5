import type { FieldDrift, ObjectDrift } from '../model/drift.ts';
import { managersOf } from '../model/drift-text.ts';
import { parseObjectId } from '../model/object-id.ts';
import { fewOf, shortText } from '../model/shorten.ts';

/** Lines about objects; the rest is counted. */
const mostLines = 45;
/** Of one line: the fields, objects and characters that it names. */
const mostFields = 5;
const mostNames = 3;
const longestLine = 300;
/** Tools that a title or a line names. */
const mostTools = 3;

/** What people want to know first, first. */
const states: readonly ObjectDrift['state'][] = ['changed', 'missing', 'added', 'unmanaged'];

/** What is said of one object; equal things are said once. */
interface Said {
  object: string;
  state: ObjectDrift['state'];
  /** `metadata.labels[team] by kubectl-label`; empty where nothing is known. */
  what: string;
}

/** An object that drifts, of which nothing else is known. */
export type Bare = Pick<ObjectDrift, 'object' | 'state'>;

/**
 * What an incident about many says of them: which tools and when, then the objects, of which those with equal fields, tools and reasons take one line.
 * No values: they are in the audit trail.
 */
export function groupLines(drifts: readonly ObjectDrift[], bare: readonly Bare[], cut: number): string[] {
  const said = [
    ...drifts.map((drift): Said => ({ object: drift.object, state: drift.state, what: whatOf(drift) })),
    ...bare.map((one): Said => ({ ...one, what: '' })),
  ];
  const folds = foldsOf(said);
  const shown = folds.slice(0, mostLines);
  const more = said.length + cut - shown.reduce((sum, { length }) => sum + length, 0);
  const lines = [...toolLines(drifts), ...shown.map(foldLine)].map((line) => shortText(line, longestLine));
  return more === 0 ? lines : [...lines, `and ${more} more`];
}

/** For a title: `, by kubectl-label` of all, `; 3 of them by kubectl-set` of some. Empty where no tool is known. */
export function byTools(drifts: readonly ObjectDrift[], count: number): string {
  const tools = [...new Set(drifts.flatMap(managersOf))].sort();
  const known = drifts.filter((drift) => managersOf(drift).length > 0).length;
  if (known === 0) return '';
  return known === count ? `, by ${fewOf(tools, mostTools)}` : `; ${known} of them by ${fewOf(tools, mostTools)}`;
}

/** A line for each tool: how many objects it changed, and from when to when, as far as that is recorded. */
function toolLines(drifts: readonly ObjectDrift[]): string[] {
  const tools = new Map<string, { objects: Set<string>; times: string[] }>();
  for (const { object, fields } of drifts) {
    for (const { manager, time } of fields) {
      if (manager === undefined) continue;
      const one = tools.get(manager) ?? { objects: new Set(), times: [] };
      one.objects.add(object);
      if (time !== undefined) one.times.push(time);
      tools.set(manager, one);
    }
  }
  const lines = [...tools]
    .sort(([a, one], [b, other]) => other.objects.size - one.objects.size || compare(a, b))
    .map(([tool, { objects, times }]) => `${tool}: ${counted(objects.size)}${span(times.sort())}`);
  const more = lines.length - mostTools;
  return more <= 0 ? lines : [...lines.slice(0, mostTools), `${more} more tools`];
}

function span(times: readonly string[]): string {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return ', when is not recorded';
  return first === last ? `, ${first}` : `, ${first} to ${last}`;
}

function counted(count: number): string {
  return `${count} ${count === 1 ? 'object' : 'objects'}`;
}

function whatOf({ fields, reason }: ObjectDrift): string {
  const paths = new Map<string, string[]>();
  for (const field of fields) {
    const by = byWhom(field);
    paths.set(by, [...(paths.get(by) ?? []), field.path]);
  }
  const told = [...paths].map(([by, of]) => `${fewOf(of, mostFields)} ${by}`);
  return [...(reason === undefined ? [] : [reason]), ...told].join('; ');
}

function byWhom({ manager, subresource, note }: FieldDrift): string {
  if (manager === undefined) return `(${note ?? 'by whom is not recorded'})`;
  return `by ${manager}${subresource === undefined ? '' : ` (${subresource})`}`;
}

/** Things said alike of objects of one kind in one namespace, in the order for people. */
function foldsOf(said: readonly Said[]): Said[][] {
  const folds = new Map<string, Said[]>();
  for (const one of said) {
    const key = JSON.stringify([one.state, placeOf(one.object) ?? one.object, one.what]);
    folds.set(key, [...(folds.get(key) ?? []), one]);
  }
  const first = ([one]: Said[]) => one!;
  return [...folds.values()]
    .map((fold) => fold.sort((a, b) => compare(a.object, b.object)))
    .sort(
      (a, b) =>
        states.indexOf(first(a).state) - states.indexOf(first(b).state) || compare(first(a).object, first(b).object),
    );
}

/** `45 ConfigMap in team-many added: metadata.labels[oops] by kubectl-label (a, b, c and 42 more)`. */
function foldLine(fold: Said[]): string {
  const [{ object, state, what }] = fold as [Said];
  const details = what === '' ? '' : `: ${what}`;
  if (fold.length === 1) return `${object} ${state}${details}`;
  const names = fold.map((one) => parseObjectId(one.object)?.name ?? one.object);
  return `${fold.length} ${placeOf(object)} ${state}${details} (${fewOf(names, mostNames)})`;
}

/** `apps/Deployment in shop`; undefined for what is no name of an object. */
function placeOf(object: string): string | undefined {
  const id = parseObjectId(object);
  if (id === undefined) return undefined;
  const kind = id.group === '' ? id.kind : `${id.group}/${id.kind}`;
  return id.namespace === '' ? kind : `${kind} in ${id.namespace}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
