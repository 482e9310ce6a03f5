import type { DeliveryFigures, Metrics } from '../../model/delivery-figures.ts';
import type { DriftFigures, Spread } from '../../model/drift-figures.ts';
import type { Io } from '../command.ts';
import { time } from './seconds.ts';
import { sparkline } from './sparkline.ts';
import { table } from './table.ts';

const head = ['', 'deployed', '', 'failed', 'from push: p50', 'p95', 'restored: p50', 'p95', 'drift', 'recovered: p50'];
/** Columns of a narrower table: without the courses, and without the 95th percentiles. */
const narrower = [
  [0, 1, 3, 4, 5, 6, 7, 8, 9],
  [0, 1, 3, 4, 6, 8, 9],
];
const shortHead: Readonly<Record<string, string>> = {
  'from push: p50': 'from push',
  'restored: p50': 'restored',
  'recovered: p50': 'recovered',
};

/** The table of the syncs and images, with the columns that there is room for. Of an image there is no drift. */
export function namedTable(
  named: string[][],
  { hasDrift, width }: { hasDrift: boolean; width: number },
  paint: (cell: string, column: number, row: number) => string,
): string {
  const [all, ...less] = [head.map((_, column) => column), ...narrower].map((columns) => {
    const meant = columns.filter((column) => hasDrift || column < 8);
    // Without its neighbour each time is the median.
    const name = (text: string) => (columns === narrower.at(-1) ? (shortHead[text] ?? text) : text);
    return [head.map(name), ...named].map((row) => meant.map((column) => row[column]!));
  });
  const fits = (rows: string[][]) =>
    table(rows)
      .split('\n')
      .every(({ length }) => length <= width);
  return table([all!, ...less].find(fits) ?? less.at(-1)!, paint);
}

/** A row for each sync and image; of the one that was asked for it would be the same again. */
export function namedRows({ delivery, drift }: Metrics, target: string | undefined, io: Io): string[][] {
  const syncs = new Set([...Object.keys(delivery.syncs), ...Object.keys(drift?.syncs ?? {})]);
  const ofSyncs = [...syncs].sort().map((name) => rowOf(`sync/${name}`, delivery.syncs[name], drift?.syncs[name], io));
  const ofImages = Object.entries(delivery.images).map(([name, figures]) =>
    rowOf(`image/${name}`, figures, undefined, io),
  );
  return [...ofSyncs, ...ofImages].filter(([name]) => name !== target);
}

function rowOf(name: string, of: DeliveryFigures | undefined, drift: DriftFigures | undefined, io: Io): string[] {
  const marks = of === undefined ? [] : of.periods.map(({ deployments }) => deployments);
  return [
    ...[name, String(of?.deployments ?? 0), sparkline(marks, io.env), String(of?.failed ?? 0)],
    ...[cell(of?.leadFromPush, 'p50'), cell(of?.leadFromPush, 'p95')],
    ...[cell(of?.restore, 'p50'), cell(of?.restore, 'p95')],
    ...[drift === undefined ? '-' : String(drift.incidents), cell(drift?.recover, 'p50')],
  ];
}

function cell(spread: Spread | undefined, of: 'p50' | 'p95'): string {
  return spread === undefined ? '-' : time(spread[of]);
}
