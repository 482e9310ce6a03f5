import type { Rebuilt } from '../../audit/rebuild.ts';
import { printable } from '../../model/drift-text.ts';
import type { Io } from '../command.ts';
import { printJson } from './json.ts';
import { styleFor } from './style.ts';
import { table } from './table.ts';

/** What `windlass audit rebuild` did. */
export interface RebuildReport extends Rebuilt {
  repo: string;
  branch: string;
  dryRun: boolean;
}

const mostShown = 20;

/** How far it is, in one line of a terminal; nothing where nobody looks. */
export function progressLine({ stderr }: Io, { commits, telling }: Pick<Rebuilt, 'commits' | 'telling'>): void {
  if (stderr.isTTY)
    stderr.write(`\r\u001b[K${number(commits)} commits read, ${number(telling)} of them tell something`);
}

/** Prints it as `{ repo, branch, head, dryRun, commits, telling, kinds, records }`. */
export function printRebuiltJson(io: Io, report: RebuildReport): void {
  const { repo, branch, head, dryRun, commits, telling, kinds, missing: records } = report;
  clearLine(io);
  printJson(io, { repo, branch, head, dryRun, commits, telling, kinds, records });
}

/** Prints it for people: what was missing, the newest first, and how many of each kind there are now. */
export function printRebuilt(io: Io, report: RebuildReport, shown: string): void {
  const { repo, branch, dryRun, commits, telling, kinds, missing } = report;
  const style = styleFor(io.stdout, io.env);
  const print = (line: string) => io.stdout.write(`${line}\n`);
  clearLine(io);
  const rows = missing.slice(0, mostShown).map(({ at, kind, summary }) => [seconds(at), kind, printable(summary)]);
  if (rows.length > 0) print(table(rows, (cell, column) => (column === 0 ? style.dim(cell) : cell)));
  if (missing.length > mostShown) print(`... and ${number(missing.length - mostShown)} more`);
  const did = dryRun ? 'missing' : 'restored';
  for (const [kind, { missing: lost, there }] of Object.entries(kinds))
    print(`${style.bold(kind)}: ${number(lost)} ${did}, ${number(there)} there already`);
  print(`${number(commits)} commits of ${branch} of ${printable(repo)}, ${number(telling)} of them tell something`);
  const dry = dryRun ? ' (a dry run, nothing was written)' : '';
  print(`${style.green(verdict(missing.length, dryRun))} in the records of ${printable(shown)}${dry}`);
}

function verdict(lost: number, dryRun: boolean): string {
  if (lost === 0) return 'nothing is missing';
  const what = lost === 1 ? 'one record' : `${number(lost)} records`;
  const verb = lost === 1 ? ['is', 'was'] : ['are', 'were'];
  return dryRun ? `${what} ${verb[0]} missing` : `${what} ${verb[1]} restored`;
}

function clearLine({ stderr }: Io): void {
  if (stderr.isTTY) stderr.write('\r\u001b[K');
}

/** `2026-11-22 12:01:40`, of a time in UTC. */
function seconds(at: string): string {
  return at.slice(0, 19).replace('T', ' ');
}

function number(value: number): string {
  return value.toLocaleString('en');
}
