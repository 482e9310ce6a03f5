import { isTrouble, messageOf, type RetryableError, type UserError } from '../model/errors.ts';
import { isPutOff } from './commit.ts';
import { nameOf, type ProposalPlan } from './plan-proposals.ts';
import type { ConfigRepo, ProposalRequest, Proposed } from './ports.ts';

/** What became of one group's proposal. */
export interface ProposalResult {
  plan: ProposalPlan;
  /** What the group's images wait for, in words; absent where nothing is left to wait for. */
  waiting?: string;
  /** It proposes what the policies choose, and waits for nothing but a person. */
  inReview?: boolean;
  proposed?: Proposed;
  failed?: UserError | RetryableError;
}

type Host = Pick<ConfigRepo, 'propose' | 'withdraw'>;

/** Where the proposals stand, and when they are made. */
type Base = Pick<ProposalRequest, 'parent' | 'at'>;

/**
 * Carries out the plans one after the other; one that fails leaves the others as they are. A host that asked to come back later (`putOff`, or at one
 * of the plans) is asked nothing more.
 */
export async function carryOut(
  plans: readonly ProposalPlan[],
  base: Base,
  repo: Host,
  putOff?: RetryableError,
): Promise<ProposalResult[]> {
  const results: ProposalResult[] = [];
  for (const plan of plans) {
    const result = await carryOutOne(plan, base, repo, putOff);
    if (plan.act !== 'stop' && isPutOff(result.failed)) putOff ??= result.failed;
    results.push(result);
  }
  return results;
}

async function carryOutOne(
  plan: ProposalPlan,
  base: Base,
  repo: Host,
  putOff: RetryableError | undefined,
): Promise<ProposalResult> {
  if (plan.act === 'leave') return { plan, waiting: plan.why, inReview: plan.inReview };
  if (plan.act === 'stop') return { plan, waiting: plan.why, failed: plan.cause };
  try {
    if (putOff !== undefined) throw putOff;
    if (plan.act === 'withdraw') {
      await repo.withdraw(plan.proposal, plan.why);
      return { plan };
    }
    const proposed = await repo.propose({ ...plan.request, ...base });
    return { plan, proposed, waiting: `${nameOf(proposed)} waits for a review`, inReview: true };
  } catch (error) {
    if (!isTrouble(error)) throw error;
    const what =
      plan.act === 'propose' ? 'it could not be proposed' : `${nameOf(plan.proposal)} could not be withdrawn`;
    return { plan, failed: error, waiting: `${what}: ${messageOf(error)}` };
  }
}
