import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Copy, copyName, openCopy } from './copy.ts';
import { remoteFailure } from './failure.ts';
import { checkRevision, type Mirror } from './mirror.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { remoteName } from './remote.ts';

/** Tells whether a commit is part of another one's history. */
export type Ancestry = (ancestor: string, revision: string) => Promise<boolean>;

/** By a copy that has the whole history of the branch: what is not in it is no part of it. */
export function ancestryOf(mirror: Mirror): Ancestry {
  return async (ancestor, revision) => {
    await mirror.ensure(revision);
    if (!(await mirror.has(ancestor))) return false;
    const answer = await mirror.ask({
      args: ['merge-base', '--is-ancestor', checkRevision(ancestor), checkRevision(revision)],
    });
    if (answer.code > 1) throw new Error(`git merge-base failed with ${answer.code}: ${answer.stderr.trim()}`);
    return answer.code === 0;
  };
}

/** Commits that are asked for at a time, until the ancestor is among them: the last one is the whole history. */
const depths = [50, 2000, Number.POSITIVE_INFINITY];

/**
 * By a copy of commits without their trees, beside one that has trees without a history. It begins with the last commits, among which the
 * revision that was applied nearly always is, and reaches further back where it is not. From a server that knows no filters it
 * gets the trees as well.
 */
export function ancestryByCommits(mirror: Mirror, cacheDir: string): Ancestry {
  const { remote, branch } = mirror;
  const copy = openCopy(remote, join(resolve(cacheDir), copyName(remote, branch, 'commits')));
  const search: Ancestry = async (ancestor, revision) => {
    let known = await commitsTo(copy, revision);
    if (known === undefined) {
      await fetch(mirror, copy, [
        ...(existsSync(copy.gitDir) ? [] : [`--depth=${depths[0]}`]),
        remoteName,
        ref(branch),
      ]);
      known = await commitsTo(copy, revision);
    }
    if (known === undefined) {
      await fetch(mirror, copy, [remoteName, checkRevision(revision)]);
      known = (await commitsTo(copy, revision)) ?? new Set();
    }
    for (const depth of depths.slice(1)) {
      if (known.has(ancestor) || !(await isCutOff(copy))) break;
      const further = Number.isFinite(depth) ? `--deepen=${depth}` : '--unshallow';
      await fetch(mirror, copy, [further, remoteName, ref(branch)]);
      known = (await commitsTo(copy, revision)) ?? known;
    }
    return known.has(ancestor);
  };
  return async (ancestor, revision) => {
    if (checkRevision(ancestor) === checkRevision(revision)) return true;
    return await oneAtATime(`history ${copy.gitDir}`, () => search(ancestor, revision));
  };
}

async function fetch({ remote }: Mirror, copy: Copy, args: readonly string[]): Promise<void> {
  const answer = await copy.fetch(['--filter=tree:0', ...args]);
  if (answer.code !== 0) throw remoteFailure('fetch from', remote, answer);
}

/** Everything that the revision descends from, as far as it is here, and itself; undefined where the revision is not here. */
async function commitsTo(copy: Copy, revision: string): Promise<Set<string> | undefined> {
  if (!existsSync(copy.gitDir)) return undefined;
  const listed = await copy.ask({ args: ['rev-list', checkRevision(revision)] });
  if (listed.code === 0) return new Set(listed.stdout.toString('latin1').trim().split('\n'));
  // A copy that cannot be read must not look like one that lacks a commit.
  if (/bad object|not our ref|could not fetch|transport '[^']*' not allowed/.test(listed.stderr)) return undefined;
  throw new Error(`git rev-list failed with ${listed.code}: ${listed.stderr.trim()}`);
}

async function isCutOff(copy: Copy): Promise<boolean> {
  return (await copy.run({ args: ['rev-parse', '--is-shallow-repository'] })).toString('utf8').trim() === 'true';
}

function ref(branch: string): string {
  return `+refs/heads/${branch}:refs/heads/${branch}`;
}
