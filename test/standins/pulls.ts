import { commitOf, isAncestor, mergeBase } from './history.ts';
import { type Commit, seconds, type TreeChange } from './objects.ts';
import { notFound, Refused } from './refused.ts';
import type { Pull, Repository } from './state.ts';

/** The pull request with the number. Throws GitHub's 404. */
export function pullOf(repository: Repository, number: number): Pull {
  const pull = repository.pulls.find((each) => each.number === number);
  if (pull === undefined) throw notFound();
  return pull;
}

/** Opens a pull request; refuses as GitHub does. */
export function openPull(
  repository: Repository,
  wish: { title: string; body: string | null; head: string; base: string; draft: boolean },
): Pull {
  const [owner, branch] = wish.head.includes(':') ? wish.head.split(':', 2) : [repository.owner, wish.head];
  const problem = (details: Record<string, unknown>) =>
    new Refused(422, 'Validation Failed', { errors: [{ resource: 'PullRequest', ...details }] });
  const base = repository.head(wish.base);
  const head = owner === repository.owner ? repository.head(branch!) : undefined;
  if (base === undefined) throw problem({ field: 'base', code: 'invalid' });
  if (head === undefined) throw problem({ field: 'head', code: 'invalid' });
  if (repository.pulls.some((each) => each.state === 'open' && each.head === branch && each.base === wish.base))
    throw problem({ code: 'custom', message: `A pull request already exists for ${owner}:${branch}.` });
  if (isAncestor(repository.objects, head, base))
    throw problem({ code: 'custom', message: `No commits between ${wish.base} and ${branch}` });
  const pull: Pull = {
    id: repository.nextId(),
    number: repository.pulls.length + 1,
    title: wish.title,
    body: wish.body,
    head: branch!,
    base: wish.base,
    headOid: head,
    baseOid: base,
    state: 'open',
    draft: wish.draft,
    labels: [],
    reviewers: [],
    teams: [],
    comments: [],
    mergeableKnown: false,
    createdAt: repository.now(),
    updatedAt: repository.now(),
  };
  repository.pulls.push(pull);
  return pull;
}

/** Closes or opens again. A closed one can be opened only while its branch is where it was. */
export function setPullState(repository: Repository, pull: Pull, state: 'open' | 'closed'): void {
  if (state === pull.state) return;
  if (state === 'closed') {
    close(repository, pull);
    return;
  }
  const refuse = (why: string) => {
    throw new Refused(422, 'Validation Failed', {
      errors: [
        { resource: 'PullRequest', code: 'invalid', field: 'state', message: `state cannot be changed. ${why}` },
      ],
    });
  };
  if (pull.mergedAt !== undefined) refuse('The pull request cannot be reopened.');
  const head = repository.head(pull.head);
  if (head === undefined) refuse(`The ${pull.head} branch has been deleted.`);
  if (head !== pull.headOid) refuse(`The ${pull.head} branch was force-pushed or recreated.`);
  pull.state = 'open';
  delete pull.closedAt;
  pull.updatedAt = repository.now();
}

/** Merges; answers the commit. Throws GitHub's 405 and 409. */
export function mergePull(repository: Repository, pull: Pull, method: string, expected?: string): Commit {
  if (pull.state !== 'open') throw new Refused(405, 'Pull Request is not mergeable');
  if (expected !== undefined && expected !== pull.headOid)
    throw new Refused(409, 'Head branch was modified. Review and try the merge again.');
  if (method !== 'merge' && method !== 'squash')
    throw new Refused(405, 'Rebase merges are not allowed on this repository.');
  const approvals = repository.protections.get(pull.base)?.approvals ?? 0;
  if (approvals > 0)
    throw new Refused(405, `At least ${approvals} approving review is required by reviewers with write access.`);
  const tree = mergedTree(repository, pull);
  if (tree === undefined) throw new Refused(405, 'Pull Request is not mergeable');
  const base = repository.head(pull.base)!;
  const who = { name: repository.bot.name, email: repository.bot.email, seconds: seconds(repository.now()) };
  const from = `Merge pull request #${pull.number} from ${repository.owner}/${pull.head}\n\n${pull.title}`;
  const commit = repository.objects.addCommit({
    tree,
    parents: method === 'merge' ? [base, pull.headOid] : [base],
    author: who,
    committer: { ...github, seconds: who.seconds },
    message: method === 'merge' ? from : `${pull.title} (#${pull.number})\n\n${pull.body ?? ''}`.trimEnd(),
    verified: true,
  });
  markMerged(repository, pull, commit.oid);
  repository.setRef(`refs/heads/${pull.base}`, commit.oid);
  if (repository.settings.deleteBranchOnMerge) repository.deleteRef(`refs/heads/${pull.head}`);
  return commit;
}

/** True when the branch can be merged file by file. */
export function isMergeable(repository: Repository, pull: Pull): boolean {
  return pull.state === 'open' && mergedTree(repository, pull) !== undefined;
}

/** Who signs what GitHub makes itself. */
export const github = { name: 'GitHub', email: 'noreply@github.com' };

/**
 * What GitHub does after a branch was moved or deleted: a pull request of a deleted branch, or of one that has nothing which its base lacks,
 * is closed; one whose commits reached its base by another way is merged.
 */
export function settlePulls(repository: Repository, ref: string): void {
  const branch = ref.replace(/^refs\/heads\//, '');
  for (const pull of repository.pulls.filter(({ state }) => state === 'open')) {
    const [head, base] = [repository.head(pull.head), repository.head(pull.base)];
    if (pull.head === branch) {
      if (head === undefined || base === undefined) close(repository, pull);
      else {
        pull.mergeableKnown &&= head === pull.headOid;
        pull.headOid = head;
        pull.updatedAt = repository.now();
        if (isAncestor(repository.objects, head, base)) close(repository, pull);
      }
    } else if (pull.base === branch) {
      if (base === undefined) close(repository, pull);
      else {
        pull.baseOid = base;
        if (isAncestor(repository.objects, pull.headOid, base)) markMerged(repository, pull, base);
      }
    }
  }
}

function close(repository: Repository, pull: Pull): void {
  pull.state = 'closed';
  pull.closedAt = repository.now();
  pull.updatedAt = pull.closedAt;
  delete pull.autoMerge;
}

function markMerged(repository: Repository, pull: Pull, commit: string): void {
  close(repository, pull);
  pull.mergedAt = repository.now();
  pull.mergeCommit = commit;
}

/** The base's tree with the branch's changes; undefined where both changed one path to different things. */
function mergedTree(repository: Repository, pull: Pull): string | undefined {
  const { objects } = repository;
  const base = repository.head(pull.base);
  const common = base === undefined ? undefined : mergeBase(objects, base, pull.headOid);
  if (base === undefined || common === undefined) return undefined;
  const treeOf = (oid: string) => commitOf(objects, oid).tree;
  const theirs = new Map(objects.compare(treeOf(common), treeOf(base)).map(({ path, after }) => [path, after?.oid]));
  const ours = objects.compare(treeOf(common), treeOf(pull.headOid));
  if (ours.some(({ path, after }) => theirs.has(path) && theirs.get(path) !== after?.oid)) return undefined;
  return objects.changeTree(
    treeOf(base),
    ours.map(({ path, after }): TreeChange => [path, after]),
  );
}
