import { type GitSide, type Timeline, type TimelineOrder, timelineOf } from '../../audit/history.ts';
import type { TimelineSubject } from '../../audit/timeline.ts';
import { readTime } from '../../audit/times.ts';
import { inShort, isTrouble, UserError } from '../../model/errors.ts';
import { amongKnown } from '../../model/nearest.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { filesOfImage, pathsOfSync } from '../config-at-head.ts';
import { standsForSeveral, unknownName } from '../known-names.ts';
import { printTimeline, printTimelineJson } from '../output/timeline.ts';
import { shownRepo } from '../shown-repo.ts';
import { imageOrSync } from '../suspend-target.ts';
import { type GitThere, openSides, type Sides, sidesOptions } from '../two-sides.ts';
import { gitHistory, treeOf } from '../wiring-history.ts';
import { type Count, countOf, limitOption } from './count.ts';
import { onlyTarget } from './repo-options.ts';

const limit: Count = { usual: 30, most: 1000, of: 'lines' };

/** `windlass history`: the Git log and the records of one image or sync as one timeline. */
export const history: Command = {
  name: 'history',
  summary: 'show the commits and the records of an image or a sync as one timeline',
  positionals: 'image/NAME|sync/NAME',
  details: [
    'Newest first: the commits that changed a file in which the image stands, or anything that the sync is made of (people\u2019s commits, too, with author and',
    'pull request), its holds, suspends and rollbacks; and by the records the pushes, pulls, health and drift. A commit and its records are one line.',
    'Renames are followed where Git sees them, up to 20 files of one commit: a commit that moved more is named. The records know the image by its name.',
    'The records are those of a running loop, or of a stack in AWS; the config repo is theirs unless --repo names it. What cannot be reached is said, and',
    'the other side is shown. A file may hold more than the image: a commit of a person is shown for what it may have changed there.',
    'JSON: { target, repo, branch, notes, entries: [{ at, what, who, text, result, revision, pullRequest: { number, url, title }, commit: { revision,',
    'subject, author, at, committedAt, trailers }, records }] }; what is "commit", or a kind of record.',
    'Exit code: 0, also when nothing happened; 2 for wrong input and a name that nobody knows, 3 for a failure.',
  ].join('\n'),
  options: {
    since: {
      type: 'string',
      value: 'TIME',
      help: 'nothing from before: 2h, 3d (ago), 2026-11-22, 2026-11-22T12:00 (UTC)',
    },
    limit: limitOption(limit),
    ...sidesOptions,
    wide: { type: 'boolean', help: 'do not cut lines to the width of the terminal' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass history image/web',
    'windlass history sync/shop-prod --since 7d',
    'windlass history image/web --repo . --only git --json',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const target = onlyTarget('history', args);
  const about = subjectOf(target);
  const since = args.text('since');
  const order = {
    limit: countOf(args, 'limit', limit),
    ...(since !== undefined && { since: readTime(since, io.now(), '--since') }),
  };
  const sides = await openSides(args, io);
  try {
    const meant = sides.git === undefined ? about : syncMeant(about, sides.git);
    const git = sides.git && { ...(await gitSide(io, meant, sides.git)) };
    const found = await timelineOfBoth({ ...order, about: meant }, sides, git);
    if (found.entries.length === 0) await checkKnown(about, sides);
    const report = {
      target: target!,
      ...whereOf(sides),
      entries: found.entries,
      notes: [...sides.notes, ...found.notes],
    };
    if (args.flag('json')) printTimelineJson(io, report);
    else printTimeline(io, report, { wide: args.flag('wide') });
    return 0;
  } finally {
    sides.close();
  }
}

function subjectOf(target: string | undefined): TimelineSubject {
  const subject = imageOrSync(target ?? '');
  if (subject !== undefined) return subject;
  const hint = target === undefined ? '' : `: "${target}" is neither`;
  throw new UserError(`the history of what? Name image/NAME or sync/NAME${hint}`, { code: 'usage' });
}

/** Throws `UserError` for the key of windlass.yaml of which there are several syncs. */
function syncMeant(about: TimelineSubject, { at: { config } }: GitThere): TimelineSubject {
  if ('image' in about) return about;
  const exact = config.syncs.find(({ name }) => name === about.sync);
  if (exact !== undefined) return { sync: exact.name, template: exact.template };
  const expanded = config.syncs.filter(({ template }) => template === about.sync).map(({ name }) => name);
  if (expanded.length === 0) return about;
  throw standsForSeveral(about.sync, expanded);
}

async function gitSide(io: Io, about: TimelineSubject, { where, at }: GitThere): Promise<GitSide> {
  const head = at.head.revision;
  const log = await gitHistory(io, where);
  if ('image' in about) return { history: log, head, paths: filesOfImage(at, about.image) };
  const sync = at.config.syncs.find(({ name }) => name === about.sync);
  if (sync === undefined) return { history: log, head, paths: [] };
  const tree = await treeOf(io, where, head);
  try {
    return { history: log, head, paths: await pathsOfSync(tree, sync) };
  } finally {
    await tree.close();
  }
}

/** Where the records turn out not to be readable, Git is shown alone, unless they were asked for by name. */
async function timelineOfBoth(order: TimelineOrder, sides: Sides, git: GitSide | undefined): Promise<Timeline> {
  const records = sides.records?.records;
  try {
    return await timelineOf(order, { git, records });
  } catch (error) {
    if (records === undefined || git === undefined || !isTrouble(error)) throw error;
    const alone = await timelineOf(order, { git });
    return { ...alone, notes: [`this is Git alone, the records cannot be read: ${inShort(error)}`, ...alone.notes] };
  }
}

/** Throws `UserError` for a name of which neither side has ever heard. */
async function checkKnown(about: TimelineSubject, { git, records }: Sides): Promise<void> {
  const [kind, name] = 'image' in about ? ['image', about.image] : ['sync', about.sync];
  const inGit =
    kind === 'image' ? Object.keys(git?.at.config.images ?? {}) : git?.at.config.syncs.map((one) => one.name);
  const reader = records?.records;
  const recorded =
    kind === 'image'
      ? (await reader?.images())?.map(({ policy }) => policy)
      : (await reader?.syncs())?.map(({ sync }) => sync);
  const known = [...new Set([...(inGit ?? []), ...(recorded ?? [])])].sort();
  if (known.includes(name!)) return;
  throw unknownName(kind!, name!, amongKnown(name!, known));
}

function whereOf({ git, records }: Sides) {
  const repo = git === undefined ? null : shownRepo(git.where.repo);
  return { repo, branch: git?.at.repo.branch ?? null, shown: records?.shown ?? null };
}
