import type { Stopped } from '../model/messages.ts';
import { hasPassed } from '../model/until.ts';
import type { Hold } from '../policy/spec.ts';
import { holdPath } from './holds.ts';
import { type Suspend, suspendPath } from './suspends.ts';

/** Everything that suspends and holds stop, save what is void by now, in the order of their files. */
export function stoppedBy(
  { suspends, holds }: { suspends: readonly Suspend[]; holds: readonly Hold[] },
  now: Date,
): Stopped[] {
  const suspended = suspends.map((one) => stoppedAt(suspendPath(one), subjectOf(one), one));
  const held = holds.map((one) => stoppedAt(holdPath(one), `image ${one.image}, held at ${one.tag}`, one));
  return [...suspended, ...held]
    .filter(({ until }) => !hasPassed(until, now))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}

type Word = Pick<Hold, 'by' | 'why' | 'at' | 'until'>;

function stoppedAt(
  file: string,
  what: string,
  { by = 'nobody named', why = 'no reason given', at, until }: Word,
): Stopped {
  return { file, what, who: by, why, ...(at !== undefined && { at }), ...(until !== undefined && { until }) };
}

function subjectOf({ image, sync, all }: Suspend): string {
  if (image !== undefined) return `image ${image}`;
  if (sync !== undefined) return `sync ${sync}`;
  return all === true ? 'all images and syncs' : `all ${all}`;
}
