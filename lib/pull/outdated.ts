import { RetryableError } from '../model/errors.ts';
import type { PullDeps, PullRequest } from './request.ts';

/**
 * Throws `RetryableError` (`outdated`) when the branch has moved on since the head of this pull was read. Asked where what is applied is
 * not part of the head's history: then either somebody rewrote the branch, or another pull has applied a newer head meanwhile, and this one
 * would take it back.
 */
export async function refuseOutdated(
  { head, sync }: Pick<PullRequest, 'head' | 'sync'>,
  { currentHead }: Pick<PullDeps, 'currentHead'>,
): Promise<void> {
  const { revision } = head.tree;
  const current = await currentHead?.();
  if (current === undefined || current === revision) return;
  const message = `sync ${sync.name} has a newer commit than ${revision.slice(0, 12)} by now: the branch is at ${current.slice(0, 12)}`;
  throw new RetryableError(message, { code: 'outdated', subject: sync.name });
}
