import type { SyncSpec } from '../config/config.ts';
import type { PruneGuards } from '../kube/guard.ts';
import type { AppliedRecord } from '../kube/record.ts';
import type { Problem } from '../model/errors.ts';
import { type Approvals, approvalsFor } from './approvals.ts';
import type { PullDeps, PullRequest } from './request.ts';

/** What keeps a pull from pruning unasked, and what the head's tree approves of it. */
export interface HeadGuards {
  guards: PruneGuards;
  approvals: Approvals;
  /** Set when the history was rewritten. */
  notice?: Problem;
}

/** Holds the head against what was applied last: is it a descendant, is the sync's path the same, what has been approved. */
export async function guardsAt(
  { head, sync }: PullRequest,
  record: AppliedRecord | undefined,
  { isAncestor, now }: Pick<PullDeps, 'isAncestor' | 'now'>,
): Promise<HeadGuards> {
  const { revision } = head.tree;
  const applied = record?.revision;
  const isNew = applied !== undefined && applied !== revision;
  const rewritten = isNew && isAncestor !== undefined && !(await isAncestor(applied, revision));
  const approvals = await approvalsFor(sync.name, head.tree, { head: revision, applied, isAncestor }, now());
  const guards: PruneGuards = {
    revision,
    rewritten,
    moved: record?.path !== undefined && record.path !== sync.path,
    waiting: record?.waiting ?? [],
    ...(sync.pruneLimit !== undefined && { limit: sync.pruneLimit }),
    approval: (waiting) => approvals.of(waiting),
  };
  return { guards, approvals, ...(rewritten && { notice: rewrittenNotice(sync, applied, revision) }) };
}

function rewrittenNotice({ name }: SyncSpec, applied: string, revision: string): Problem {
  return {
    code: 'history-rewritten',
    message: `the history of the branch was rewritten: ${name} had ${applied.slice(0, 12)}, which ${revision.slice(0, 12)} does not descend from`,
    hint: 'the head is applied; what left Git with it is pruned only when somebody approves',
  };
}
