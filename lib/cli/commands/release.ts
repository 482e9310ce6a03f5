import type { Head } from '../../bump/ports.ts';
import { holdPath, readHolds } from '../../config/holds.ts';
import { UserError } from '../../model/errors.ts';
import { holdTrailers } from '../../model/rollback-story.ts';
import { holdsAbout } from '../../rollback/hold.ts';
import { afterRelease } from '../after-release.ts';
import { changeStops, type StopChange } from '../change-suspends.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { slipIn } from '../known-names.ts';
import { sleep } from '../local/sleep.ts';
import { type ListedHold, printHold, printHoldJson } from '../output/holds.ts';
import { imageOf } from '../suspend-target.ts';
import { type CommitTarget, commitOptions, withCommitTarget } from '../wiring-commits.ts';
import { byHandOptions, checkWho, subjectLine, whoOf } from './repo-options.ts';

/** `windlass release`: a commit that takes the holds of an image away. */
export const release: Command = {
  name: 'release',
  summary: 'let an image that is held be bumped again',
  positionals: 'image/NAME [ID]',
  values: ['image/NAME'],
  details: [
    'Makes one commit that deletes the files of holds/ about the image, or the one of this id, also where it cannot be read. What is not held stays as it is. The next push or sweep bumps it.',
    'JSON: as windlass hold; holds are those that were deleted.',
    'Exit code: 0 when what was asked for does not hold it any more, also where it did not before; 1 when a dry run would release it; 2 when the input is wrong; 3 for a failure.',
  ].join('\n'),
  options: { ...commitOptions, ...byHandOptions },
  examples: [
    'windlass release image/web --repo .',
    'windlass release image/web 7f3a --why "1.5.1 is safe" --repo github:acme/config',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const [target, id, ...more] = args.positionals;
  if (target === undefined || more.length > 0)
    throw new UserError('windlass release needs image/NAME, and takes the id of one hold', { code: 'usage' });
  const image = imageOf(target);
  return await withCommitTarget(args, io, (opened) => releaseIn(opened, { image, id }, args, io));
}

async function releaseIn(
  opened: CommitTarget,
  { image, id }: { image: string; id: string | undefined },
  args: Args,
  io: Io,
): Promise<ExitCode> {
  const { repo } = opened;
  const [who, why, now] = [whoOf(args, opened), args.text('why')?.trim() || undefined, io.now()];
  const heldAt = (head: Head) => holdsAbout({ holds: readHolds(head.holds).holds }, image, now);
  const chosen = (head: Head) => heldAt(head).filter(({ hold }) => id === undefined || hold.id === id);
  const plan = async (head: Head): Promise<StopChange> => {
    const [deleted, broken] = [chosen(head), id === undefined ? [] : unreadableAbout(head, image, id)];
    if (deleted.length === 0 && broken.length === 0) return undefined;
    checkWho(args, opened);
    return changeOf({ image, deleted, broken, who, why });
  };
  const { head, change, revision } = await changeStops(repo, plan, {
    dryRun: args.flag('dry-run'),
    now,
    sleep: (milliseconds) => sleep(milliseconds, io.signal),
  });
  const asked = { repo, registry: await opened.registries() };
  const released = chosen(head).map(({ hold }) => hold);
  const next = change === undefined ? [] : await afterRelease(asked, { image, released, now }, head);
  const left = heldAt(head).filter((one) => id !== undefined && one.hold.id !== id && !one.isVoid);
  const report = {
    ...{ image, branch: repo.branch, change, revision, holds: chosen(head) },
    verdict: verdictOf(change, revision, left.length > 0 ? id : undefined),
    toPush: revision === undefined ? [] : await opened.stillToPush(),
    remarks: [
      ...next,
      ...left.map(({ hold }) => `it is held still by ${hold.id}: ${hold.why} (${hold.by})`),
      ...unreadableAbout(head, image).map((file) => unreadable(file, change)),
      ...(change === undefined && left.length === 0 ? await slipIn(repo, head, { image }) : []),
    ],
  };
  if (args.flag('json')) printHoldJson(io, report);
  else printHold(io, report);
  return change !== undefined && revision === undefined ? 1 : 0;
}

/** `missing`: the id of a hold that is not there, of an image that others hold. */
function verdictOf(change: StopChange, revision: string | undefined, missing: string | undefined): string {
  if (change === undefined) return missing === undefined ? 'is not held' : `is not held by ${missing}`;
  return revision === undefined ? 'would be released' : 'is released';
}

function unreadable(file: string, change: StopChange): string {
  if (change?.files.some(({ path }) => path === file)) return `${file} could not be read, and goes`;
  return `${file} cannot be read, and holds what it may be about: mend it, or release it by its id`;
}

/** The files that cannot be read and may hold the image; with an id, those of this id: `holds/web.ID.yaml`, and what is named ID alone. */
function unreadableAbout(head: Head, image: string, id?: string): string[] {
  const theirs = readHolds(head.holds).unreadable.filter(({ name }) => name === undefined || name === image);
  const files = new Set(theirs.flatMap(({ problems }) => problems.flatMap(({ file }) => file ?? [])));
  const isMeant = (file: string) => [`/${id}.yaml`, `.${id}.yaml`].some((ending) => file.endsWith(ending));
  return [...files].filter((file) => id === undefined || isMeant(file));
}

function changeOf(wanted: {
  image: string;
  deleted: readonly ListedHold[];
  broken: readonly string[];
  who: string;
  why: string | undefined;
}): NonNullable<StopChange> {
  const { image, deleted, broken, who, why } = wanted;
  const line = subjectLine(`Release image/${image}`, why);
  const files = [...deleted.map(({ hold }) => holdPath(hold)), ...broken];
  return {
    subject: line.subject,
    body: [
      ...line.body,
      ...deleted.map(({ hold }) => `it was held on ${hold.tag} by ${hold.by}: ${hold.why}`),
      ...broken.map((file) => `${file} could not be read`),
    ],
    trailers: holdTrailers({ act: 'released', image, files, who }),
    files: files.map((path) => ({ path, bytes: undefined })),
  };
}
