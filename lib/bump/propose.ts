import { messageOf, RetryableError, UserError } from '../model/errors.ts';
import { nameOf, type ProposalPlan } from './plan-proposals.ts';
import type { ConfigRepo, Proposed } from './ports.ts';

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

/** Carries out the plans one after the other; one that fails leaves the others as they are. */
export async function carryOut(
  plans: readonly ProposalPlan[],
  parent: string,
  repo: Host,
  at: Date,
): Promise<ProposalResult[]> {
  const results: ProposalResult[] = [];
  for (const plan of plans) results.push(await carryOutOne(plan, parent, repo, at));
  return results;
}

async function carryOutOne(plan: ProposalPlan, parent: string, repo: Host, at: Date): Promise<ProposalResult> {
  if (plan.act === 'leave') return { plan, waiting: plan.why, inReview: plan.inReview };
  if (plan.act === 'stop') return { plan, waiting: plan.why, failed: plan.cause };
  try {
    if (plan.act === 'withdraw') {
      await repo.withdraw(plan.proposal, plan.why);
      return { plan };
    }
    const proposed = await repo.propose({ ...plan.request, parent, at });
    return { plan, proposed, waiting: `${nameOf(proposed)} waits for a review`, inReview: true };
  } catch (error) {
    if (!(error instanceof UserError) && !(error instanceof RetryableError)) throw error;
    const what =
      plan.act === 'propose' ? 'it could not be proposed' : `${nameOf(plan.proposal)} could not be withdrawn`;
    return { plan, failed: error, waiting: `${what}: ${messageOf(error)}` };
  }
}
