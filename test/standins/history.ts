import type { Commit, Objects } from './objects.ts';

/** All commits that can be reached, one by one, newest first by their committers' clocks (as `git log`). */
export function* reachable(objects: Objects, from: string): Generator<Commit> {
  const seen = new Set([from]);
  const ready = [commitOf(objects, from)];
  while (ready.length > 0) {
    const newest = ready.reduce(
      (best, each, at) => (each.committer.seconds > ready[best]!.committer.seconds ? at : best),
      0,
    );
    const commit = ready.splice(newest, 1)[0]!;
    yield commit;
    for (const parent of commit.parents) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      ready.push(commitOf(objects, parent));
    }
  }
}

/** The newest common ancestor; undefined where histories have none. */
export function mergeBase(objects: Objects, a: string, b: string): string | undefined {
  if (a === b || isAncestor(objects, a, b)) return a;
  const ofA = new Set(ancestors(objects, a));
  for (const { oid } of reachable(objects, b)) if (ofA.has(oid)) return oid;
  return undefined;
}

/** True when `old` is `young` or can be reached from it. */
export function isAncestor(objects: Objects, old: string, young: string): boolean {
  for (const oid of ancestors(objects, young)) if (oid === old) return true;
  return false;
}

/** The commits of `head` that `base` does not have, newest first. */
export function commitsBetween(objects: Objects, base: string, head: string): Commit[] {
  const straight: Commit[] = [];
  for (let at = commitOf(objects, head); at.oid !== base; at = commitOf(objects, at.parents[0]!)) {
    if (at.parents.length !== 1) break;
    straight.push(at);
    if (at.parents[0] === base) return straight;
  }
  if (head === base) return [];
  const had = new Set(ancestors(objects, base));
  return [...reachable(objects, head)].filter(({ oid }) => !had.has(oid));
}

/** True when the commit changed what is at the path, against each of its parents. */
export function touches(objects: Objects, commit: Commit, path: string): boolean {
  const here = objects.lookUp(commit.tree, path)?.oid;
  if (commit.parents.length === 0) return here !== undefined;
  return commit.parents.every((parent) => objects.lookUp(commitOf(objects, parent).tree, path)?.oid !== here);
}

/** Throws when there is no such commit. */
export function commitOf(objects: Objects, oid: string): Commit {
  const commit = objects.commits.get(oid);
  if (commit === undefined) throw new Error(`there is no commit ${oid}`);
  return commit;
}

/** Breadth first: what is asked for is mostly near. */
function* ancestors(objects: Objects, from: string): Generator<string> {
  const seen = new Set([from]);
  const queue = [from];
  for (let at = 0; at < queue.length; at++) {
    const oid = queue[at]!;
    yield oid;
    for (const parent of commitOf(objects, oid).parents) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      queue.push(parent);
    }
  }
}
