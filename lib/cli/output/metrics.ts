import type { DeliveryFigures, Metrics } from '../../model/delivery-figures.ts';
import type { DriftFigures, Spread } from '../../model/drift-figures.ts';
import type { Io } from '../command.ts';
import { namedRows, namedTable } from './metrics-by-name.ts';
import { time } from './seconds.ts';
import { sparkline } from './sparkline.ts';
import { styleFor } from './style.ts';
import { table } from './table.ts';
import { widthOf } from './width.ts';
import { hanging, wrap } from './wrap.ts';

/** What the figures are of, for people. */
interface About {
  days: number;
  /** `the loop on .windlass`. */
  shown: string;
  /** `image/web`; absent: all. */
  target?: string;
}

/** Prints the figures for people on one screen: over all with their course, a line for each sync and image, and what is not in them. */
export function printMetrics(io: Io, metrics: Metrics, { days, shown, target }: About): void {
  const { from, to, delivery, drift } = metrics;
  const style = styleFor(io.stdout, io.env);
  const width = widthOf(io.stdout);
  const print = (line = '') => io.stdout.write(`${line}\n`);
  const title = `${target === undefined ? '' : `${target}: `}the last ${count(days, 'day')} (${from.slice(0, 10)} to ${to.slice(0, 10)}), by the records of ${shown}`;
  for (const line of wrap(title, width)) print(line);
  const shownTexts = [...deliveryRows(delivery.overall, io, 1), ...driftRows(drift?.overall)].map(
    ([, , text = '']) => text,
  );
  const merged = periodsOfMark(delivery.overall.periods.length, width, shownTexts);
  print(style.dim(`each mark is ${merged === 1 ? `a ${delivery.period}` : count(merged, delivery.period)}`));
  print();
  const first = (cell: string, column: number) => (column === 0 ? style.bold(cell) : cell);
  print(table([...deliveryRows(delivery.overall, io, merged), ...driftRows(drift?.overall)], first));
  const named = namedRows(metrics, target, io);
  if (named.length > 0) {
    const paint = (cell: string, column: number, row: number) => (row === 0 ? style.dim(cell) : first(cell, column));
    print();
    print(namedTable(named, { hasDrift: drift !== undefined, width }, paint));
  }
  const missing = [...notCounted(delivery.overall), ...driftNotCounted(drift?.overall)];
  if (missing.length === 0) return;
  print();
  print('not counted:');
  for (const line of missing) for (const one of hanging('  ', line, width)) print(one);
}

/** Columns beside the course: the longest name of a figure, and the spaces around. */
const besideCourse = 'lead time from commit'.length + 4;
/** Marks that a course has at least. */
const fewestMarks = 7;

/** How many days or weeks are one mark, so that the texts fit beside the marks. */
function periodsOfMark(periods: number, width: number, texts: readonly string[]): number {
  const room = width - besideCourse - Math.max(...texts.map(({ length }) => length));
  return Math.max(1, Math.ceil(periods / Math.max(fewestMarks, room)));
}

/** Of times the longest, of numbers the sum; the last mark ends with the last period. */
function mergedBy(values: readonly number[], size: number, merge: (...of: number[]) => number): number[] {
  const marks: number[] = [];
  for (let end = values.length; end > 0; end -= size)
    marks.unshift(merge(...values.slice(Math.max(0, end - size), end)));
  return marks;
}

const sum = (...of: number[]) => of.reduce((all, one) => all + one, 0);

function deliveryRows(figures: DeliveryFigures, io: Io, merged: number): string[][] {
  const { deployments, perDay, failed, failureRate, rolledBack, undecided, periods } = figures;
  const course = (of: (period: DeliveryFigures['periods'][number]) => number | undefined, merge = Math.max) =>
    sparkline(
      mergedBy(
        periods.map((period) => of(period) ?? 0),
        merged,
        merge,
      ),
      io.env,
    );
  const share =
    failureRate === undefined
      ? '-'
      : `${failed} of ${count(figures.rollouts - undecided, 'roll-out')} (${percent(failureRate)})${rolledBack === 0 ? '' : `, ${rolledBack} rolled back`}`;
  const often =
    deployments === 0 ? '-' : `${deployments}, ${perDay < 10 ? perDay.toFixed(1) : Math.round(perDay)} a day`;
  return [
    ['deployments', course((period) => period.deployments, sum), often],
    ['change failures', course((period) => period.failed, sum), share],
    ['lead time from source', course((period) => period.leadFromSource), spreadText(figures.leadFromSource)],
    ['lead time from push', course((period) => period.leadFromPush), spreadText(figures.leadFromPush)],
    ['lead time from commit', course((period) => period.leadFromCommit), spreadText(figures.leadFromCommit)],
    ['time to restore', course((period) => period.restore), spreadText(figures.restore)],
  ];
}

function driftRows(figures: DriftFigures | undefined): string[][] {
  if (figures === undefined) return [];
  return [
    ['drift', '', count(figures.incidents, 'incident')],
    ['  time to detect', '', spreadText(figures.detect)],
    ['  time to recover', '', spreadText(figures.recover)],
  ];
}

function spreadText(spread: Spread | undefined): string {
  if (spread === undefined) return '-';
  const { count: of, mean, p50, p95 } = spread;
  return of === 1 ? `${time(mean)}, once` : `mean ${time(mean)}, p50 ${time(p50)}, p95 ${time(p95)}, of ${of}`;
}

function notCounted({ undecided, notBumped, notPushed, noSourceTime, down }: DeliveryFigures): string[] {
  return [
    ...lineOf(undecided, 'roll-out', 'neither healthy nor failed: on the way, or overtaken by the next one'),
    ...lineOf(notBumped, 'deployment', 'of commits that no bump made, or the first of a sync: without a lead time'),
    ...lineOf(notPushed, 'deployment', 'of bumps without a push on record: without a lead time from it'),
    ...lineOf(
      noSourceTime,
      'deployment',
      'of images that do not say when their source was committed: without a lead time from it',
    ),
    ...lineOf(down, 'incident', 'of syncs that are not well yet: without a time to restore'),
  ];
}

function driftNotCounted(figures: DriftFigures | undefined): string[] {
  if (figures === undefined) return [];
  const { incidents, open, notTimed } = figures;
  return [
    ...lineOf(open, 'incident', 'of drift still open: without a time to recover'),
    ...lineOf(
      notTimed,
      'incident',
      'of drift of which nobody knows when the change was made (deleted, removed, many at once): without a time to detect',
    ),
    ...(incidents === 0 ? [] : ['drift that was over within its grace period, and incidents that opened before']),
  ];
}

function lineOf(number: number, noun: string, text: string): string[] {
  return number === 0 ? [] : [`${count(number, noun)} ${text}`];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
