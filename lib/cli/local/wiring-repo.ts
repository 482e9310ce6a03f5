import { resolve } from 'node:path';
import { makeBareRepo } from '../../adapters/git/bare-repo.ts';
import type { Author } from '../../adapters/git/commit.ts';
import { defaultBranch } from '../../adapters/git/default-branch.ts';
import { personOf } from '../../adapters/git/person.ts';
import { parseRemote } from '../../adapters/git/remote.ts';
import { hasWorktree } from '../../adapters/git/worktree.ts';
import { exampleDirectory } from '../../adapters/local/page-files.ts';
import { UserError } from '../../model/errors.ts';
import type { Io } from '../command.ts';
import { isPath } from '../wiring.ts';
import { isOnGitHub } from '../wiring-github.ts';
import { shown } from './shown.ts';

/** The config repo that a loop follows. */
export interface LocalRepo {
  /** As git takes it; there may be a password in it. */
  url: string;
  /** For people. */
  shown: string;
  branch: string;
  /** It is on another machine, or served as if it were: asked less often, and bumped only when that was asked for. */
  remote: boolean;
  /** Whom bump commits as; undefined: it commits nothing. */
  author: Author | undefined;
  /** What a person does with the branch of a proposal: there is no host that could merge a pull request. */
  howToMerge(proposed: string): string;
}

/** Who commits in a repository of this machine. */
const author: Author = { name: 'Windlass', email: 'windlass@localhost' };

/** Opens the config repo: a remote one, one of the user on this machine, or the example. Throws `UserError` where there is none, or no such branch. */
export async function openRepository(
  { repo, branch, push }: { repo?: string | undefined; branch?: string | undefined; push: boolean },
  io: Io,
  exampleAt: string,
): Promise<LocalRepo & { told: string }> {
  if (repo === undefined) return await openExample(io, exampleAt, branch ?? 'main');
  if (!isPath(repo)) return await openRemote(repo, branch, push, io);
  const url = resolve(io.cwd, repo);
  const path = shown(io, url);
  const followed = branch ?? (await defaultBranch(url));
  const howToMerge = (await hasWorktree(url))
    ? (proposed: string) => `take it in ${path}, on ${followed}: git merge ${proposed}`
    : mergeInClone;
  return {
    ...{ url, shown: path, branch: followed, remote: false, author, howToMerge },
    told: `${path}, branch ${followed}`,
  };
}

async function openExample(io: Io, path: string, branch: string): Promise<LocalRepo & { told: string }> {
  const from = exampleDirectory('shop');
  const made = await makeBareRepo({ path, branch, from, subject: 'Import the shop', author, at: io.now() });
  return {
    ...{ url: path, shown: shown(io, path), branch, remote: false, author, howToMerge: mergeInClone },
    told: `${shown(io, path)}, ${made === 'made' ? 'made from examples/shop' : 'as it was'}`,
  };
}

async function openRemote(
  repo: string,
  asked: string | undefined,
  push: boolean,
  io: Io,
): Promise<LocalRepo & { told: string }> {
  if (isOnGitHub(repo)) throw noApi(repo);
  const { shown: address } = parseRemote(repo);
  const branch = asked ?? (await defaultBranch(repo));
  const person = push ? ((await personOf(io.cwd, io.env)) ?? author) : undefined;
  const bumps = person === undefined ? 'only read: no bump commits' : `bump pushes commits as ${person.name}`;
  return {
    ...{ url: repo, shown: address, branch, remote: true, author: person, howToMerge: mergeInClone },
    told: `${address}, branch ${branch} (${bumps})`,
  };
}

const mergeInClone = (proposed: string) => `take it in a clone: git pull && git merge origin/${proposed} && git push`;

function noApi(repo: string): UserError {
  return new UserError(
    `${repo} names GitHub's API, and local mode uses git: write https://github.com/OWNER/NAME or git@github.com:OWNER/NAME`,
    { code: 'repo-url', subject: repo },
  );
}
