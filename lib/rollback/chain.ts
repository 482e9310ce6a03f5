import type { FileChange } from '../model/config-repo.ts';

/** What became of files from the first to the last of three commits: a file that was renamed in one step and changed in another is known by both. */
export function chained(earlier: readonly FileChange[], later: readonly FileChange[]): FileChange[] {
  const byMiddle = new Map(earlier.flatMap((change) => (change.is === undefined ? [] : [[change.is.path, change]])));
  const taken = new Set<FileChange>();
  const through = later.map(({ was, is }): FileChange => {
    const before = was === undefined ? undefined : byMiddle.get(was.path);
    if (before !== undefined) taken.add(before);
    const first = before === undefined ? was : before.was;
    return { ...(first === undefined ? {} : { was: first }), ...(is === undefined ? {} : { is }) };
  });
  const rest = earlier.filter((change) => !taken.has(change));
  return [...through, ...rest].filter(({ was, is }) => was !== undefined || is !== undefined);
}
