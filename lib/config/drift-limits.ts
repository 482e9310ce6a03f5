import * as z from 'zod';
import type { DriftLimits } from './config.ts';
import { parseDuration } from './duration.ts';
import { duration } from './scalars.ts';

/** A puller that has nothing to do reports each of its syncs every ten minutes. */
const shortestPuller = 15 * 60;
/** One run of the check may take as long as a function may run (https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html). */
const shortestChecker = 15 * 60;

/** In seconds, unless windlass.yaml says otherwise. */
export const defaultLimits: DriftLimits = { behind: 3_600, puller: 1_800, checker: 1_800, held: 7 * 86_400 };

const pullerLimit = duration.refine((text) => (parseDuration(text) ?? shortestPuller) >= shortestPuller, {
  error: 'must be at least 15m: a puller that has nothing to do reports every ten minutes',
});

// It counts from the end of one check to the end of the next: with less, each run that comes in time would open an incident and end it.
const checkerLimit = duration.refine((text) => (parseDuration(text) ?? shortestChecker) >= shortestChecker, {
  error: 'must be at least 15m, and more than the time between two checks: one check may take as long',
});

/** `drift.limits` of windlass.yaml, as it is written. */
export const limitsSchema = z.strictObject({
  behind: duration.optional().describe('How long a cluster may be behind Git (1h unless told).'),
  puller: pullerLimit.optional().describe('How long a puller may be silent (30m unless told; at least 15m).'),
  checker: checkerLimit
    .optional()
    .describe('How long a cluster may not be checked that was before (30m unless told; at least 15m).'),
  held: duration.optional().describe('How long something may be suspended or held (7d unless told).'),
});

/** The limits in seconds. */
export function driftLimits(written: z.infer<typeof limitsSchema> = {}): DriftLimits {
  const told = Object.entries(written).flatMap(([key, text]) =>
    text === undefined ? [] : [[key, parseDuration(text)]],
  );
  return { ...defaultLimits, ...(Object.fromEntries(told) as Partial<DriftLimits>) };
}
