import type { FunctionFile } from '../../functions/bundle.ts';
import { type Aim, atMost } from './aims.ts';
import { median, percentile } from './numbers.ts';
import { bytes, memory, type Table, time } from './result.ts';

/** The start of a sandbox, until it asks for an event. Times are in milliseconds. */
export interface Start {
  pid: number;
  init: number;
  /** Processor time. */
  processor: number;
}

/** One sandbox of a function. Times are in milliseconds. */
export interface SandboxSample {
  start: Start;
  /** That of the trivial handler just before it. */
  trivial: Start;
  first: number;
  steady: number[];
  /** The most memory that it ever had, in kilobytes. */
  peak: number;
}

/** What was measured of a function. */
export interface FunctionMeasured {
  name: FunctionFile;
  bytes: number;
  samples: SandboxSample[];
}

/** Milliseconds of a start above that of a trivial handler, and bytes of bundles. */
const limits = { aboveTrivial: 150, bytes: { 'bump-on-push': 1_000_000, 'drift-on-schedule': 2_000_000 } };

/** A row a function. */
export function startTable(measured: readonly FunctionMeasured[], trivial: readonly Start[]): Table {
  const cells = (starts: readonly Start[]) => {
    const inits = starts.map(({ init }) => init);
    return [time(median(inits)), time(percentile(inits, 0.95)), time(median(starts.map(({ processor }) => processor)))];
  };
  const rows = measured.map(({ name, bytes: size, samples }) => [
    ...[name, bytes(size), ...cells(samples.map(({ start }) => start))],
    time(median(samples.map(aboveTrivial))),
  ]);
  return {
    title: 'Until a new sandbox asks for its first event',
    columns: ['function', 'bundle', 'p50', 'p95', 'processor time, p50', 'above a trivial handler, p50'],
    rows: [['a trivial handler', '', ...cells(trivial), ''], ...rows],
  };
}

/** A row a function. */
export function eventTable(measured: readonly FunctionMeasured[]): Table {
  return {
    title: 'Events',
    columns: ['function', 'first, p50', 'p95', 'later ones, p50', 'p95', 'memory, at most'],
    rows: measured.map(({ name, samples }) => {
      const first = samples.map((sample) => sample.first);
      const steady = samples.flatMap((sample) => sample.steady);
      const peak = Math.max(...samples.map((sample) => sample.peak));
      const times = [first, steady].flatMap((all) => [time(median(all)), time(percentile(all, 0.95))]);
      return [name, ...times, memory(peak)];
    }),
  };
}

/** What the functions are to keep to. */
export function lambdaAims(measured: readonly FunctionMeasured[]): Aim[] {
  const starts = measured.map(({ name, samples }) => ({
    what: `${name}: start above a trivial handler's, p50`,
    ...atMost(median(samples.map(aboveTrivial)), limits.aboveTrivial, time),
  }));
  const sizes = Object.entries(limits.bytes).flatMap(([name, limit]) => {
    const found = measured.find((one) => one.name === name);
    return found === undefined ? [] : [{ what: `${name}: bundle`, ...atMost(found.bytes, limit, bytes) }];
  });
  return [...starts, ...sizes];
}

function aboveTrivial({ start, trivial }: SandboxSample): number {
  return start.init - trivial.init;
}
