import { randomBytes } from 'node:crypto';
import type { Head } from '../../bump/ports.ts';
import { type Suspend, suspendFile } from '../../config/suspends.ts';
import { UserError } from '../../model/errors.ts';
import { suspendTrailers } from '../../model/suspend-story.ts';
import { toSeconds } from '../../model/until.ts';
import {
  aboutExactly,
  changeStops,
  type ListedSuspend,
  mayStop,
  problemsOf,
  type StopChange,
  suspendsAt,
} from '../change-suspends.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { checkName } from '../known-names.ts';
import { sleep } from '../local/sleep.ts';
import { printStop, printStopJson, printSuspends, printSuspendsJson } from '../output/suspends.ts';
import { covers, parseTarget, type SuspendSubject, targetOf } from '../suspend-target.ts';
import { type CommitTarget, commitOptions, withCommitTarget } from '../wiring-commits.ts';
import { checkWho, onlyTarget, stopOptions, subjectLine, untilOf, whoOf } from './repo-options.ts';

/** `windlass suspend`: a commit that stops something, or the list of what is stopped. */
export const suspend: Command = {
  name: 'suspend',
  summary: 'stop the bumps of an image or the pulls of a sync, or list what is stopped',
  positionals: '[image/NAME|sync/NAME|all-images|all-syncs|all]',
  details: [
    'Makes one commit that adds a file to suspends/, with who and why; deleting the file, or the end of --until, lets it go on (windlass resume).',
    'A sync is named as in windlass.yaml, which stands for all that it expands to, or by an expanded name. all-images stops all bumps, all-syncs all',
    'pulls, all both. What is suspended already stays as it is. Without a target: lists what is suspended, with who, why and until.',
    'JSON: { target, branch, changed, wouldChange, revision, subject, files: [{ path, act }], suspends: [{ target, file, who, why, until, at, void }],',
    'remarks, pushNeeded: committed in a clone alone }; of the list { suspends, problems }.',
    'Exit code: 0 when it is suspended; 1 when a dry run would suspend it; 2 when the input is wrong or a file of suspends/ cannot be read in a list; 3 for a failure.',
  ].join('\n'),
  options: { ...commitOptions, ...stopOptions },
  examples: [
    'windlass suspend image/web --why "1.5.0 loses orders" --repo .',
    'windlass suspend sync/shop-prod --why "the sale runs" --until 2027-01-31 --repo github:acme/config',
    'windlass suspend --repo .',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const text = onlyTarget('suspend', args);
  const subject = text === undefined ? undefined : parseTarget(text);
  const [why, until] = [args.text('why')?.trim(), untilOf(args.text('until'), io.now())];
  if (subject !== undefined && !why) {
    throw new UserError('why? Give --why TEXT: everybody who meets the suspend reads it', { code: 'usage' });
  }
  if (subject === undefined && [why, until, args.text('who')].some((given) => given !== undefined)) {
    throw new UserError('what is to be suspended? Name image/NAME, sync/NAME, all-images, all-syncs or all', {
      code: 'usage',
    });
  }
  return await withCommitTarget(args, io, async (opened) => {
    if (subject === undefined) return list(opened, args, io);
    const [by, at] = [whoOf(args, opened), toSeconds(io.now().toISOString())];
    const id = randomBytes(4).toString('hex');
    return add(opened, { id, ...subject, by, why: why!, ...(until && { until }), at }, args, io);
  });
}

async function list({ repo }: CommitTarget, args: Args, io: Io): Promise<ExitCode> {
  const there = suspendsAt(await repo.head(), io.now());
  const [listed, problems] = [there.listed, problemsOf(there)];
  if (args.flag('json')) printSuspendsJson(io, listed, problems);
  else printSuspends(io, listed, problems);
  return problems.length > 0 ? 2 : 0;
}

async function add(opened: CommitTarget, wanted: Suspend, args: Args, io: Io): Promise<ExitCode> {
  const { repo } = opened;
  const { path, content } = suspendFile(wanted);
  const plan = async (head: Head): Promise<StopChange> => {
    await checkName(repo, head, wanted);
    if (active(head, wanted, io.now()).length > 0) return undefined;
    checkWho(args, opened);
    return { ...messageOf(wanted), files: [{ path, bytes: new TextEncoder().encode(content) }] };
  };
  const made = await changeStops(repo, plan, {
    dryRun: args.flag('dry-run'),
    now: io.now(),
    sleep: (milliseconds) => sleep(milliseconds, io.signal),
  });
  const { head, change } = made;
  const there = suspendsAt(head, io.now());
  const others = there.listed.filter((one) => !one.isVoid && targetOf(one) !== targetOf(wanted) && covers(one, wanted));
  const report = {
    ...made,
    target: targetOf(wanted),
    branch: repo.branch,
    verdict: change === undefined ? 'is suspended already' : made.revision ? 'is suspended' : 'would be suspended',
    suspends: change === undefined ? active(head, wanted, io.now()) : [{ ...wanted, path, isVoid: false }],
    toPush: made.revision === undefined ? [] : await opened.stillToPush(),
    remarks: [
      ...others.map((one) => `${targetOf(one)} is suspended, too: ${one.why} (${one.by})`),
      ...mayStop(there, wanted),
      ...(change === undefined ? ['it stays as it is: resume it first to change why or until'] : []),
    ],
  };
  if (args.flag('json')) printStopJson(io, report);
  else printStop(io, report);
  return change !== undefined && made.revision === undefined ? 1 : 0;
}

function active(head: Head, subject: SuspendSubject, now: Date): ListedSuspend[] {
  return aboutExactly(suspendsAt(head, now).listed, subject).filter(({ isVoid }) => !isVoid);
}

function messageOf(wanted: Suspend): Omit<NonNullable<StopChange>, 'files'> {
  const { by, why, until } = wanted;
  const target = targetOf(wanted);
  return {
    ...subjectLine(`Suspend ${target}`, why),
    trailers: suspendTrailers({ act: 'suspended', target, who: by, ...(until && { until }) }),
  };
}
