import { messageOf, RetryableError, UserError } from '../model/errors.ts';
import type { Decision } from './decision.ts';
import type { BumpPlan } from './plan.ts';
import type { ConfigRepo } from './ports.ts';

/**
 * How the commit of a plan ended. `refused`: the host does not take it, and would not take it the next time. `put-off`: the host asks to come
 * back later, and did nothing.
 */
export type Made =
  | Awaited<ReturnType<ConfigRepo['commit']>>
  | { result: 'refused'; error: UserError }
  | { result: 'put-off'; error: RetryableError };

/** Makes the one commit of a plan, if it has one. Throws what the repo throws, but for these two. */
export async function commitPlan(
  { commit }: BumpPlan,
  repo: Pick<ConfigRepo, 'commit'>,
  at: Date,
): Promise<Made | undefined> {
  if (commit === undefined) return undefined;
  try {
    return await repo.commit({ ...commit, at });
  } catch (error) {
    if (error instanceof UserError) return { result: 'refused', error };
    if (isPutOff(error)) return { result: 'put-off', error };
    throw error;
  }
}

/** True where the host named a time to come back: it is asked nothing more until then. */
export function isPutOff(error: unknown): error is RetryableError {
  return error instanceof RetryableError && error.retryAfter !== undefined;
}

/** The decisions without what was to be committed: a protected branch does not keep anything from being proposed. */
export function withoutCommit(
  decisions: readonly Decision[],
  { story }: BumpPlan,
  error: UserError | RetryableError,
): Decision[] {
  const moved = new Set(story.images.map(({ policy }) => policy));
  const waiting = messageOf(error);
  return decisions.map((decision) => {
    if (!moved.has(decision.entry.name)) return decision;
    const outcomes = decision.outcomes.map((outcome) =>
      outcome.group === undefined ? { ...outcome, ref: undefined, released: [], waiting } : outcome,
    );
    return { ...decision, outcomes, ...(error instanceof UserError ? { refused: error } : { failed: error }) };
  });
}
