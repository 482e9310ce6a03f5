import { printable } from '../../model/drift-text.ts';
import { formatProblem, type Problem } from '../../model/errors.ts';
import type { DriftFound } from '../../model/messages.ts';
import type { Io } from '../command.ts';
import {
  behindOf,
  foundJson,
  howToSay,
  objectLines,
  othersLines,
  short,
  unknownLine,
  verdict,
  whenApplied,
} from './drift.ts';
import { printJson } from './json.ts';
import { type Style, styleFor } from './style.ts';

/** What a check of one sync among others came to. */
export interface CheckedSync {
  sync: string;
  /** Absent where it could not be checked at all. */
  found?: DriftFound;
  /** Why not. */
  failed?: string;
  /** Who suspended it. */
  stops: readonly Problem[];
  /** Names of the syncs that it depends on. */
  dependsOn?: readonly string[];
}

/** What a check of all syncs of a cluster came to. */
export interface CheckedSyncs {
  cluster: string;
  /** Why nothing of the cluster could be looked at. */
  unreachable?: string;
  syncs: readonly CheckedSync[];
  /** Rules that are void or of no use. */
  rules: readonly Problem[];
}

/** So many entries of a list are shown whole; of a longer one fewer, and how many more there are. */
const most = 8;
const ofMore = 5;

/** Prints a check as `{ cluster, unreachable, syncs: [{ sync, revision, drift, ... }], notices }`. */
export function printSyncsJson(io: Io, { cluster, unreachable, syncs, rules }: CheckedSyncs): void {
  printJson(io, {
    cluster,
    ...(unreachable !== undefined && { unreachable }),
    syncs: syncs.map(({ sync, found, failed, stops }) =>
      found === undefined
        ? { sync, revision: null, drift: [], behind: [], unknown: [{ object: '*', reason: failed }], notices: stops }
        : { sync, ...foundJson(found, stops) },
    ),
    notices: rules,
  });
}

/** Prints a check for people: what is to be looked at, sync by sync; the rest in a line; long lists are cut unless `all`. */
export function printSyncs(io: Io, checked: CheckedSyncs, { all }: { all: boolean }): void {
  const style = styleFor(io.stdout, io.env);
  const { cluster, unreachable, syncs, rules } = checked;
  const lines = unreachable === undefined ? foundFirst(syncs).flatMap((one) => syncLines(one, style, all)) : [];
  if (unreachable !== undefined) lines.push(unknownLine({ object: '*', reason: unreachable }, style));
  else
    lines.push(
      ...behindLines(syncs, style),
      ...quietLines(syncs, style, all),
      ...withoutRecordLines(syncs, style, all),
    );
  for (const rule of rules) lines.push(`${style.yellow('note')} ${formatProblem(rule)}`);
  lines.push(`${style.bold(cluster)}: ${unreachable === undefined ? summary(syncs) : 'nothing could be checked'}`);
  io.stdout.write(`${lines.join('\n')}\n`);
}

/** True when a sync needs no more than its name: everything is as it was applied, or as Git has it. */
function isQuiet({ found, stops }: CheckedSync): boolean {
  if (found === undefined || stops.length > 0) return false;
  const { drift, unknown, addedByOthers = [] } = found;
  return drift.length + unknown.length + addedByOthers.length === 0;
}

/** What drifts or could not be checked, before what there is only a note about. */
function foundFirst(syncs: readonly CheckedSync[]): CheckedSync[] {
  const hasFound = ({ found }: CheckedSync) => found === undefined || found.drift.length + found.unknown.length > 0;
  return [...syncs.filter(hasFound), ...syncs.filter((one) => !hasFound(one))];
}

function withoutRecordLines(syncs: readonly CheckedSync[], style: Style, all: boolean): string[] {
  const names = syncs.filter(({ found }) => found?.basis === 'git').map(({ sync }) => sync);
  if (names.length === 0) return [];
  const which = names.length === syncs.length ? 'of no sync a' : `of ${all ? names.join(', ') : someNames(names)} no`;
  return [`${style.yellow('note')} ${which} pull recorded what it applied: they were compared with Git`];
}

