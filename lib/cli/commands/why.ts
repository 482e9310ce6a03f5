import { why as explain, type ImageAsked, type PlaceAsked, type Why } from '../../audit/why.ts';
import type { ImageEntry, SyncSpec } from '../../config/config.ts';
import { readHolds } from '../../config/holds.ts';
import { readSuspends, type Suspend, type Suspendable, suspendMatches } from '../../config/suspends.ts';
import { imagesOf } from '../../kube/images.ts';
import { UserError } from '../../model/errors.ts';
import { parseImageRef } from '../../model/image-ref.ts';
import { amongKnown, nearest } from '../../model/nearest.ts';
import { parseObjectId } from '../../model/object-id.ts';
import { isWithin } from '../../model/tree-path.ts';
import { sortHolds } from '../../policy/holds.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import type { ConfigAtHead } from '../config-at-head.ts';
import { type FoundObject, findObject } from '../find-object.ts';
import { whoTookOut } from '../left-sync.ts';
import { printJson } from '../output/json.ts';
import { printWhy } from '../output/why.ts';
import { type GitThere, openSides, type Sides, sidesOptions } from '../two-sides.ts';
import { gitHistory, treeOf } from '../wiring-history.ts';
import { onlyTarget } from './repo-options.ts';

/** `windlass why`: why an object is as it is. */
export const why: Command = {
  name: 'why',
  summary: 'say why an object is what it is: commit, author, push, pull, health, drift',
  positionals: 'OBJECT',
  details: [
    'For each sync that declares the object at the head of the config repo: the files that it comes from and the last commit that changed one of them, with',
    'author and pull request; for each image the bump or rollback that moved it there, the push that it answered and what CI built it of; when a pull wrote',
    'the object last, whether the cluster has that commit, health, open incidents, holds and suspends. What is not known is said.',
    'OBJECT is written as everywhere: apps/Deployment/shop/web, ConfigMap/shop/settings. A kustomization or chart tells no line: all files that may decide',
    'about the object count, so that the commit may be about something beside it.',
    'The records are those of a running loop, or of a stack in AWS; the config repo is theirs unless --repo names it. What cannot be reached is said.',
    'JSON: { object, places: [{ sync, cluster, environment, origin, line, files, suspended, change: { commit, pullRequest }, images: [{ ref, policies: [{ name,',
    'holds, suspended }], by: { what, policy, commit, from, to, source, sourceTime, digest, events, pullRequest }, pushes }], applied, has: { revision,',
    'appliedAt, change, result }, health: { status, reason, at, missing }, incidents }], notes }.',
    'Exit code: 0; 2 for wrong input and an object that nobody declares, 3 for a failure.',
  ].join('\n'),
  options: {
    sync: { type: 'string', value: 'NAME', help: 'only as this sync declares it, or did before it left windlass.yaml' },
    ...sidesOptions,
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass why apps/Deployment/shop-prod/web',
    'windlass why ConfigMap/shop/settings --sync shop-prod --json',
    'windlass why apps/Deployment/shop/web --repo . --only git',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const object = objectOf(onlyTarget('why', args));
  const sides = await openSides(args, io);
  try {
    const { records } = sides;
    const only = args.text('sync');
    const left = only === undefined ? undefined : await leftSync(io, only, sides);
    // Git says nothing of a sync that left it.
    const git = left === undefined ? sides.git : undefined;
    const asked = git && (await askedOf(args, io, object, git));
    const sources = {
      ...(git && { git: { history: await gitHistory(io, git.where), head: git.at.head.revision } }),
      ...(records && { records: records.records }),
    };
    const found = await explain(object, asked?.places ?? [], sources);
    const places = found.places.filter(({ sync }) => only === undefined || sync === only);
    const notes = [...sides.notes, ...(left === undefined ? [] : [left]), ...(asked?.notes ?? []), ...found.notes];
    const answer: Why = { object, places, notes };
    if (places.length === 0) throw unknown(object, answer, asked?.names ?? []);
    if (args.flag('json')) printJson(io, answer);
    else printWhy(io, answer, { hasGit: git !== undefined, hasRecords: records !== undefined });
    return 0;
  } finally {
    sides.close();
  }
}

function objectOf(text: string | undefined): string {
  if (text !== undefined && parseObjectId(text) !== undefined) return text;
  const hint = text === undefined ? '' : `: "${text}" is none`;
  throw new UserError(`why is what? Name an object, as apps/Deployment/shop/web${hint}`, { code: 'usage' });
}

/**
 * Of a sync that windlass.yaml had and has no more, since when; undefined of one that it has. Throws `UserError` for one that neither the records nor the
 * last commits of windlass.yaml know.
 */
async function leftSync(io: Io, sync: string, { git, records }: Sides): Promise<string | undefined> {
  const known = git?.at.config.syncs.map(({ name }) => name);
  if (git === undefined || known!.includes(sync)) return undefined;
  const isRecorded = (await records?.records.syncs())?.some((one) => one.sync === sync) ?? false;
  const by = await whoTookOut(sync, git.at, await gitHistory(io, git.where));
  if (!isRecorded && by === undefined)
    throw new UserError(`windlass.yaml has no sync "${sync}"${amongKnown(sync, known!)}`, {
      code: 'unknown-sync',
      subject: sync,
    });
  const since =
    by === undefined
      ? 'any more'
      : `since ${by.revision.slice(0, 8)} (${by.committedAt.slice(0, 19)}Z, ${by.author}: ${by.subject})`;
  const rest =
    records === undefined ? 'what became of its objects, only the records know' : 'this is what the records know';
  return `windlass.yaml has no sync "${sync}" ${since}: ${rest}`;
}

async function askedOf(args: Args, io: Io, object: string, { where, at }: GitThere) {
  const { renderers } = await import('../wiring-renderers.ts');
  const only = args.text('sync');
  const syncs = at.config.syncs.filter(({ name }) => only === undefined || name === only);
  const tree = await treeOf(io, where, at.head.revision);
  try {
    const { found, names, notes } = await findObject(tree, { syncs }, object, renderers(io));
    return { places: found.map((one) => placeOf(one, at, io.now())), names, notes };
  } finally {
    await tree.close();
  }
}

function placeOf({ sync, object, origin, line, files }: FoundObject, at: ConfigAtHead, now: Date): PlaceAsked {
  return {
    ...{ sync: sync.name, cluster: sync.cluster, origin, files },
    ...(sync.environment !== undefined && { environment: sync.environment }),
    ...(line !== undefined && { line }),
    images: imagesOf([object]).map((ref) => imageOf(ref, files, at, now)),
    suspended: suspendedOf(at, subjectOf(sync), now),
  };
}

function subjectOf({ name, template }: SyncSpec): Suspendable {
  return { sync: name, template };
}

/** The policies whose markers are in the files and directories; where none is, those of the repository. */
function imageOf(ref: string, files: readonly string[], at: ConfigAtHead, now: Date): ImageAsked {
  const repository = parseImageRef(ref)?.repository;
  const own = Object.values(at.config.images).filter(({ image }) => image === repository);
  const isMarked = ({ name }: ImageEntry) =>
    at.files.some(
      ({ path, facts }) =>
        files.some((file) => isWithin(file, path)) && facts.markers.some(({ policy }) => policy === name),
    );
  const marked = own.filter(isMarked);
  const { holds } = readHolds(at.head.holds);
  const policies = (marked.length > 0 ? marked : own).map(({ name, digest, newest }) => ({
    name,
    // Holds are told otherwise where tags have no order.
    kind: digest !== undefined ? ('digest' as const) : newest ? ('newest' as const) : ('semver' as const),
    holds: sortHolds(
      holds.filter(({ image }) => image === name),
      now,
    ).active,
    suspended: suspendedOf(at, { image: name }, now),
  }));
  return { ref, policies };
}

/** Why it is stopped, by whom, since when and until when; and the files that stop it because nobody can read what they are about. */
function suspendedOf({ head }: ConfigAtHead, subject: Suspendable, now: Date): string[] {
  const { suspends, unreadable } = readSuspends(head.suspends);
  const stopping = suspends.filter((one) => suspendMatches(one, subject, now));
  const isImage = 'image' in subject;
  const names = isImage ? [subject.image] : [subject.sync, subject.template];
  const broken = [...unreadable, ...(isImage ? readHolds(head.holds).unreadable : [])];
  const theirs = broken.filter(({ name }) => name === undefined || names.includes(name));
  const files = new Set(theirs.flatMap(({ problems }) => problems.map(({ file }) => file)));
  return [...stopping.map(inWords), ...[...files].map((file) => `${file} cannot be read`)];
}

function inWords({ why: reason, by, at, until }: Suspend): string {
  return `${reason} (${[by, at && `since ${at}`, until && `until ${until}`].filter(Boolean).join(', ')})`;
}

function unknown(object: string, { notes }: Why, names: readonly string[]): UserError {
  const close = nearest(object, names);
  const hint = close === undefined ? '' : `, did you mean ${close}?`;
  const more = notes.length === 0 ? '' : `\n${notes.join('\n')}`;
  return new UserError(`no sync declares ${object}, and no pull that is recorded wrote it${hint}${more}`, {
    code: 'unknown-object',
    subject: object,
  });
}
