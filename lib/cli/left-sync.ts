import type { GitHistory, HistoryCommit } from '../audit/ports.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import { UserError } from '../model/errors.ts';
import type { ConfigAtHead } from './config-at-head.ts';

/** Commits of windlass.yaml that are looked through. */
const mostCommits = 50;

/**
 * The commit that took a sync, by its expanded name, out of windlass.yaml; undefined where none of the last commits had it. What was broken then says
 * nothing. Throws what the repo and the history throw.
 */
export async function whoTookOut(
  sync: string,
  { repo, head }: Pick<ConfigAtHead, 'repo' | 'head'>,
  history: Pick<GitHistory, 'commits'>,
): Promise<HistoryCommit | undefined> {
  let newer: HistoryCommit | undefined;
  let looked = 0;
  for await (const commit of history.commits({ from: head.revision, paths: [windlassFileName] })) {
    const names = await syncsAt(commit.revision, repo);
    if (names?.includes(sync)) return newer;
    if (names !== undefined) newer = commit;
    looked += 1;
    if (looked >= mostCommits) return undefined;
  }
  return undefined;
}

/** The syncs of a revision; undefined where its windlass.yaml is broken. */
async function syncsAt(revision: string, repo: ConfigAtHead['repo']): Promise<string[] | undefined> {
  try {
    const [file] = await repo.read(revision, [windlassFileName]);
    return readConfig(new TextDecoder().decode(file!.bytes)).config?.syncs.map(({ name }) => name);
  } catch (error) {
    if (error instanceof UserError && error.code === 'file-missing') return [];
    throw error;
  }
}