function syncLines(checked: CheckedSync, style: Style, all: boolean): string[] {
  if (isQuiet(checked)) return [];
  const { sync, found, failed, stops } = checked;
  if (found === undefined) return [`${style.bold(sync)}: not checked: ${printable(failed ?? '')}`];
  const { revision, drift, unknown, addedByOthers = [] } = found;
  const others = addedByOthers.map((object) => othersLines(object, style, all));
  const how = howToSay(addedByOthers);
  const body = [
    ...cut(
      drift.map((one) => objectLines(one, style, all)),
      style,
      all,
    ),
    ...cut(
      unknown.map((one) => [unknownLine(one, style)]),
      style,
      all,
    ),
    ...cut(others, style, all),
    ...(how === undefined ? [] : [style.dim(how)]),
    ...stops.flatMap((stop) => `${style.yellow('note')} ${formatProblem(stop)}`.split('\n')),
  ];
  const at = revision === undefined ? '' : ` at ${short(revision)}`;
  return [`${style.bold(sync)}${at}: ${verdict(found)}`, ...body.map((line) => `  ${line}`)];
}

/** The first entries of a list that is long. */
function cut(entries: readonly string[][], style: Style, all: boolean): string[] {
  if (all || entries.length <= most) return entries.flat();
  const more = entries.length - ofMore;
  return [...entries.slice(0, ofMore).flat(), style.dim(`and ${more} more; --all shows them`)];
}

/** Syncs that are behind by the same commits are said in one line. */
function behindLines(syncs: readonly CheckedSync[], style: Style): string[] {
  const behind = syncs.flatMap(({ found, stops, dependsOn }) => {
    const then = whenApplied({ isStopped: stops.length > 0, dependsOn });
    return found === undefined ? [] : behindOf(found).map((one) => ({ ...one, then }));
  });
  const groups = Map.groupBy(behind, ({ revision, head, then }) => `${revision} ${head} ${then}`);
  return [...groups.values()].map((group) => {
    const { revision, head, then } = group[0]!;
    const names = someNames(group.map(({ sync }) => sync));
    return `${style.yellow('behind')}  ${names}: the cluster has ${short(revision)}, Git is at ${short(head)}: ${then}`;
  });
}

function quietLines(syncs: readonly CheckedSync[], style: Style, all: boolean): string[] {
  const quiet = syncs.filter(isQuiet).map(({ sync }) => sync);
  const left = [...new Set(syncs.flatMap(({ found }) => found?.leftToControllers ?? []))].map(printable);
  return [
    ...(quiet.length === 0 ? [] : [`${style.green('no drift')}  ${all ? quiet.join(', ') : someNames(quiet)}`]),
    ...(left.length === 0 ? [] : [style.dim(`left to controllers  ${all ? left.join(', ') : someNames(left)}`)]),
  ];
}

function someNames(names: readonly string[]): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, ofMore).join(', ')} and ${names.length - ofMore} more`;
}

function summary(syncs: readonly CheckedSync[]): string {
  const found = syncs.flatMap((one) => one.found ?? []);
  const drifted = found.filter(({ drift }) => drift.length > 0);
  const objects = drifted.reduce((sum, { drift }) => sum + drift.length, 0);
  const blind = syncs.length - found.length + found.filter(({ unknown }) => unknown.length > 0).length;
  const parts = [
    ...(objects === 0
      ? []
      : [`${counted(objects, 'object')} drifted in ${drifted.length} of ${counted(syncs.length, 'sync')}`]),
    ...(blind === 0 ? [] : [`not everything could be checked in ${blind} of ${counted(syncs.length, 'sync')}`]),
  ];
  return parts.join('; ') || `no drift in ${counted(syncs.length, 'sync')}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
