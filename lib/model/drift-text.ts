import type { FieldDrift, ObjectDrift } from './drift.ts';
import { type ValueChange, valueChanges } from './value-changes.ts';

const longestValue = 120;
/** Of a place where long values differ, and of its path. */
const longestPart = 60;
/** What stands before the first difference of two long values. */
const before = 20;

/** Finds in what two values differ, as `valueChanges` does. */
type ChangesOf = (git: unknown, live: unknown) => readonly ValueChange[] | undefined;

/** Why an object is missing: its fields' managers went with it. */
export const missingReason = 'deleted, by whom is not recorded';

/** One line for each thing that differs in an object: `apps/Deployment/shop/web: spec.replicas is 5, Git says 3 (kubectl, Update, scale, 12:01:33)`. `changesOf` may know what values mean. */
export function driftLines(drift: ObjectDrift, changesOf: ChangesOf = valueChanges): string[] {
  const object = printable(drift.object);
  if (drift.state === 'missing') return [`${object} is missing: ${printable(drift.reason ?? missingReason)}`];
  if (drift.state === 'unmanaged')
    return [`${object} is in the cluster, but nobody declared it${because(drift.reason)}`];
  const lines = drift.fields.map((field) => `${object}: ${fieldText(field, changesOf)}`);
  if (lines.length > 0 && drift.reason === undefined) return lines;
  return [`${object} was ${drift.state}${because(drift.reason)}`, ...lines];
}

/** What is different in one field, what Git says, and who did it when: `spec.replicas is 5, Git says 3 (kubectl, Update, scale, 12:01:33)`. */
export function fieldText(field: FieldDrift, changesOf: ChangesOf = valueChanges): string {
  return `${printable(field.path)} ${differenceText(field, changesOf)} (${attribution(field)})`;
}

/**
 * How a value differs: `is 5, Git says 3`. Of long values the places where they differ: `differs: [0].port is 81, Git says 80; and 2 more`.
 * `verb` is `was` for what is over.
 */
export function differenceText(
  { live, git }: Pick<FieldDrift, 'live' | 'git'>,
  changesOf: ChangesOf = valueChanges,
  verb: 'is' | 'was' = 'is',
): string {
  const isLong = git !== undefined && [live, git].some((value) => jsonOf(value).length > longestValue);
  const changes = isLong ? changesOf(git, live) : undefined;
  if (changes === undefined) return sidesText({ live, git }, longestValue, verb);
  return `${verb === 'is' ? 'differs' : 'differed'}: ${someChanges(changes, verb)}`;
}

/** As many changes as take no more room than two cut values; one at least. */
function someChanges(changes: readonly ValueChange[], verb: 'is' | 'was'): string {
  const texts = changes.slice(0, longestPart).map((change) => changeText(change, verb));
  const ends = texts.map((_, index) => texts.slice(0, index + 1).join('').length);
  const shown = texts.slice(0, Math.max(1, ends.filter((end) => end <= 2 * longestValue).length));
  const more = changes.length - shown.length;
  return [...shown, ...(more === 0 ? [] : [`and ${more} more`])].join('; ');
}

function changeText(change: ValueChange, verb: 'is' | 'was'): string {
  const { path, live, git } = change;
  const isBoth = 'live' in change && 'git' in change;
  // The end of a path says more than its beginning.
  const at = path === '' ? '' : `${printable(path.length > longestPart ? `…${path.slice(-longestPart)}` : path)} `;
  if (isBoth) return `${at}${sidesText({ live, git }, longestPart, verb)}`;
  if (at === '')
    return `${cutText('live' in change ? live : git, longestPart)} ${verb} ${'live' in change ? 'added' : 'gone'}`;
  return 'live' in change
    ? `${at}${verb} ${cutText(live, longestPart)}, Git has none`
    : `${at}${verb} gone, Git says ${cutText(git, longestPart)}`;
}

/** Both values, from a little before their first difference where they are long. */
function sidesText({ live, git }: Pick<FieldDrift, 'live' | 'git'>, longest: number, verb: 'is' | 'was'): string {
  const isBoth = live !== undefined && git !== undefined;
  const start = isBoth ? Math.max(0, firstDifference(jsonOf(live), jsonOf(git)) - before) : 0;
  const is = live === undefined ? `${verb} gone` : `${verb} ${cutText(live, longest, start)}`;
  return git === undefined ? is : `${is}, Git says ${cutText(git, longest, start)}`;
}

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}

/** Who changed a field, as far as the API server tells: `kubectl-set, Update, 12:01:33`, or what is known instead. */
export function attribution(field: FieldDrift, { date = false } = {}): string {
  const time = field.time === undefined || date ? field.time : timeText(field.time);
  const when = time ?? (field.manager === undefined ? undefined : 'when is not recorded');
  const known = [field.manager, field.operation, field.subresource, when, field.note].filter(
    (part) => part !== undefined,
  );
  return known.length === 0 ? 'by whom is not recorded' : printable(known.join(', '));
}

/** The managers that a drift names, without repetition. */
export function managersOf(drift: ObjectDrift): string[] {
  return [...new Set(drift.fields.flatMap((field) => field.manager ?? []))];
}

/** A value as JSON, cut when it is long, without characters that change how a terminal shows it. */
export function valueText(value: unknown): string {
  return cutText(value, longestValue);
}

function cutText(value: unknown, longest: number, start = 0): string {
  const text = jsonOf(value);
  if (text.length <= longest) return printable(text);
  const end = start + longest;
  // A cut must not leave half of a surrogate pair.
  const part = text.slice(start, end).replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '');
  return printable(`${start > 0 ? '…' : ''}${part}${end < text.length ? '…' : ''}`);
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

/** A text on one line: control and direction characters are written as `\u001b`. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${printable(reason)}`;
}

// managedFields give UTC to the second; the day is left out where a person reads a message of today.
function timeText(time: string): string {
  const match = /T(\d{2}:\d{2}:\d{2})/.exec(time);
  return match?.[1] ?? time;
}
