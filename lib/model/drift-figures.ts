import type { ObjectDrift } from './drift.ts';

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

/** Days that can be asked for at once. */
export const longestDays = 3_650;
