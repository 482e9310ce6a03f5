import { trailersIn } from '../../model/commit-message.ts';
import type { CommitSummary } from '../../model/state.ts';
import { checkRevision, type Mirror } from './mirror.ts';

const fields = ['%H', '%s', '%an', '%aI', '%B'];

/**
 * The last `limit` commits up to `head`, newest first, along first parents; without their files where these are not wanted. `merged`: with the commits that
 * merges brought.
 */
export async function lastCommits(
  mirror: Mirror,
  head: string,
  limit: number,
  { files = true, merged = false }: { files?: boolean; merged?: boolean } = {},
): Promise<CommitSummary[]> {
  await mirror.ensure(head);
  const format = fields.join('%x00');
  const args = [
    'log',
    '-z',
    ...(merged ? [] : ['--first-parent']),
    `--max-count=${Math.max(0, Math.floor(limit))}`,
    `--format=tformat:${format}`,
  ];
  const parts = (await mirror.run({ args: [...args, checkRevision(head), '--'] })).toString('utf8').split('\0');
  const commits: CommitSummary[] = [];
  for (let at = 0; at + fields.length <= parts.length; at += fields.length) {
    const [revision, subject, author, time, message] = parts.slice(at, at + fields.length);
    commits.push({
      revision: revision!,
      subject: subject!,
      author: author!,
      at: time!,
      trailers: trailersIn(message!),
      files: [],
    });
  }
  if (files) await addFiles(mirror, commits);
  return commits;
}

/** When the last commit was made that changed one of the paths; undefined when none did. */
export async function changedAt(mirror: Mirror, revision: string, paths: readonly string[]): Promise<Date | undefined> {
  if (paths.length === 0) return undefined;
  const args = ['--literal-pathspecs', 'log', '-1', '--format=%cI', checkRevision(revision), '--', ...paths];
  const time = (await mirror.run({ args })).toString('utf8').trim();
  return time === '' ? undefined : new Date(time);
}

/** Adds the paths that each commit changed against its first parent; the commits are in any order, and named in full. */
export async function addFiles(
  mirror: Mirror,
  commits: readonly Pick<CommitSummary, 'revision' | 'files'>[],
): Promise<void> {
  const args = [
    'diff-tree',
    '--stdin',
    '-r',
    '-z',
    '--root',
    '--diff-merges=first-parent',
    '--name-only',
    '--no-renames',
  ];
  const input = commits.map((commit) => `${commit.revision}\n`).join('');
  const tokens = (await mirror.run({ args, input })).toString('utf8').split('\0');
  let index = -1;
  for (const token of tokens) {
    if (token === '') continue;
    // git names each commit before its files, in the order asked for; one without a change may be left out.
    const next = commits.findIndex((commit, place) => place > index && commit.revision === token);
    if (next >= 0) index = next;
    else commits[index]?.files.push(token);
  }
}
