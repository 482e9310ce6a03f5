import type { DriftClass, DriftFigures, DriftMetrics, Spread } from '../model/drift-figures.ts';
import type { Incident } from '../model/incident.ts';
import type { RecordsReader } from './ports.ts';

/** A span of time: incidents that opened from `from` on and before `to` (ISO 8601, UTC, milliseconds). */
export interface Window {
  from: string;
  to: string;
}

/** The days before a time, as a window. */
export function daysBefore(now: Date, days: number): Window {
  return { from: new Date(now.getTime() - days * 86_400_000).toISOString(), to: now.toISOString() };
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
