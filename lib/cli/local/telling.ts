import type { Config, SyncSpec } from '../../config/config.ts';
import type { DriftRequest } from '../../drift/drift.ts';
import { RetryableError, UserError } from '../../model/errors.ts';
import type { Head } from '../../pull/head.ts';
import { stopNotices } from '../../pull/stopped.ts';

/**
 * What the report flow has to know of a check to tell people in time: the grace and the limits of windlass.yaml, and whether somebody stopped the sync.
 * Where Git does not answer nobody can tell whether the sync is behind, and nothing is said of it.
 */
export async function tellingOf(
  sync: SyncSpec,
  { drift: { graceSeconds, limits } }: Config,
  head: () => Promise<Head>,
  now: Date,
): Promise<DriftRequest['telling']> {
  try {
    const stops = await stopNotices((await head()).tree, sync, now);
    return { graceSeconds, behindSeconds: limits.behind, suspended: stops.length > 0 };
  } catch (error) {
    if (!(error instanceof UserError || error instanceof RetryableError)) throw error;
    return { graceSeconds };
  }
}
