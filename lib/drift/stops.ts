import { holdsDirectory, readHolds } from '../config/holds.ts';
import { stoppedBy } from '../config/stopped.ts';
import { readSuspends, suspendMatches, suspendsDirectory } from '../config/suspends.ts';
import type { SourceTree } from '../desired/ports.ts';
import type { Stopped } from '../model/messages.ts';

/** What people stopped, as a revision of the config repo has it. */
export interface Stops {
  /** Everything that files of `suspends/` and `holds/` stop, save what is void. */
  stopped: Stopped[];
  /** True when no pull applies the sync: a file says so, or one that may be about it cannot be read. */
  isSuspended(sync: { name: string; template: string }): boolean;
}

/** Reads `suspends/` and `holds/` of a tree. Throws what the tree throws. */
export async function readStops(tree: SourceTree, now: Date): Promise<Stops> {
  const [suspended, held] = await Promise.all([filesIn(tree, suspendsDirectory), filesIn(tree, holdsDirectory)]);
  const { suspends, unreadable } = readSuspends(suspended);
  const { holds } = readHolds(held);
  return {
    stopped: stoppedBy({ suspends, holds }, now),
    isSuspended: ({ name, template }) =>
      suspends.some((one) => suspendMatches(one, { sync: name, template }, now)) ||
      unreadable.some((one) => [undefined, name, template].includes(one.name)),
  };
}

async function filesIn(tree: SourceTree, directory: string): Promise<{ path: string; bytes: Uint8Array }[]> {
  const files = (await tree.files(directory)).filter(({ kind }) => kind === 'file');
  return await Promise.all(files.map(async ({ path }) => ({ path, bytes: await tree.read(path) })));
}
