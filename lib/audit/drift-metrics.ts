import type { ObjectDrift } from '../model/drift.ts';
import type { Incident } from '../model/incident.ts';
import type { RecordsReader } from './ports.ts';

/** How long something took, in seconds. The percentiles are by nearest rank: each is a time that there was. */
export interface Spread {
  count: number;
  mean: number;
  p50: number;
  p95: number;
}

/** What became of some drift incidents. */
export interface DriftFigures {
  incidents: number;
  /** Not over yet: without a time to recover. */
  open: number;
  /** Nobody knows when the change was made (something deleted, many objects at once): without a time to detect. */
  notTimed: number;
  /** From the change to people being told; absent where that is known of none. */
  detect?: Spread;
  /** From people being told to the end; absent where none is over. */
  recover?: Spread;
}

/** What drifted: the state of the object, or `many` where one incident tells of many objects. */
export type DriftClass = ObjectDrift['state'] | 'many';

/** How fast drift was found and put right, of the incidents that opened from `from` on and before `to` (ISO 8601). */
export interface DriftMetrics {
  from: string;
  to: string;
  overall: DriftFigures;
  /** By name; only those that had drift. */
  syncs: Record<string, DriftFigures>;
  classes: Partial<Record<DriftClass, DriftFigures>>;
}

/** A span of time: incidents that opened from `from` on and before `to` (ISO 8601, UTC, milliseconds). */
export interface Window {
  from: string;
  to: string;
}

/** Reads the incidents of a span of time and measures them. Throws `RetryableError` when the table cannot be read now. */
export async function readDriftMetrics(
  window: Window,
  records: Pick<RecordsReader, 'incidentsBetween'>,
): Promise<DriftMetrics> {
  return driftMetrics(await records.incidentsBetween(window.from, window.to), window);
}

/** Measures drift incidents; others, and those that opened outside of the window, are left out. */
export function driftMetrics(incidents: readonly Incident[], { from, to }: Window): DriftMetrics {
  const inWindow = ({ kind, openedAt }: Incident) => kind === 'drift' && openedAt >= from && openedAt < to;
  const drift = incidents.filter(inWindow);
  return {
    from,
    to,
    overall: figuresOf(drift),
    syncs: by(drift, ({ sync = '-' }) => sync),
    classes: by(drift, (incident): DriftClass => incident.drift?.state ?? 'many'),
  };
}

function by<Key extends string>(
  incidents: readonly Incident[],
  keyOf: (incident: Incident) => Key,
): Record<Key, DriftFigures> {
  const keys = [...new Set(incidents.map(keyOf))].sort();
  const entries = keys.map((key) => [key, figuresOf(incidents.filter((incident) => keyOf(incident) === key))]);
  return Object.fromEntries(entries) as Record<Key, DriftFigures>;
}

function figuresOf(incidents: readonly Incident[]): DriftFigures {
  const detected = incidents.flatMap(({ madeAt, openedAt }) => secondsBetween(madeAt, openedAt));
  const recovered = incidents.flatMap(({ openedAt, resolvedAt }) => secondsBetween(openedAt, resolvedAt));
  return {
    incidents: incidents.length,
    open: incidents.length - recovered.length,
    notTimed: incidents.length - detected.length,
    ...(detected.length > 0 && { detect: spreadOf(detected) }),
    ...(recovered.length > 0 && { recover: spreadOf(recovered) }),
  };
}

function secondsBetween(from: string | undefined, to: string | undefined): number[] {
  if (from === undefined || to === undefined) return [];
  return [Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)];
}

function spreadOf(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  const sum = sorted.reduce((total, time) => total + time, 0);
  return { count: sorted.length, mean: sum / sorted.length, p50: rank(0.5), p95: rank(0.95) };
}
