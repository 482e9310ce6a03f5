import { RetryableError, UserError } from '../../model/errors.ts';
import { commitRollback } from '../../rollback/commit.ts';
import { targetName } from '../../rollback/order.ts';
import type { RollbackDeps } from '../../rollback/ports.ts';
import { proposalId, proposalOf } from '../../rollback/proposal.ts';
import { planRollback, type RollbackOrder, type RollbackPlan } from '../../rollback/rollback.ts';
import { ask } from '../ask.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { goBackTo } from '../go-back-to.ts';
import { healthOf } from '../health-of-records.ts';
import { sleep } from '../local/sleep.ts';
import {
  printNoRollback,
  printNoRollbackJson,
  printRollbackEnd,
  printRollbackJson,
  printRollbackPlan,
  type RollbackEnd,
  type ShownRollback,
} from '../output/rollback.ts';
import { changedObjects } from '../rollback-objects.ts';
import { imageOrSync } from '../suspend-target.ts';
import { type CommitTarget, commitOptions, withCommitTarget } from '../wiring-commits.ts';
import { treeOf } from '../wiring-history.ts';
import { renderers } from '../wiring-renderers.ts';
import { byHandOptions, checkWho, onlyTarget, whoOf } from './repo-options.ts';

/** `windlass rollback`: a commit, or a pull request, by which an image or a sync goes back and stays there. */
export const rollback: Command = {
  name: 'rollback',
  summary: 'put an image or a sync back to what Git had, and hold it there',
  positionals: 'image/NAME|sync/NAME',
  details: [
    'Shows what would change, asks, and makes one commit: the texts or files as they were, byte by byte, and a hold for each image that goes back, so that',
    'the next bump leaves it there until there is a tag after the highest one of now. What was committed to the same files elsewhere stays.',
    'Without --to: what was before the last change of it. --to takes the id of a commit, a time (2h or 3d ago, a date), or for an image a tag',
    'that the registry lists or Git had; commit:, tag: and time: before it say which.',
    '--pull-request makes a branch of the same commit; where the same is proposed already, it says on which one.',
    'A sync goes back by the files of its path; what it is built of elsewhere is named, and goes back with --include.',
    'Where a place changed since so that nobody can tell what it is to say, nothing is done, and the places are named.',
    'JSON: { target, result: planned|declined|committed|proposed, revision, branch, url, back: { revision, at, author, subject }, had (of a tag, the',
    'same), images: [{ policy, repository, from, to }], objects: [{ sync, object, act }], changes: [{ file, line, policy, from, to }], files: [{ path, act }],',
    'holds, reverts, alsoChanges, remarks, pushNeeded: committed in a clone alone }; where nothing is done { target, result: none, code, reason, conflicts }.',
    'Exit code: 0 when it went back, is proposed, or was so already; 1 when a dry run would change something, or you said no; 2 when it cannot go back or the input is wrong; 3 for a failure.',
  ].join('\n'),
  options: {
    ...commitOptions,
    to: { type: 'string', value: 'REVISION|TAG|TIME', help: 'what to go back to; before the last change unless given' },
    include: {
      type: 'string',
      value: 'PATH',
      multiple: true,
      help: 'a path outside of that of the sync that goes back with it; may be repeated',
    },
    'pull-request': { type: 'boolean', help: 'propose it on a branch instead of committing it' },
    'no-render': { type: 'boolean', help: 'do not render what changes: only files are shown' },
    yes: { type: 'boolean', help: 'do not ask' },
    ...byHandOptions,
    why: { type: 'string', value: 'TEXT', help: 'the reason, in the commit and the hold' },
  },
  examples: [
    'windlass rollback image/web --why "1.5.0 loses orders"',
    'windlass rollback image/web --why "1.5.0 loses orders" --repo .',
    'windlass rollback image/web --to 1.4.0 --yes --repo github:acme/config',
    'windlass rollback sync/shop-prod --to 2027-01-31T12:00:00Z --pull-request --repo .',
  ],
  run,
};

interface Session {
  args: Args;
  io: Io;
  opened: CommitTarget;
  order: RollbackOrder;
  deps: RollbackDeps;
}

async function run(args: Args, io: Io): Promise<ExitCode> {
  const target = targetOf(onlyTarget('rollback', args));
  if ('image' in target && args.list('include').length > 0)
    throw new UserError('--include is for a sync: an image goes back wherever it stands', { code: 'usage' });
  return await withCommitTarget(args, io, (opened) => rollBackIn(opened, target, args, io));
}

