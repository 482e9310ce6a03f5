import type { BumpSample } from './bump-lane.ts';
import { type LaneOptions, openLane } from './bump-lane.ts';

/** In the order in which they are shown. Cold: a process that has just started; warm: one that has answered events before. */
export const bumpCases = ['first', 'cold', 'cold, after people', 'warm', 'cold, nothing', 'warm, nothing'] as const;
export type BumpCase = (typeof bumpCases)[number];

/** The cases that end without a commit. */
export const withoutCommit: readonly BumpCase[] = ['cold, nothing', 'warm, nothing'];

/** The samples of each case. */
export type BumpSamples = Record<BumpCase, BumpSample[]>;

/** Measures all cases of a config repo on one host. Throws unless each commit is exactly what it should be. */
export async function measureBump(options: Omit<LaneOptions, 'branch'>, runs: number): Promise<BumpSamples> {
  const samples = Object.fromEntries(bumpCases.map((name) => [name, [] as BumpSample[]])) as BumpSamples;
  for (let run = 0; run < runs; run++) {
    // A branch that neither the table nor a copy has seen.
    const lane = await openLane({ ...options, branch: `first-${run}` });
    samples.first.push(await lane.cold('commit'));
  }

  const cold = await openLane({ ...options, branch: 'cold' });
  await cold.cold('commit');
  for (let run = 0; run < runs; run++) {
    samples.cold.push(await cold.cold('commit'));
    samples['cold, nothing'].push(await cold.cold('nothing'));
    await cold.changeByHand();
    samples['cold, after people'].push(await cold.cold('commit'));
  }

  const warm = await openLane({ ...options, branch: 'warm' });
  const kept = await warm.start();
  await warm.event(kept, 'commit');
  for (let run = 0; run < runs; run++) {
    samples.warm.push(await warm.event(kept, 'commit'));
    samples['warm, nothing'].push(await warm.event(kept, 'nothing'));
  }
  await kept.end();
  return samples;
}
