import type { Head } from '../../bump/ports.ts';
import { readHolds } from '../../config/holds.ts';
import { UserError } from '../../model/errors.ts';
import { holdsAbout, planHold } from '../../rollback/hold.ts';
import { lookAt } from '../../rollback/look.ts';
import { changeStops, type StopChange } from '../change-suspends.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { sleep } from '../local/sleep.ts';
import { printHold, printHoldJson, printHolds, printHoldsJson } from '../output/holds.ts';
import { imageOf } from '../suspend-target.ts';
import { type CommitTarget, commitOptions, withCommitTarget } from '../wiring-commits.ts';
import { checkWho, onlyTarget, stopOptions, subjectLine, untilOf, whoOf } from './repo-options.ts';

/** `windlass hold`: a commit that keeps an image at a tag, or the list of what is held. */
export const hold: Command = {
  name: 'hold',
  summary: 'keep an image at its tag until a newer one than all of now, or list what is held',
  positionals: '[image/NAME]',
  details: [
    'Makes one commit that adds a file to holds/. The image is not bumped until there is a tag after --past, by the order of its policy: the highest of the',
    'registry and of Git unless given. That bump deletes the file. --tag is what is kept, what Git has unless given; a hold changes no image itself:',
    'windlass rollback does, and holds it. --tag is one that the registry lists or Git had, and --past one that the policy can order. Of a digest policy tag and past are digests. Without a target: lists what is held.',
    'JSON: { target, branch, changed, wouldChange, revision, subject, files: [{ path, act }], holds: [{ id, file, image, tag, past, who, why, until, at, void }],',
    'remarks, pushNeeded: committed in a clone alone }; of the list { holds, problems }.',
    'Exit code: 0 when it is held; 1 when a dry run would hold it; 2 when the input is wrong or a file of holds/ cannot be read in a list; 3 for a failure.',
  ].join('\n'),
  options: {
    ...commitOptions,
    tag: { type: 'string', value: 'T', help: 'the tag, or digest, to keep; what Git has unless given' },
    past: {
      type: 'string',
      value: 'T',
      help: 'only tags after this one are taken again; the highest one of now unless given',
    },
    ...stopOptions,
  },
  examples: [
    'windlass hold image/web --why "1.5 waits for the migration" --repo .',
    'windlass hold image/web --tag 1.4.0 --past 1.5.2 --until 2027-01-31 --why "see INC-7" --repo github:acme/config',
    'windlass hold --repo .',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const target = onlyTarget('hold', args);
  if (target === undefined) {
    if (['why', 'until', 'who', 'tag', 'past'].some((name) => args.text(name) !== undefined))
      throw new UserError('what is to be held? Name image/NAME', { code: 'usage' });
    return withCommitTarget(args, io, (opened) => list(opened, args, io));
  }
  const image = imageOf(target);
  const why = args.text('why')?.trim();
  if (!why) throw new UserError('why? Give --why TEXT: everybody who meets the hold reads it', { code: 'usage' });
  const until = untilOf(args.text('until'), io.now());
  return withCommitTarget(args, io, (opened) => add(opened, { image, why, until }, args, io));
}

async function list({ repo }: CommitTarget, args: Args, io: Io): Promise<ExitCode> {
  const { holds, unreadable } = readHolds((await repo.head()).holds);
  const problems = [...new Set(unreadable.flatMap((one) => one.problems))];
  const listed = holdsAbout({ holds }, undefined, io.now());
  if (args.flag('json')) printHoldsJson(io, listed, problems);
  else printHolds(io, listed, problems);
  return problems.length > 0 ? 2 : 0;
}

async function add(
  opened: CommitTarget,
  { image, why, until }: { image: string; why: string; until: string | undefined },
  args: Args,
  io: Io,
): Promise<ExitCode> {
  const { repo } = opened;
  const [who, now, registry] = [whoOf(args, opened), io.now(), await opened.registries()];
  const order = { image, tag: args.text('tag'), past: args.text('past'), until, who, why, now };
  let planned: Awaited<ReturnType<typeof planHold>> | undefined;
  const plan = async (head: Head): Promise<StopChange> => {
    planned = await planHold(order, await lookAt(repo, head), { repo, registry });
    checkWho(args, opened);
    return { ...subjectLine(`Hold image/${image} on ${planned.hold.tag}`, why), ...planned.commit };
  };
  const { head, change, revision } = await changeStops(repo, plan, {
    dryRun: args.flag('dry-run'),
    now,
    sleep: (milliseconds) => sleep(milliseconds, io.signal),
  });
  const others = holdsAbout({ holds: readHolds(head.holds).holds }, image, now).filter(({ isVoid }) => !isVoid);
  const report = {
    ...{ image, branch: repo.branch, change, revision },
    verdict: revision === undefined ? 'would be held' : 'is held',
    holds: [{ hold: planned!.hold, isVoid: false }],
    toPush: revision === undefined ? [] : await opened.stillToPush(),
    remarks: [
      ...planned!.remarks,
      ...others.map(({ hold: { tag, past, by, why: reason } }) => {
        const isSame = tag === planned!.hold.tag && past === planned!.hold.past;
        const also = isSame ? 'already, and this is a second hold that says the same' : 'as well';
        return `it is held on ${tag}, past ${past}, ${also} (${by}: ${reason})`;
      }),
    ],
  };
  if (args.flag('json')) printHoldJson(io, report);
  else printHold(io, report);
  return revision === undefined ? 1 : 0;
}
