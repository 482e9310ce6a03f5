import type { GitHistory, HistoryCommit, HistoryQuery } from '../../audit/ports.ts';
import { subjectOf, trailersIn } from '../../model/commit-message.ts';
import { ancestryOf } from './ancestry.ts';
import { addFiles } from './history.ts';
import { checkRevision, type Mirror, type MirrorOptions, openMirror } from './mirror.ts';

/** Commits that one call of git tells of. */
const batch = 500;

const fields = ['%H', '%an', '%ae', '%aI', '%cI', '%B'];

/** The history of a branch by the git binary, from the copy that a config repo with the same `cacheDir` has. Throws `UserError` for an impossible URL or branch name. */
export function openGitHistory(options: MirrorOptions): GitHistory {
  const mirror = openMirror(options);
  return {
    branch: mirror.branch,
    head: () => mirror.head(),
    commits: (query) => commitsOf(mirror, query),
    files: (revision) => filesOf(mirror, revision),
    renames: (revision) => renamesIn(mirror, revision),
    contains: ancestryOf(mirror),
  };
}

/** First all ids, which is one walk of git's, then the commits as they are asked for. */
async function* commitsOf(mirror: Mirror, query: HistoryQuery): AsyncGenerator<HistoryCommit> {
  const ids = await idsOf(mirror, query);
  for (let at = 0; at < ids.length; at += batch) yield* await readCommits(mirror, ids.slice(at, at + batch));
}

async function idsOf(mirror: Mirror, { from, paths, since }: HistoryQuery): Promise<string[]> {
  if (paths?.length === 0) return [];
  await mirror.ensure(from);
  const args = ['--literal-pathspecs', 'rev-list', ...(since === undefined ? [] : [`--since=${since}`])];
  const output = await mirror.run({ args: [...args, checkRevision(from), '--', ...(paths ?? [])] });
  return output.toString('latin1').split('\n').filter(Boolean);
}

async function readCommits(mirror: Mirror, ids: readonly string[]): Promise<HistoryCommit[]> {
  const args = ['log', '-z', '--no-walk=unsorted', `--format=tformat:${fields.join('%x00')}`, '--stdin'];
  const parts = (await mirror.run({ args, input: ids.map((id) => `${id}\n`).join('') })).toString('utf8').split('\0');
  return ids.map((_, index) => {
    const [revision, author, mail, at, committedAt, message] = parts.slice(
      index * fields.length,
      (index + 1) * fields.length,
    );
    if (message === undefined)
      throw new Error(`git log told of ${parts.length / fields.length} commits, not of ${ids.length}`);
    return {
      revision: revision!,
      subject: subjectOf(message),
      author: author!,
      ...(mail && { mail }),
      at: at!,
      committedAt: new Date(committedAt!).toISOString(),
      trailers: trailersIn(message),
    };
  });
}

async function filesOf(mirror: Mirror, revision: string): Promise<string[]> {
  await mirror.ensure(revision);
  const commit = { revision: checkRevision(revision), files: [] as string[] };
  await addFiles(mirror, [commit]);
  return commit.files;
}

async function renamesIn(mirror: Mirror, revision: string): Promise<Map<string, string>> {
  await mirror.ensure(revision);
  const how = ['-r', '-z', '--no-commit-id', '--diff-merges=first-parent', '--find-renames', '-l0', '--diff-filter=R'];
  const args = ['diff-tree', ...how, '--name-status', checkRevision(revision)];
  const tokens = (await mirror.run({ args })).toString('utf8').split('\0');
  const found = new Map<string, string>();
  // Each is a status (`R100`), the former path and the present one.
  for (let at = 0; at + 2 < tokens.length; at += 3) found.set(tokens[at + 2]!, tokens[at + 1]!);
  return found;
}
