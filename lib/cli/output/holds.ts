import { holdPath } from '../../config/holds.ts';
import { printable } from '../../model/drift-text.ts';
import { formatProblem, type Problem } from '../../model/errors.ts';
import type { Hold } from '../../policy/spec.ts';
import type { StopChange } from '../change-suspends.ts';
import type { Io } from '../command.ts';
import { filled, printNotes } from './filled.ts';
import { printJson } from './json.ts';
import { printStops } from './stops.ts';
import { styleFor } from './style.ts';

/** A hold of the branch, and whether it is in force. */
export interface ListedHold {
  hold: Hold;
  isVoid: boolean;
}

/** What a command did to the holds of one image. */
export interface HoldReport {
  image: string;
  branch: string;
  /** `is held`, `would be released`: what is so now. */
  verdict: string;
  change: StopChange;
  revision?: string;
  /** The holds that were made or deleted. */
  holds: ListedHold[];
  remarks: string[];
  /** What is to be pushed by hand, in words. */
  toPush: string[];
}

/** Prints a list of holds: what is kept, past which tag it ends, by whom and why. */
export function printHolds(io: Io, listed: readonly ListedHold[], problems: readonly Problem[]): void {
  const style = styleFor(io.stdout, io.env);
  const rows = listed.map(({ hold, isVoid }) => ({
    cells: [`image/${hold.image}`, `on ${hold.tag}`, `past ${hold.past}`, endOf(hold, isVoid), hold.id],
    why: `${hold.why ?? ''} (${hold.by ?? ''})`,
    isVoid,
  }));
  printStops(io, rows);
  if (rows.length === 0 && problems.length === 0) io.stdout.write('nothing is held\n');
  for (const problem of problems)
    io.stdout.write(`${style.red('unreadable')} ${formatProblem(problem).split('\n').map(printable).join('\n')}\n`);
}

/** Prints the list as `{ holds, problems }`. */
export function printHoldsJson(io: Io, listed: readonly ListedHold[], problems: readonly Problem[]): void {
  printJson(io, { holds: listed.map(holdJson), problems });
}

/** Prints what was done. */
export function printHold(io: Io, { image, verdict, change, revision, holds, remarks, toPush }: HoldReport): void {
  const style = styleFor(io.stdout, io.env);
  const at = revision === undefined ? '' : ` (${revision.slice(0, 12)})`;
  const dry = change !== undefined && revision === undefined ? ' (a dry run, nothing was written)' : '';
  const begin = { begin: `${printable(`image/${image}`)} `, paint: style.bold, indent: 2 };
  io.stdout.write(`${filled(io, begin, `${verdict}${at}${dry}`)}\n`);
  for (const { hold, isVoid } of holds) {
    const end = hold.until === undefined ? '' : `, ${endOf(hold, isVoid)}`;
    const text = `${holdPath(hold)}: on ${hold.tag}, past ${hold.past}${end}: ${hold.why ?? ''} (${hold.by ?? ''})`;
    io.stdout.write(`${filled(io, { begin: '  ', indent: 4 }, text)}\n`);
  }
  printNotes(io, [...remarks, ...toPush]);
}

/** Prints what was done as JSON. */
export function printHoldJson(io: Io, report: HoldReport): void {
  const { image, branch, change, revision = null, holds, remarks, toPush } = report;
  const files = change?.files.map(({ path, bytes }) => ({ path, act: bytes === undefined ? 'delete' : 'add' })) ?? [];
  printJson(io, {
    ...{ target: `image/${image}`, branch, changed: revision !== null },
    ...{ wouldChange: change !== undefined && revision === null, revision, subject: change?.subject ?? null },
    ...{ files, holds: holds.map(holdJson), remarks: [...remarks, ...toPush], pushNeeded: toPush.length > 0 },
  });
}

function holdJson({ hold, isVoid }: ListedHold) {
  const { id, image, tag, past, by, why, until, at } = hold;
  return { id, file: holdPath(hold), image, tag, past, who: by, why, until, at, void: isVoid };
}

function endOf({ until }: Hold, isVoid: boolean): string {
  if (until === undefined) return 'until then';
  return isVoid ? `void since ${until}` : `until ${until}`;
}
