import { each } from './each.ts';

/** A walk back through commits, the newest first. */
export type Walk<Commit> = AsyncIterator<Commit>;

/** Walks that are begun at a time: GitHub refuses who asks for much at once. */
const atOnce = 4;

/** What a merge of walks may ask. */
export interface MergeOptions<Commit> {
  /** What is walked besides when one has ended with its last commit. */
  goOn?(ended: Walk<Commit>, last: Commit): Promise<Walk<Commit>[]>;
  /** True where `revision` has the commit `ancestor` in its history. Without it, commits of one second that come from two walks have no order. */
  contains?(ancestor: string, revision: string): Promise<boolean>;
}

/** What a merge has to know of a commit. */
interface Dated {
  revision: string;
  /** ISO 8601, UTC, whole seconds as Git has them. */
  committedAt: string;
}

/** Several walks as one, the newest first, each commit once. Throws what they throw. */
export async function* mergeWalks<Commit extends Dated>(
  begun: readonly Walk<Commit>[],
  { goOn = async () => [], contains = async () => false }: MergeOptions<Commit> = {},
): AsyncGenerator<Commit> {
  const open: { walk: Walk<Commit>; next: Commit }[] = [];
  const begin = async (walks: readonly Walk<Commit>[]) => {
    const first = await each(walks, atOnce, (walk) => walk.next());
    for (const [index, { done, value }] of first.entries()) if (!done) open.push({ walk: walks[index]!, next: value });
  };
  await begin(begun);
  const seen = new Set<string>();
  while (open.length > 0) {
    let newest = open[0]!;
    for (const other of open.slice(1)) if (await isNewer(other.next, newest.next, contains)) newest = other;
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

async function isNewer(
  one: Dated,
  other: Dated,
  contains: NonNullable<MergeOptions<Dated>['contains']>,
): Promise<boolean> {
  if (one.committedAt !== other.committedAt) return one.committedAt > other.committedAt;
  return one.revision !== other.revision && (await contains(other.revision, one.revision));
}
