// Puts the history of a config repo, and what it has at its head, behind the audit's ports.
import { join } from 'node:path';
import type { GitHistory } from '../audit/ports.ts';
import type { SourceTree } from '../desired/ports.ts';
import type { Io } from './command.ts';
import { branchOf, urlOf } from './wiring.ts';
import { gitHubHistory, gitHubSource, isOnGitHub } from './wiring-github.ts';

/** Which config repo, as commands take it, and which branch; its own where none is named. */
export interface Where {
  repo: string;
  branch: string | undefined;
}

/** The whole history of a branch: of `github:OWNER/NAME` by GitHub's API, of everything else by the git binary. */
export async function gitHistory(io: Io, { repo, branch }: Where): Promise<GitHistory> {
  if (isOnGitHub(repo)) return await gitHubHistory(io, { repo, branch });
  const { openGitHistory } = await import('../adapters/git/commits.ts');
  return openGitHistory(await copyOf(io, { repo, branch }));
}

/** The files of a revision, from the copy that the history is read from. `close` gives them back. */
export async function treeOf(
  io: Io,
  { repo, branch }: Where,
  revision: string,
): Promise<SourceTree & { close(): Promise<void> }> {
  if (isOnGitHub(repo)) return await (await gitHubSource(io, { repo, branch })).open(revision);
  const { openGitSource } = await import('../adapters/git/source.ts');
  return await openGitSource({ ...(await copyOf(io, { repo, branch })), depth: 'whole' }).open(revision);
}

async function copyOf(io: Io, { repo, branch }: Where) {
  const { cacheDir } = await import('../adapters/local/cache-dir.ts');
  return {
    url: urlOf(io, repo),
    branch: await branchOf(io, { repo, branch }),
    cacheDir: join(cacheDir(io.env), 'repos'),
  };
}
