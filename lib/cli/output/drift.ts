import type { FieldDrift, ObjectDrift } from '../../model/drift.ts';
import { attribution, managersOf, missingReason, printable } from '../../model/drift-text.ts';
import { formatProblem, type Problem } from '../../model/errors.ts';
import type { DriftFound } from '../../model/messages.ts';
import type { Io } from '../command.ts';
import { printJson } from './json.ts';
import { type Style, styleFor } from './style.ts';
import { valueLines } from './values.ts';

/** A sync that Git is ahead of: the cluster has `revision`, the branch is at `head`. */
export interface Behind {
  sync: string;
  revision: string;
  head: string;
}

/** Empty when the cluster has what the branch's head says, or when either is not known. */
export function behindOf({ sync, revision, head }: DriftFound): Behind[] {
  return revision === undefined || head === undefined || revision === head ? [] : [{ sync, revision, head }];
}

/** Prints a check as `{ revision, basis, drift, addedByOthers, rules, behind, unknown, notices }`. */
export function printDriftJson(io: Io, found: DriftFound, notices: readonly Problem[]): void {
  printJson(io, foundJson(found, notices));
}

/** A check of one sync as programs read it. */
export function foundJson(found: DriftFound, notices: readonly Problem[]) {
  const { revision, basis, drift, addedByOthers, rules, unknown } = found;
  return {
    revision: revision ?? null,
    ...(basis !== undefined && { basis }),
    drift: driftJson(drift),
    ...(addedByOthers !== undefined && { addedByOthers: driftJson(addedByOthers) }),
    ...(rules !== undefined && { rules }),
    ...{ behind: behindOf(found), unknown, notices },
  };
}

/** Drift as programs read it; of a Secret hashes. */
export function driftJson(drift: readonly ObjectDrift[]) {
  return drift.map(objectJson);
}

function objectJson({ object, state, fields, reason }: ObjectDrift) {
  return { object, state, fields: fields.map(fieldJson), ...(reason !== undefined && { reason }) };
}

// The same order of keys in every field, whoever made it.
function fieldJson({ path, git, live, manager, operation, subresource, time, note }: FieldDrift): FieldDrift {
  return { path, git, live, manager, operation, subresource, time, note };
}

/** What people should know beside what was found: who stopped the sync, and which rules are of no use. */
export interface DriftNotices {
  stops: readonly Problem[];
  rules: readonly Problem[];
  /** Names of the syncs that it depends on. */
  dependsOn?: readonly string[];
}

/** When what Git is ahead with gets to the cluster: a sync is not pulled before what it depends on is there and healthy. */
export function whenApplied({
  isStopped,
  dependsOn = [],
}: {
  isStopped: boolean;
  dependsOn?: readonly string[];
}): string {
  if (isStopped) return 'no pull applies it';
  const first =
    dependsOn.length === 0 ? '' : `, once ${dependsOn.join(', ')} ${dependsOn.length === 1 ? 'is' : 'are'} healthy`;
  return `the next pull applies it${first}`;
}

/** Prints a check for people: each object with its fields, what could not be checked, and one line that says it all. */
export function printDrift(io: Io, found: DriftFound, { stops, rules, dependsOn }: DriftNotices): void {
  const style = styleFor(io.stdout, io.env);
  const print = (line: string) => io.stdout.write(`${line}\n`);
  for (const object of found.drift) for (const line of objectLines(object, style, true)) print(line);
  for (const one of found.unknown) print(unknownLine(one, style));
  for (const lines of (found.addedByOthers ?? []).map((one) => othersLines(one, style, true))) lines.forEach(print);
  const how = howToSay(found.addedByOthers ?? []);
  if (how !== undefined) print(style.dim(`  ${how}`));
  for (const object of found.leftToControllers) print(style.dim(`left to a controller  ${printable(object)}`));
  for (const { revision, head } of behindOf(found)) {
    const then = whenApplied({ isStopped: stops.length > 0, dependsOn });
    print(`${style.yellow('behind')}  the cluster has ${short(revision)}, Git is at ${short(head)}: ${then}`);
  }
  if (found.basis === 'git') {
    const head = found.head === undefined ? '' : ` at ${short(found.head)}`;
    print(`${style.yellow('note')} no pull recorded what it applied: the cluster was compared with Git${head}`);
  }
  for (const notice of [...stops, ...rules]) print(`${style.yellow('note')} ${formatProblem(notice)}`);
  const at = found.revision === undefined ? '' : ` at ${short(found.revision)}`;
  print(`${style.bold(found.sync)}${at}: ${verdict(found)}`);
}

/** What unknown programs added to an object. */
export function othersLines(object: ObjectDrift, style: Style, all: boolean): string[] {
  const [, ...fields] = objectLines(object, style, all);
  return [`${style.dim('added by others')}  ${printable(object.object)}`, ...fields];
}

/** What could not be checked, and why. */
export function unknownLine({ object, reason }: DriftFound['unknown'][number], style: Style): string {
  return `${style.yellow('unknown')}  ${object === '*' ? 'everything' : printable(object)}: ${printable(reason)}`;
}

/** How Git would say what these programs are; undefined where nothing was added. */
export function howToSay(added: readonly ObjectDrift[]): string | undefined {
  const managers = [...new Set(added.flatMap(managersOf))].sort().map(printable).join(', ');
  if (managers === '') return undefined;
  const how = `in drift.managers of windlass.yaml, alert: [${managers}] makes it drift, silent: [${managers}] leaves it out`;
  return `no drift: it is not known whether these are people's tools; ${how}`;
}

/** One object with its fields; `whole` cuts no value. */
export function objectLines(drift: ObjectDrift, style: Style, whole = false): string[] {
  const known = drift.reason ?? (drift.state === 'missing' ? missingReason : undefined);
  const reason = known === undefined ? '' : `: ${printable(known)}`;
  return [
    `${style.red(drift.state)}  ${printable(drift.object)}${reason}`,
    ...(drift.state === 'unmanaged' ? [] : drift.fields.flatMap((one) => fieldLines(one, style, whole))),
  ];
}

function fieldLines(field: FieldDrift, style: Style, whole: boolean): string[] {
  return [
    `    ${printable(field.path)}`,
    ...valueLines(field, style, whole).map((line) => `      ${line}`),
    `      by       ${attribution(field, { date: true })}`,
  ];
}

/** What a check came to, in few words. */
export function verdict({ drift, unknown }: Pick<DriftFound, 'drift' | 'unknown'>): string {
  const parts = [
    ...(drift.length === 0 ? [] : [`${drift.length} ${drift.length === 1 ? 'object' : 'objects'} drifted`]),
    ...(unknown.length === 0 ? [] : ['not everything could be checked']),
  ];
  return parts.join(', ') || 'no drift';
}

/** A commit, short. */
export function short(revision: string): string {
  return printable(revision.slice(0, 12));
}
