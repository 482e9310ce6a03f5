import { printable } from '../model/drift-text.ts';
import { messageOf, RetryableError, UserError } from '../model/errors.ts';
import type { RollbackWanted } from '../model/messages.ts';
import { shortText } from '../model/shorten.ts';
import type { AutomaticPorts } from './automatic-ports.ts';
import { type Judgement, judge, type Refusal } from './judge.ts';
import { lookAtHead } from './look.ts';
import type { RollbackOrder } from './order.ts';
import { planUndo } from './plan-undo.ts';
import { tellRefused, tellRolledBack } from './tell-automatic.ts';

/** How often a rollback is planned anew on a head that moved meanwhile, before the wish goes back to the queue. */
const attempts = 5;
/** Characters of the reason that the commit and the hold have. */
const longestWhy = 300;

/** What became of a wish. `done-before`: it came a second time. `left`: there was nothing to do, and nobody is told. */
export type AutomaticResult =
  | { outcome: 'rolled-back' | 'done-before'; revision: string }
  | { outcome: 'refused' | 'left'; reason: string };

/**
 * Answers the wish for a rollback: reads the head, judges, and where bumps alone are in question makes ONE commit that puts back what they changed, and
 * holds their images. The same wish again changes nothing, and tells what was not told. Throws `RetryableError` when the repo or the records cannot be
 * reached, or the head moved at each try; what somebody must mend is told, and is in the result.
 */
export async function rollBack(
  { wanted, now }: { wanted: RollbackWanted; now: Date },
  ports: AutomaticPorts,
): Promise<AutomaticResult> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const done = await tryOnce(wanted, now, ports);
    if (done !== undefined) return done;
    await ports.sleep(Math.round(100 * 2 ** (attempt - 1) * ports.random()));
  }
  throw new RetryableError(`the head of ${ports.repo.branch} moved ${attempts} times while a rollback was made`, {
    code: 'head-moved',
  });
}

/** Undefined where the head moved. */
async function tryOnce(wanted: RollbackWanted, now: Date, ports: AutomaticPorts): Promise<AutomaticResult | undefined> {
  const made = await judgeAndMake(wanted, now, ports);
  if (made === undefined) return undefined;
  if (made.verdict === 'leave') return { outcome: 'left', reason: made.reason };
  if (made.verdict === 'refuse') {
    await tellRefused(wanted, made, ports);
    return { outcome: 'refused', reason: made.reason };
  }
  await tellRolledBack(wanted, made, ports);
  return { outcome: made.isNew ? 'rolled-back' : 'done-before', revision: made.revision };
}

type Made =
  | Exclude<Judgement, { verdict: 'undo' | 'done' }>
  | (Parameters<typeof tellRolledBack>[1] & { verdict: 'made'; isNew: boolean });

async function judgeAndMake(wanted: RollbackWanted, now: Date, ports: AutomaticPorts): Promise<Made | undefined> {
  try {
    const look = await lookAtHead(ports.repo);
    const judgement = await judge(wanted, look, { repo: ports.repo, now });
    if (judgement.verdict === 'done') {
      const { commit, story } = judgement;
      return { verdict: 'made', isNew: false, story, revision: commit.revision, at: commit.at };
    }
    if (judgement.verdict !== 'undo') return judgement;
    const { suspects } = judgement;
    const plan = await planUndo(orderOf(wanted, suspects.bumps, now), look, ports.repo, ports);
    if (plan.result === 'none') return { verdict: 'refuse', code: plan.code, reason: plan.reason, suspects };
    const made = await ports.repo.commit({ ...plan.commit, at: now });
    if (made.result === 'head-moved') return undefined;
    const { story, alsoChanges, remarks } = plan;
    return { verdict: 'made', isNew: true, story, revision: made.revision, at: made.at ?? now, alsoChanges, remarks };
  } catch (error) {
    if (error instanceof UserError) return refusalOf(error);
    throw error;
  }
}

function orderOf(wanted: RollbackWanted, bumps: readonly { revision: string }[], now: Date) {
  const [first] = wanted.reasons;
  const because = first === undefined ? '' : `: ${[first.object, wordIn(first.reason)].filter(Boolean).join(': ')}`;
  const why = shortText(printable(`${wanted.sync} was not healthy${because}`), longestWhy);
  const [bump, ...also] = bumps.map(({ revision }) => revision);
  const undo = { bump: bump!, also };
  return { target: { sync: wanted.sync }, undo, why, automatic: wanted.run, now } satisfies RollbackOrder;
}

/**
 * The word that Kubernetes has for a reason, as `CrashLoopBackOff`. Git keeps what it has for ever, and the rest of the text is made by programs: kubelet repeats
 * a command with what it was given there. It is in the message to people, and in the records of the report.
 */
function wordIn(reason: string): string | undefined {
  return reason.split(/[:;] /).find((part) => /^[A-Z][a-zA-Z]*[A-Z][a-zA-Z]*$/.test(part));
}

/** What the host or windlass.yaml refuses, nobody can wait for. */
function refusalOf(error: UserError): Refusal {
  return { verdict: 'refuse', code: error.code, reason: messageOf(error).split('\n', 1)[0]! };
}
