import {
  type Approval,
  type ApprovalFile,
  approvalFile,
  approvalPath,
  approvalsDirectory,
  readApprovals,
} from '../config/approvals.ts';
import type { SourceTree } from '../desired/ports.ts';
import { type Approved, type Guard, guardReasons, type WaitingPrune } from '../kube/guard.ts';
import type { Problem } from '../model/errors.ts';
import { parentOf } from '../model/tree-path.ts';
import { hasPassed } from '../model/until.ts';
import type { IsAncestor } from './ports.ts';

/** The revisions that approvals are held against. */
export interface Revisions {
  head: string;
  /** What was applied last; undefined without a record. */
  applied: string | undefined;
  isAncestor: IsAncestor | undefined;
}

/** What the head's tree approves of one sync. */
export interface Approvals {
  /** Who approved the prune of an object; undefined when nobody did. */
  of(waiting: WaitingPrune): Approved | undefined;
  /** Files that cannot be read, and approvals that have fitted nothing they were asked about. */
  notices(waiting: readonly WaitingPrune[]): Problem[];
}

/**
 * Reads the approvals of a sync from the root of the tree. One that names a commit is good for what was first seen to wait at that
 * commit; or, for what this pull sees first, for a commit between the applied revision and the head: somebody looked before this pull did.
 */
export async function approvalsFor(
  sync: string,
  tree: SourceTree,
  revisions: Revisions,
  now: Date,
): Promise<Approvals> {
  const files = (await tree.files(approvalsDirectory)).filter(
    ({ path, kind }) => kind === 'file' && parentOf(path) === approvalsDirectory,
  );
  const read = await Promise.all(files.map(async ({ path }) => ({ path, bytes: await tree.read(path) })));
  const { approvals, unreadable } = readApprovals(read);
  const mine = approvals.filter((one) => one.sync === sync);
  const good = mine.filter((one) => !hasPassed(one.until, now));
  const recent = await recentOf(good, revisions);
  const used = new Set<Approval>();

  const fits = (named: string | undefined, { revision }: WaitingPrune) =>
    named === revision || (named !== undefined && revision === revisions.head && recent.has(named));
  const allows = (approval: Approval, guard: Guard, waiting: WaitingPrune): boolean => {
    if (guard === 'rewritten-history' && fits(approval.rewrittenHistory, waiting)) return true;
    if (approval.prune?.includes(waiting.object) !== true) return false;
    // Only a commit that is named shows that whoever approved had seen the history.
    if (approval.revision === undefined) return guard !== 'rewritten-history';
    return fits(approval.revision, waiting);
  };
  return {
    of: (waiting) => {
      const by = waiting.guards.map((guard) => good.find((approval) => allows(approval, guard, waiting)));
      const found = by.filter((approval) => approval !== undefined);
      for (const approval of found) used.add(approval);
      return found.length === waiting.guards.length ? approvedBy(found) : undefined;
    },
    notices: (waiting) => [
      ...unreadable.filter(({ name }) => name === undefined || name === sync).flatMap(({ problems }) => problems),
      ...mine.filter((one) => !used.has(one)).map((one) => voidNotice(one, waiting, now)),
    ],
  };
}

async function recentOf(approvals: readonly Approval[], revisions: Revisions): Promise<Set<string>> {
  const { head, applied, isAncestor } = revisions;
  const named = new Set(approvals.flatMap((one) => [one.revision, one.rewrittenHistory]));
  const recent = new Set<string>();
  if (isAncestor === undefined || applied === undefined || applied === head) return recent;
  for (const revision of named) {
    if (revision === undefined || revision === head) continue;
    if ((await isAncestor(revision, head)) && !(await isAncestor(revision, applied))) recent.add(revision);
  }
  return recent;
}

function approvedBy(approvals: readonly Approval[]): Approved {
  const texts = new Set(approvals.map((one) => `approved by ${one.by} (${approvalPath(one)})`));
  const revision = approvals.map((one) => one.revision ?? one.rewrittenHistory).find((one) => one !== undefined);
  return { text: [...texts].join(', '), ...(revision !== undefined && { revision }) };
}

function voidNotice(approval: Approval, waiting: readonly WaitingPrune[], now: Date): Problem {
  return {
    code: 'approval-void',
    file: approvalPath(approval),
    message: `this approval allows nothing: ${voidReason(approval, waiting, now)}`,
    hint: 'delete the file, or correct it',
  };
}

function voidReason(approval: Approval, waiting: readonly WaitingPrune[], now: Date): string {
  if (hasPassed(approval.until, now)) return `it was good until ${approval.until}`;
  const named = waiting.filter(({ object }) => approval.prune?.includes(object));
  const [first] = named;
  if (first !== undefined && approval.revision !== first.revision) return `its objects wait since ${first.revision}`;
  if (first !== undefined) return 'what it names waits for more than it says';
  const other = waiting.find(({ guards }) => guards.includes('rewritten-history'));
  if (approval.rewrittenHistory !== undefined && other !== undefined)
    return `the rewritten history was seen at ${other.revision}`;
  return 'nothing that it names waits for one';
}

/**
 * Says what waits for approvals, and gives the files that would be one: a file for each commit at which something began to wait. `dryRun`:
 * the files are shown with it.
 */
export function askForApproval(
  sync: string,
  waiting: readonly WaitingPrune[],
  { dryRun = false }: { dryRun?: boolean } = {},
): { notices: Problem[]; files: ApprovalFile[] } {
  const asked = [...new Set(waiting.map(({ revision }) => revision))].map((revision) => {
    const some = waiting.filter((one) => one.revision === revision);
    const guards = some.flatMap((one) => one.guards);
    const onlyHistory = guards.every((guard) => guard === 'rewritten-history');
    const prune = some.map(({ object }) => object).sort();
    const file = approvalFile({ sync, revision, ...(!onlyHistory && { prune }) });
    const what = some.length === 1 ? 'it left Git and waits' : `${some.length} objects left Git and wait`;
    const notice: Problem = {
      code: 'prune-waits',
      message: `${what} for an approval, since ${revision.slice(0, 12)}: ${guardReasons(guards)}`,
      hint: `look at ${some.length === 1 ? 'it' : 'them'}, and commit ${file.path}${dryRun ? '' : '; windlass diff prints it'}`,
      ...(some.length === 1 && { object: prune[0] }),
    };
    return { file, notice };
  });
  return { notices: asked.map(({ notice }) => notice), files: asked.map(({ file }) => file) };
}
