import type { Spread } from '../model/drift-figures.ts';

/** The seconds between two times as a list of one; of none where a time is not known. Clocks may differ: never less than nothing. */
export function secondsBetween(from: string | undefined, to: string | undefined): number[] {
  if (from === undefined || to === undefined) return [];
  return [Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)];
}

/** How times are spread; they must not be none. */
export function spreadOf(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  const sum = sorted.reduce((total, time) => total + time, 0);
  return { count: sorted.length, mean: sum / sorted.length, p50: rank(0.5), p95: rank(0.95) };
}
