import type { DriftFigures, DriftMetrics, Spread } from '../../model/drift-figures.ts';
import type { Io } from '../command.ts';
import { styleFor } from './style.ts';
import { table } from './table.ts';

const head = ['', 'incidents', 'detect: mean', 'p50', 'p95', 'recover: mean', 'p50', 'p95'];

/** Prints the figures for people: a line for each sync and one for all, and what is not counted in them. */
export function printMetrics(io: Io, { from, to, overall, syncs }: DriftMetrics, days: number): void {
  const style = styleFor(io.stdout, io.env);
  const print = (line: string) => io.stdout.write(`${line}\n`);
  const span = `${from.slice(0, 10)} to ${to.slice(0, 10)}`;
  if (overall.incidents === 0) print(`no drift was told in the last ${count(days, 'day')} (${span})`);
  else {
    print(`drift that was told in the last ${count(days, 'day')} (${span})`);
    const rows = [...Object.entries(syncs).map(([sync, figures]) => rowOf(sync, figures)), rowOf('overall', overall)];
    const paint = (cell: string, column: number, row: number) =>
      row === 0 ? style.dim(cell) : row === rows.length || column === 0 ? style.bold(cell) : cell;
    print(table([head, ...rows], paint));
  }
  print('not counted:');
  for (const line of notCounted(overall)) print(`  ${line}`);
}

function rowOf(name: string, { incidents, detect, recover }: DriftFigures): string[] {
  return [name, String(incidents), ...cellsOf(detect), ...cellsOf(recover)];
}

function cellsOf(spread: Spread | undefined): string[] {
  return spread === undefined ? ['-', '-', '-'] : [spread.mean, spread.p50, spread.p95].map(time);
}

function notCounted({ open, notTimed }: DriftFigures): string[] {
  return [
    ...(open === 0 ? [] : [`${count(open, 'incident')} still open: without a time to recover`]),
    ...(notTimed === 0
      ? []
      : [
          `${count(notTimed, 'incident')} of which nobody knows when the change was made (deleted, removed, many at once): without a time to detect`,
        ]),
    'drift that was over within its grace period, and incidents that opened before',
  ];
}

/** A time in seconds, for people: `0.4 s`, `45 s`, `12 min`, `3.2 h`, `2.1 d`. */
export function time(seconds: number): string {
  const units: [limit: number, size: number, name: string][] = [
    [60, 1, 's'],
    [3_600, 60, 'min'],
    [172_800, 3_600, 'h'],
    [Number.POSITIVE_INFINITY, 86_400, 'd'],
  ];
  const [, size, name] = units.find(([limit]) => seconds < limit)!;
  const value = seconds / size;
  return `${value < 10 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value)} ${name}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
