import type { Head } from '../../bump/ports.ts';
import { UserError } from '../../model/errors.ts';
import { nearest } from '../../model/nearest.ts';
import { suspendTrailers } from '../../model/suspend-story.ts';
import {
  aboutExactly,
  changeStops,
  type ListedSuspend,
  mayStop,
  type StopChange,
  suspendsAt,
} from '../change-suspends.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { slipIn } from '../known-names.ts';
import { sleep } from '../local/sleep.ts';
import { printStop, printStopJson } from '../output/suspends.ts';
import { covers, parseTarget, type SuspendSubject, targetOf } from '../suspend-target.ts';
import { type CommitTarget, commitOptions, withCommitTarget } from '../wiring-commits.ts';
import { byHandOptions, checkWho, onlyTarget, subjectLine, whoOf } from './repo-options.ts';

/** `windlass resume`: a commit that takes suspends away. */
export const resume: Command = {
  name: 'resume',
  summary: 'let what was suspended go on',
  positionals: 'image/NAME|sync/NAME|all-images|all-syncs|all',
  details: [
    'Makes one commit that deletes every file of suspends/ that is about exactly this. What is not suspended stays as it is. A suspend of more (all-images',
    'for image/web) is named, and stays. What windlass.yaml does not have any more can be resumed as well;',
    'where nothing was to resume, a name that it does not have is noted.',
    'JSON: as windlass suspend; suspends are those that were deleted.',
    'Exit code: 0 when it is not suspended any more, also where it was not before; 1 when a dry run would resume it; 2 when the input is wrong; 3 for a failure.',
  ].join('\n'),
  options: { ...commitOptions, ...byHandOptions },
  examples: [
    'windlass resume image/web --repo .',
    'windlass resume all --why "1.5.1 is out" --repo github:acme/config',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const text = onlyTarget('resume', args);
  if (text === undefined) {
    throw new UserError('windlass resume needs image/NAME, sync/NAME, all-images, all-syncs or all', { code: 'usage' });
  }
  const subject = parseTarget(text);
  return await withCommitTarget(args, io, (opened) => resumeIn(opened, subject, args, io));
}

async function resumeIn(opened: CommitTarget, subject: SuspendSubject, args: Args, io: Io): Promise<ExitCode> {
  const [who, why] = [whoOf(args, opened), args.text('why')?.trim() || undefined];
  const { repo } = opened;
  const plan = async (head: Head): Promise<StopChange> => {
    const deleted = aboutExactly(suspendsAt(head, io.now()).listed, subject);
    if (deleted.length === 0) return undefined;
    checkWho(args, opened);
    return changeOf(subject, deleted, who, why);
  };
  const made = await changeStops(repo, plan, {
    dryRun: args.flag('dry-run'),
    now: io.now(),
    sleep: (milliseconds) => sleep(milliseconds, io.signal),
  });
  const there = suspendsAt(made.head, io.now());
  const stays = remaining(there.listed, subject);
  const isSlip = made.change === undefined && stays.length === 0;
  const report = {
    ...made,
    target: targetOf(subject),
    branch: repo.branch,
    verdict: made.change === undefined ? 'is not suspended' : made.revision ? 'is resumed' : 'would be resumed',
    suspends: aboutExactly(there.listed, subject),
    toPush: made.revision === undefined ? [] : await opened.stillToPush(),
    remarks: [...stays, ...mayStop(there, subject), ...(isSlip ? await slipIn(repo, made.head, subject) : [])],
  };
  if (args.flag('json')) printStopJson(io, report);
  else printStop(io, report);
  return made.change !== undefined && made.revision === undefined ? 1 : 0;
}

function changeOf(
  subject: SuspendSubject,
  deleted: readonly ListedSuspend[],
  who: string,
  why: string | undefined,
): NonNullable<StopChange> {
  const target = targetOf(subject);
  const line = subjectLine(`Resume ${target}`, why);
  return {
    subject: line.subject,
    body: [...line.body, ...deleted.map((one) => `it was suspended by ${one.by}: ${one.why}`)],
    trailers: suspendTrailers({ act: 'resumed', target, who }),
    files: deleted.map(({ path }) => ({ path, bytes: undefined })),
  };
}

/** What stops it all the same, and where nothing was to resume, what may have been meant. */
function remaining(listed: readonly ListedSuspend[], subject: SuspendSubject): string[] {
  const others = listed.filter((one) => !one.isVoid && targetOf(one) !== targetOf(subject));
  const wider = others.filter((one) => covers(one, subject) || covers(subject, one));
  const stays = wider.map((one) => `${targetOf(one)} is suspended still: ${one.why} (${one.by})`);
  if (stays.length > 0 || aboutExactly(listed, subject).length > 0) return stays;
  const close = nearest(targetOf(subject), others.map(targetOf));
  if (close !== undefined) return [`${close} is suspended: did you mean that?`];
  // Suspends of one environment's sync, where the sync of all was named.
  const longer = new Set(others.map(targetOf).filter((target) => target.startsWith(`${targetOf(subject)}-`)));
  return [...longer].map((target) => `${target} is suspended`);
}
