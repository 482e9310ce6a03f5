import { isTrouble, RetryableError, UserError } from '../model/errors.ts';
import { commitPlan, isPutOff, withoutCommit } from './commit.ts';
import { askedOnce, decide, named, touched } from './decide.ts';
import { lookAtHead } from './look.ts';
import { planBump } from './plan.ts';
import type { BumpPorts } from './ports.ts';
import { carryOut, type ProposalResult } from './propose.ts';
import type { Push } from './push.ts';
import { type BumpOrder, type BumpResult, type Told, tell, tellBroken, tellFailed } from './tell.ts';
import { wakePullers } from './wake.ts';

export type { BumpResult } from './tell.ts';

/** How often an edit is redone on a head that moved meanwhile, before the pushes go back to the queue. */
const attempts = 5;

/**
 * Answers pushes: reads the head of the branch and the registry, decides from those alone, makes ONE commit of all that is to change, and
 * proposes what only a pull request may change.
 * The same push again changes nothing. A host that asks to come back later is in the result, with its time. Throws `RetryableError` when the repo or the records cannot be reached, or the head moved at each try:
 * all pushes are to be sent again. What somebody must mend is in the result. `all`: a sweep in the same commit.
 */
export function bump(
  { pushes, all, now }: { pushes: readonly Push[]; all?: boolean; now: Date },
  ports: BumpPorts,
): Promise<BumpResult> {
  return run({ pushes, all, now }, ports);
}

/**
 * The same for all policies, without a push: finds what an event missed. With `images` for the policies of these names alone, and those that share a
 * pull request with one of them; a name that there is not is a failure, and nothing is done.
 */
export function sweep(
  { images, now }: { images?: readonly string[]; now: Date },
  ports: BumpPorts,
): Promise<BumpResult> {
  return run({ pushes: undefined, images, now }, ports);
}

async function run(order: BumpOrder, ports: BumpPorts): Promise<BumpResult> {
  try {
    return await readDecideCommit(order, ports);
  } catch (error) {
    if (error instanceof UserError) return tellFailed(order, error, ports);
    throw error;
  }
}

async function readDecideCommit(order: BumpOrder, ports: BumpPorts): Promise<BumpResult> {
  const registry = askedOnce(ports.registry);
  const sources = { repo: ports.repo, registry };
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const look = await lookAtHead(ports.repo);
    if ('problems' in look) return tellBroken(order, look, ports);
    const asked =
      order.images === undefined ? touched(look, order.all ? undefined : order.pushes) : named(look, order.images);
    const decisions = await decide(look, asked, sources, order.now);
    const plan = await planBump(look, decisions, order.pushes ?? [], sources);
    const made = await commitPlan(plan, ports.repo, order.now);
    if (made?.result === 'committed') return wakeAndTell({ order, look, decisions, plan, commit: made }, ports);
    if (made === undefined) return proposeAndTell({ order, look, decisions, plan }, ports);
    if (made.result === 'refused') {
      const rest = withoutCommit(decisions, plan, made.error);
      const left = await planBump(look, rest, order.pushes ?? [], sources);
      return proposeAndTell({ order, look, decisions: rest, plan: left, refused: made.error }, ports);
    }
    if (made.result === 'put-off') {
      const rest = withoutCommit(decisions, plan, made.error);
      const left = await planBump(look, rest, order.pushes ?? [], sources);
      const untouched = { ...left, proposals: plan.proposals };
      return proposeAndTell({ order, look, decisions: rest, plan: untouched, refused: made.error }, ports);
    }
    await ports.sleep(pauseAfter(attempt, ports.random()));
  }
  throw new RetryableError(`the head of ${ports.repo.branch} moved ${attempts} times while a bump was made`, {
    code: 'head-moved',
  });
}

/** The pullers need not wait until everything is told, and nothing waits for them but the end. */
async function wakeAndTell(
  told: Omit<Told, 'proposals'> & { commit: { revision: string } },
  ports: BumpPorts,
): Promise<BumpResult> {
  const waking = wakePullers(told.commit.revision, told.order.now, ports);
  try {
    const result = await proposeAndTell(told, ports);
    return { ...result, notWoken: await waking };
  } finally {
    await waking;
  }
}

async function proposeAndTell(told: Omit<Told, 'proposals'>, ports: BumpPorts): Promise<BumpResult> {
  const { plan, commit, look, order, refused } = told;
  const base = { parent: commit?.revision ?? look.head, at: order.now };
  const putOff = isPutOff(refused) ? refused : undefined;
  const first = await carryOut(plan.proposals, base, ports.repo, putOff);
  const proposals = first.some(isLostRace) ? await lookAgain(first, told, base, ports) : first;
  return tell({ ...told, proposals }, ports);
}

/** Somebody moved the branches of some proposals: what becomes of these is planned once more, by the proposals as they are now. */
async function lookAgain(
  first: readonly ProposalResult[],
  { look, order, decisions }: Omit<Told, 'proposals'>,
  base: { parent: string; at: Date },
  ports: BumpPorts,
): Promise<ProposalResult[]> {
  const lost = new Set(first.filter(isLostRace).map(({ plan }) => plan.group));
  const others = first.filter(({ plan }) => !lost.has(plan.group));
  try {
    const { proposals } = await ports.repo.head();
    const again = await planBump({ ...look, proposals }, decisions, order.pushes ?? [], ports);
    const plans = again.proposals.filter(({ group }) => lost.has(group));
    return [...others, ...(await carryOut(plans, base, ports.repo))];
  } catch (error) {
    // The commit is made, and is to be told.
    if (isTrouble(error)) return [...first];
    throw error;
  }
}

function isLostRace({ failed }: ProposalResult): boolean {
  return failed?.code === 'proposal-moved';
}

/** Milliseconds: up to 100 after the first lost race, doubled each time. */
function pauseAfter(attempt: number, random: number): number {
  return Math.round(100 * 2 ** (attempt - 1) * random);
}
