import type { Problem } from './errors.ts';
import type { SyncReported } from './messages.ts';

/** Who suspended the sync and why, where a pull did nothing for that: it failed because a person wants it to. Undefined for every other pull. */
export function suspensionOf({ result, errors }: SyncReported): Problem | undefined {
  return result === 'failed' ? errors.find(({ code }) => code === 'suspended') : undefined;
}
