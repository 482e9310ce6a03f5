import type { DriftClass, DriftFigures, DriftMetrics } from '../model/drift-figures.ts';
import type { Incident } from '../model/incident.ts';
import { secondsBetween, spreadOf } from './spread.ts';
import type { Window } from './window.ts';

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
