import { printable } from '../../model/drift-text.ts';
import { formatProblem, type Problem } from '../../model/errors.ts';
import type { ChangedStops, ListedSuspend } from '../change-suspends.ts';
import type { Io } from '../command.ts';
import { targetOf } from '../suspend-target.ts';
import { filled, printNotes } from './filled.ts';
import { printJson } from './json.ts';
import { printStops } from './stops.ts';
import { styleFor } from './style.ts';

/** What a command did to the suspends of one subject. */
export interface StopReport extends Pick<ChangedStops, 'change' | 'revision'> {
  target: string;
  branch: string;
  /** `suspended`, or `is suspended already`: what is so now. */
  verdict: string;
  /** The suspends that were made or deleted, or that were there already. */
  suspends: ListedSuspend[];
  /** What else stops it, or may. */
  remarks: string[];
  /** What is to be pushed by hand, in words. */
  toPush: string[];
}

/** Prints a list of suspends as `{ suspends, problems }`. */
export function printSuspendsJson(io: Io, listed: readonly ListedSuspend[], problems: readonly Problem[]): void {
  printJson(io, { suspends: listed.map(suspendJson), problems });
}

/** Prints it for people: a line for each suspend, who asked for it and why, and the files that cannot be read. */
export function printSuspends(io: Io, listed: readonly ListedSuspend[], problems: readonly Problem[]): void {
  const style = styleFor(io.stdout, io.env);
  const rows = listed.map((one) => ({
    cells: [targetOf(one), statusOf(one)],
    why: `${one.why} (${one.by})`,
    isVoid: one.isVoid,
  }));
  printStops(io, rows);
  if (rows.length === 0 && problems.length === 0) io.stdout.write('nothing is suspended\n');
  for (const problem of problems)
    io.stdout.write(`${style.red('unreadable')} ${printableLines(formatProblem(problem))}\n`);
}

/** Prints what was done as `one object`. */
export function printStopJson(io: Io, report: StopReport): void {
  const { target, branch, change, revision = null, suspends, remarks, toPush } = report;
  const files = change?.files.map(({ path, bytes }) => ({ path, act: bytes === undefined ? 'delete' : 'add' })) ?? [];
  printJson(io, {
    ...{ target, branch, changed: revision !== null, wouldChange: change !== undefined && revision === null },
    ...{
      revision,
      subject: change?.subject ?? null,
      files,
      suspends: suspends.map(suspendJson),
      remarks: [...remarks, ...toPush],
      pushNeeded: toPush.length > 0,
    },
  });
}

/** Prints it for people. */
export function printStop(io: Io, { target, verdict, change, revision, suspends, remarks, toPush }: StopReport): void {
  const style = styleFor(io.stdout, io.env);
  const print = (line: string) => io.stdout.write(`${line}\n`);
  const at = revision === undefined ? '' : ` (${revision.slice(0, 12)})`;
  const dry = change !== undefined && revision === undefined ? ' (a dry run, nothing was written)' : '';
  const begin = { begin: `${printable(target)} `, paint: style.bold, indent: 2 };
  print(filled(io, begin, `${verdict}${at}${dry}`));
  for (const one of suspends)
    print(filled(io, { begin: '  ', indent: 4 }, `${one.path}: ${one.why} (${one.by}${whenOf(one)})`));
  printNotes(io, [...remarks, ...toPush]);
}

function suspendJson({ path, by, why, until, at, isVoid, ...subject }: ListedSuspend) {
  return { target: targetOf(subject), file: path, who: by, why, until, at, void: isVoid };
}

function statusOf({ until, isVoid }: ListedSuspend): string {
  if (until === undefined) return 'until it is resumed';
  return isVoid ? `void since ${until}` : `until ${until}`;
}

function whenOf({ at, until, isVoid }: ListedSuspend): string {
  const since = at === undefined ? '' : `, ${at}`;
  return until === undefined ? since : `${since}, ${isVoid ? 'void since' : 'until'} ${until}`;
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
