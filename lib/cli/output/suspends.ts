import { printable } from '../../model/drift-text.ts';
import { formatProblem, type Problem } from '../../model/errors.ts';
import type { ChangedStops, ListedSuspend } from '../change-suspends.ts';
import type { Io } from '../command.ts';
import { targetOf } from '../suspend-target.ts';
import { printJson } from './json.ts';
import { styleFor } from './style.ts';
import { table } from './table.ts';

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
}

/** Prints a list of suspends as `{ suspends, problems }`. */
export function printSuspendsJson(io: Io, listed: readonly ListedSuspend[], problems: readonly Problem[]): void {
  printJson(io, { suspends: listed.map(suspendJson), problems });
}

/** Prints it for people: a line for each suspend, who asked for it and why, and the files that cannot be read. */
export function printSuspends(io: Io, listed: readonly ListedSuspend[], problems: readonly Problem[]): void {
  const style = styleFor(io.stdout, io.env);
  const rows = listed.map((one) => [targetOf(one), statusOf(one), one.why, `(${one.by})`].map(printable));
  const paint = (cell: string, column: number, row: number) => {
    if (listed[row]!.isVoid) return style.dim(cell);
    return column === 0 ? style.yellow(cell) : cell;
  };
  if (rows.length > 0) io.stdout.write(`${table(rows, paint)}\n`);
  else if (problems.length === 0) io.stdout.write('nothing is suspended\n');
  for (const problem of problems)
    io.stdout.write(`${style.red('unreadable')} ${printableLines(formatProblem(problem))}\n`);
}

/** Prints what was done as `{ target, changed, revision, message, suspends, remarks }`. */
export function printStopJson(io: Io, report: StopReport): void {
  const { target, branch, change, revision = null, suspends, remarks } = report;
  const files = change?.files.map(({ path, bytes }) => ({ path, act: bytes === undefined ? 'delete' : 'add' })) ?? [];
  printJson(io, {
    ...{ target, branch, changed: revision !== null, wouldChange: change !== undefined && revision === null },
    ...{ revision, subject: change?.subject ?? null, files, suspends: suspends.map(suspendJson), remarks },
  });
}

/** Prints it for people. */
export function printStop(io: Io, { target, verdict, change, revision, suspends, remarks }: StopReport): void {
  const style = styleFor(io.stdout, io.env);
  const print = (line: string) => io.stdout.write(`${line}\n`);
  const at = revision === undefined ? '' : ` (${revision.slice(0, 12)})`;
  const dry = change !== undefined && revision === undefined ? ' (a dry run, nothing was written)' : '';
  print(`${style.bold(printable(target))} ${verdict}${at}${dry}`);
  for (const one of suspends) print(`  ${printable(`${one.path}: ${one.why} (${one.by}${whenOf(one)})`)}`);
  for (const remark of remarks) print(`${style.yellow('note')} ${printable(remark)}`);
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
