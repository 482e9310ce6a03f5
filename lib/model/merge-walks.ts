import { each } from './each.ts';

/** A walk back through commits, the newest first. */
export type Walk<Commit> = AsyncIterator<Commit>;

/** Walks that are begun at a time: GitHub refuses who asks for much at once. */
const atOnce = 4;

/**
 * Several walks as one, the newest first, each commit once. Of one second, commits of two walks have no order. `goOn`: what is walked besides when one has
 * ended with its last commit. Throws what they throw.
 */
export async function* mergeWalks<Commit extends { revision: string; committedAt: string }>(
  begun: readonly Walk<Commit>[],
  goOn: (ended: Walk<Commit>, last: Commit) => Promise<Walk<Commit>[]> = async () => [],
): AsyncGenerator<Commit> {
  const open: { walk: Walk<Commit>; next: Commit }[] = [];
  const begin = async (walks: readonly Walk<Commit>[]) => {
    const first = await each(walks, atOnce, (walk) => walk.next());
    for (const [index, { done, value }] of first.entries()) if (!done) open.push({ walk: walks[index]!, next: value });
  };
  await begin(begun);
  const seen = new Set<string>();
  while (open.length > 0) {
    const newest = open.reduce((one, other) => (other.next.committedAt > one.next.committedAt ? other : one));
    const last = newest.next;
    if (!seen.has(last.revision)) yield last;
    seen.add(last.revision);
    const { done, value } = await newest.walk.next();
    if (!done) {
      newest.next = value;
      continue;
    }
    open.splice(open.indexOf(newest), 1);
    await begin(await goOn(newest.walk, last));
  }
}
