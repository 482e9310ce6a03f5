import { messageOf } from '../model/errors.ts';
import type { Wake } from '../model/messages.ts';
import type { BumpPorts } from './ports.ts';

/**
 * Tells the pullers of a commit that is in the branch. Gives why some could not be told, and never throws: they find the commit by
 * themselves, a little later.
 */
export async function wakePullers(
  revision: string,
  now: Date,
  { wakes = [] }: Pick<BumpPorts, 'wakes'>,
): Promise<string[]> {
  const message: Wake = { type: 'Wake', at: now.toISOString(), why: `${revision.slice(0, 12)} was committed` };
  const told = await Promise.allSettled(wakes.map(async (puller) => await puller.send(message)));
  return told.flatMap((one) => (one.status === 'rejected' ? [messageOf(one.reason)] : []));
}