async function rollBackIn(
  opened: CommitTarget,
  target: RollbackOrder['target'],
  args: Args,
  io: Io,
): Promise<ExitCode> {
  if (!args.flag('dry-run') && !args.flag('pull-request')) await opened.checkClean();
  const to = args.text('to');
  const order: RollbackOrder = {
    target,
    to: to === undefined ? undefined : await goBackTo(to, target, { repo: opened.repo, now: io.now() }),
    include: args.list('include').map((path) => path.replace(/^\.\/|\/+$/g, '')),
    who: whoOf(args, opened),
    why: args.text('why')?.trim() || undefined,
    now: io.now(),
  };
  const deps = {
    registry: await opened.registries(),
    ...(opened.records === undefined ? {} : { health: healthOf(opened.records) }),
    sleep: (milliseconds: number) => sleep(milliseconds, io.signal),
    random: Math.random,
  };
  return await planAskDo({ args, io, opened, order, deps });
}

function targetOf(text: string | undefined): RollbackOrder['target'] {
  const target = imageOrSync(text ?? '');
  if (target !== undefined) return target;
  throw new UserError(`windlass rollback needs image/NAME or sync/NAME${text === undefined ? '' : `, not "${text}"`}`, {
    code: 'usage',
  });
}

async function planAskDo({ args, io, opened, order, deps }: Session): Promise<ExitCode> {
  let plan = await planRollback(order, opened.repo, deps);
  for (;;) {
    if (plan.result === 'none') {
      if (args.flag('json')) printNoRollbackJson(io, targetName(order), plan);
      else printNoRollback(io, plan);
      return plan.code === 'nothing-to-do' ? 0 : 2;
    }
    const session = { args, io, opened, order, deps };
    const shown = { plan, ...(await objectsOf(session, plan)) };
    if (!args.flag('json')) printRollbackPlan(io, shown, io.now());
    if (args.flag('dry-run')) return ended(session, shown, { result: 'planned' }, 1);
    checkWho(args, opened);
    if (!(await ask(io, `Roll back ${targetName(order)}?`, { yes: args.flag('yes') })))
      return ended(session, shown, { result: 'declined' }, 1);
    if (args.flag('pull-request')) return ended(session, shown, await propose(session, plan), 0);
    const done = await commitRollback(plan, opened.repo, deps);
    if (done.result === 'committed') {
      const end = { result: 'committed' as const, revision: done.revision, toPush: await opened.stillToPush() };
      return ended(session, { ...shown, plan: done.plan }, end, 0);
    }
    if (done.result === 'changed' && !args.flag('json')) io.stdout.write('somebody changed the branch meanwhile:\n');
    plan = done.result === 'changed' ? done.plan : done;
  }
}

const howToMerge =
  "squash or rebase it and keep the commit's message, or merge it as it is: else it is no rollback for whoever reads Git";

async function propose({ opened }: Session, plan: RollbackPlan): Promise<RollbackEnd> {
  const proposal = proposalOf(plan, proposalId(plan));
  const { branch } = proposal;
  try {
    const { revision, url, warnings } = await opened.repo.propose(proposal);
    const notes = [...warnings, howToMerge];
    const toPush = await opened.stillToPush(branch);
    return { result: 'proposed', revision, branch, warnings: notes, toPush, ...(url === undefined ? {} : { url }) };
  } catch (error) {
    // Such a branch is made anew alone: one that is there is another proposal of the same.
    if (!(error instanceof RetryableError) || error.code !== 'proposal-moved') throw error;
    const already = `it is proposed already on ${branch}: merge that, or delete it to propose it anew`;
    return { result: 'proposed', branch, warnings: [already], toPush: await opened.stillToPush(branch) };
  }
}

async function objectsOf(
  { args, io, opened: { repo, where } }: Session,
  plan: RollbackPlan,
): Promise<Pick<ShownRollback, 'objects' | 'notes'>> {
  if (args.flag('no-render'))
    return { objects: [], notes: ['what becomes of objects was not looked at (--no-render)'] };
  const { objects, remarks } = await changedObjects(plan, repo, await treeOf(io, where, plan.head), renderers(io));
  return { objects, notes: remarks };
}

function ended({ args, io }: Session, shown: ShownRollback, end: RollbackEnd, code: ExitCode): ExitCode {
  if (args.flag('json')) printRollbackJson(io, shown, end);
  else printRollbackEnd(io, shown.plan, end);
  return code;
}
