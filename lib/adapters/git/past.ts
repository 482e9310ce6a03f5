import { trailersIn } from '../../model/commit-message.ts';
import type { FileChange, FileThere, HistoryQuestion, LineCommit } from '../../model/config-repo.ts';
import { UserError } from '../../model/errors.ts';
import type { RepoPast } from '../../rollback/ports.ts';
import { ancestryOf } from './ancestry.ts';
import { checkRevision, type Mirror } from './mirror.ts';

const fields = ['%H', '%P', '%s', '%an', '%cI', '%B'];
const format = `--format=tformat:${fields.join('%x00')}`;

/** The past of a branch by its copy, which has the whole of it. */
export function pastOf(mirror: Mirror): RepoPast {
  return {
    history: async (revision, question) => {
      for (const one of [revision, question.after]) if (one !== undefined) await mirror.ensure(one);
      return await line(mirror, revision, question);
    },
    changes: async (older, newer) => {
      for (const revision of [newer, older]) await mirror.ensure(revision);
      return await changesBetween(mirror, older, newer);
    },
    find: async (id) => {
      await mirror.ensure(await mirror.head());
      return await find(mirror, id);
    },
    isAncestor: ancestryOf(mirror),
  };
}

async function line(mirror: Mirror, revision: string, question: HistoryQuestion): Promise<LineCommit[]> {
  const { paths = [], until, after, limit } = question;
  // Git's own --until ends at the first commit that is older, whatever comes behind it.
  const most = until === undefined ? [`--max-count=${limit}`] : [];
  const range = [checkRevision(revision), ...(after === undefined ? [] : [`^${checkRevision(after)}`])];
  const args = ['--literal-pathspecs', 'log', '-z', '--first-parent', ...most, format, ...range, '--'];
  const output = (await mirror.run({ args: [...args, ...paths.map(pathspec)] })).toString('utf8').split('\0');
  const isThen = ({ at }: LineCommit) => until === undefined || Date.parse(at) <= until.getTime();
  const commits = commitsIn(output).filter(isThen).slice(0, limit);
  const brought = await mergedBy(mirror, commits);
  return commits.map(({ parents, ...commit }) => {
    const [, second, ...more] = parents;
    const merged = second === undefined || more.length > 0 ? undefined : brought.get(second);
    return { ...commit, ...(merged === undefined ? {} : { merged }) };
  });
}

interface Listed extends LineCommit {
  parents: string[];
}

/** The commits that merges brought, by their ids: one call of git for all, and none where no commit is a merge. */
async function mergedBy(mirror: Mirror, commits: readonly Listed[]): Promise<Map<string, LineCommit>> {
  const ids = commits.flatMap(({ parents }) => (parents.length === 2 ? parents.slice(1) : []));
  if (ids.length === 0) return new Map();
  const args = ['log', '-z', '--no-walk=unsorted', format, '--stdin'];
  const output = await mirror.run({ args, input: ids.map((id) => `${id}\n`).join('') });
  const listed = commitsIn(output.toString('utf8').split('\0'));
  return new Map(listed.map(({ parents: _, ...commit }) => [commit.revision, commit]));
}

function commitsIn(output: readonly string[]): Listed[] {
  const found: Listed[] = [];
  for (let at = 0; at + fields.length <= output.length; at += fields.length) {
    const [revision, ids, subject, author, time, message] = output.slice(at, at + fields.length);
    const parents = ids!.split(' ').filter(Boolean);
    found.push({
      ...{
        revision: revision!,
        subject: subject!,
        author: author!,
        at: time!,
        trailers: trailersIn(message!),
        parents,
      },
      ...(parents[0] === undefined ? {} : { parent: parents[0] }),
    });
  }
  return found;
}

/** The root has no name of its own. */
function pathspec(path: string): string {
  return path === '.' ? './' : path;
}

async function changesBetween(mirror: Mirror, older: string, newer: string): Promise<FileChange[]> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--find-renames', '-l0', checkRevision(older), checkRevision(newer)];
  const tokens = (await mirror.run({ args })).toString('utf8').split('\0');
  const found: FileChange[] = [];
  for (let at = 0; at + 1 < tokens.length; ) {
    const [wasMode, isMode, , , status] = tokens[at++]!.slice(1).split(' ');
    const was = tokens[at++]!;
    const is = /^[RC]/.test(status!) ? tokens[at++]! : was;
    found.push({
      ...(status === 'A' || status!.startsWith('C') ? {} : { was: there(was, wasMode!) }),
      ...(status === 'D' ? {} : { is: there(is, isMode!) }),
    });
  }
  return found;
}

function there(path: string, mode: string): FileThere {
  return { path, plain: mode.startsWith('100') };
}

async function find(mirror: Mirror, id: string): Promise<string | undefined> {
  if (!/^[0-9a-f]{7,64}$/i.test(id))
    throw new UserError(`"${id}" is no id of a commit`, { code: 'usage', subject: id });
  const answer = await mirror.ask({ args: ['rev-parse', '--verify', '--quiet', `${id}^{commit}`] });
  return answer.code === 0 ? answer.stdout.toString('latin1').trim() : undefined;
}
