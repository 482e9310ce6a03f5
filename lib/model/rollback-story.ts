import { type AuditRecord, recordId } from './audit-record.ts';
import { actorSubjects, imageSubjects } from './audit-subjects.ts';
import { parseImageRef } from './image-ref.ts';
import type { CommitSummary } from './state.ts';
import { suspendRecords, suspendStoryIn } from './suspend-story.ts';

/** One image that a rollback moves back. */
export interface RolledBackImage {
  /** The name in windlass.yaml. */
  policy: string;
  repository: string;
  /** What Git had, without the repository: tags, digests or placeholders. */
  from: string[];
  /** What it has again. */
  to: string[];
}

/** What one rollback did, in the terms that its commit's trailers and its records share. */
export interface RollbackStory {
  /** What was asked for: `image/web` or `sync/shop-prod`. */
  target: string;
  images: RolledBackImage[];
  /** The commits of bumps that it undoes. */
  reverts: string[];
  /** Ids of the push events that these bumps answered. */
  events: string[];
  /** The files of holds that it adds. */
  holds: string[];
  /** The files of older holds that it deletes, as one of these takes their place; absent where there are none. */
  releases?: string[];
  /** Who asked; absent where no person did. */
  who?: string;
  /** Where no person asked: the run of the report that did. */
  automatic?: string;
}

/** What a commit by hand did to the holds of one image. */
export interface HoldStory {
  act: 'held' | 'released';
  image: string;
  /** The files that it adds or deletes. */
  files: string[];
  /** Of a new hold. */
  tag?: string;
  past?: string;
  until?: string;
  who: string;
}

/** The trailers of a rollback's commit. None of them is a bump's first one, so that no reader takes it for a bump. */
export function rollbackTrailers(story: RollbackStory): [string, string][] {
  return [
    ['Windlass-Rollback', story.target],
    ...story.images.flatMap(({ policy, repository, from, to }): [string, string][] => [
      ['Windlass-Rolled-Back', policy],
      ['Windlass-Image', repository],
      ...from.map((text): [string, string] => ['Windlass-From', text]),
      ...to.map((text): [string, string] => ['Windlass-To', text]),
    ]),
    ...story.reverts.map((revision): [string, string] => ['Windlass-Reverts', revision]),
    ...story.events.map((id): [string, string] => ['Windlass-Event', id]),
    ...story.holds.map((path): [string, string] => ['Windlass-Hold', path]),
    ...(story.releases ?? []).map((path): [string, string] => ['Windlass-Release', path]),
    ...(story.who === undefined ? [] : [['Windlass-Who', story.who] as [string, string]]),
    ...(story.automatic === undefined ? [] : [['Windlass-Automatic', story.automatic] as [string, string]]),
  ];
}

/** Reads a commit's trailers back; undefined for a commit that no rollback made. */
export function rollbackStoryIn({ trailers }: Pick<CommitSummary, 'trailers'>): RollbackStory | undefined {
  const target = firstOf(trailers, 'Windlass-Rollback');
  if (target === undefined) return undefined;
  const images: RolledBackImage[] = [];
  for (const [key, value] of trailers) {
    const image = images.at(-1);
    if (key === 'Windlass-Rolled-Back') images.push({ policy: value, repository: '', from: [], to: [] });
    else if (key === 'Windlass-Image' && image) image.repository = value;
    else if (key === 'Windlass-From' && image) image.from.push(value);
    else if (key === 'Windlass-To' && image) image.to.push(value);
  }
  const [who, automatic] = [firstOf(trailers, 'Windlass-Who'), firstOf(trailers, 'Windlass-Automatic')];
  const releases = allOf(trailers, 'Windlass-Release');
  return {
    target,
    images,
    reverts: allOf(trailers, 'Windlass-Reverts'),
    events: allOf(trailers, 'Windlass-Event'),
    holds: allOf(trailers, 'Windlass-Hold'),
    ...(releases.length === 0 ? {} : { releases }),
    ...(who === undefined ? {} : { who }),
    ...(automatic === undefined ? {} : { automatic }),
  };
}

/** The trailers of a commit by `windlass hold` or `windlass release`. */
export function holdTrailers({ act, image, files, tag, past, until, who }: HoldStory): [string, string][] {
  const told = Object.entries({ 'Windlass-Tag': tag, 'Windlass-Past': past, 'Windlass-Until': until });
  return [
    [act === 'held' ? 'Windlass-Held' : 'Windlass-Released', image],
    ...files.map((path): [string, string] => [act === 'held' ? 'Windlass-Hold' : 'Windlass-Release', path]),
    ...told.filter((pair): pair is [string, string] => pair[1] !== undefined),
    ['Windlass-Who', who],
  ];
}

/** Reads these back; undefined for every other commit. */
export function holdStoryIn({ trailers }: Pick<CommitSummary, 'trailers'>): HoldStory | undefined {
  const [held, released] = [firstOf(trailers, 'Windlass-Held'), firstOf(trailers, 'Windlass-Released')];
  const image = held ?? released;
  if (image === undefined) return undefined;
  const [tag, past, until] = ['Windlass-Tag', 'Windlass-Past', 'Windlass-Until'].map((key) => firstOf(trailers, key));
  return {
    act: held === undefined ? 'released' : 'held',
    image,
    files: allOf(trailers, held === undefined ? 'Windlass-Release' : 'Windlass-Hold'),
    ...(tag === undefined ? {} : { tag }),
    ...(past === undefined ? {} : { past }),
    ...(until === undefined ? {} : { until }),
    who: firstOf(trailers, 'Windlass-Who') ?? '',
  };
}

/** One record for each image that went back; of a rollback that moved none, one for its target. `at` is the commit's time, in whole seconds. */
export function rolledBackRecords(story: RollbackStory, revision: string, at: string): AuditRecord[] {
  const { target, images, reverts, events, holds, releases, who, automatic } = story;
  const of = who === undefined || who === '' ? ', by itself' : ` by ${who}`;
  const [kind, name] = [target.slice(0, target.indexOf('/')), target.slice(target.indexOf('/') + 1)];
  const about = [
    ...(kind === 'sync' ? [`sync:${name}`] : []),
    `revision:${revision}`,
    ...reverts.map((reverted) => `revision:${reverted}`),
    ...events.map((id) => `event:${id}`),
    ...(automatic === undefined ? [] : [`run:${automatic}`]),
    ...actorSubjects(who === undefined ? [] : [who]),
  ];
  const record = (key: string, subjects: string[], summary: string, details: Record<string, unknown>): AuditRecord => ({
    id: recordId('rolled-back', revision, key),
    at,
    kind: 'rolled-back',
    actor: automatic === undefined && who ? who : 'windlass rollback',
    subjects: [...new Set([...subjects, ...about])],
    revision,
    result: 'ok',
    summary,
    details: { target, reverts, holds, ...(releases === undefined ? {} : { releases }), ...details },
  });
  if (images.length === 0) return [record(target, [], `${target} went back${of}`, {})];
  return images.map(({ policy, repository, from, to }) => {
    const went = `${policy} went back${from.length === 0 ? '' : ` from ${from.join(', ')}`} to ${to.join(', ')}${of}`;
    const subjects = [`image:${policy}`, ...to.flatMap((text) => refSubjects(repository, text))];
    return record(policy, subjects, went, { image: repository, from, to });
  });
}

/** The record of a hold that a person made or released. */
export function heldRecords(story: HoldStory, revision: string, at: string): AuditRecord[] {
  const { act, image, files, tag, past, until, who } = story;
  const kept = tag === undefined ? '' : ` on ${tag}${past === undefined ? '' : `, past ${past}`}`;
  return [
    {
      id: recordId(act, revision, image),
      at,
      kind: act,
      actor: who === '' ? 'windlass' : who,
      subjects: [`image:${image}`, `revision:${revision}`, ...actorSubjects([who])],
      revision,
      result: 'ok',
      summary:
        act === 'held'
          ? `${image} is held${kept}${until === undefined ? '' : ` until ${until}`} by ${who}`
          : `the hold of ${image} was released by ${who}`,
      details: { files, ...(tag === undefined ? {} : { tag }), ...(past === undefined ? {} : { past }) },
    },
  ];
}

/** What a commit that is no bump's says of rollbacks, holds and suspends, as records; none for every other commit. `at` in whole seconds. */
export function recordsOfPeople(commit: Pick<CommitSummary, 'trailers' | 'revision'>, at: string): AuditRecord[] {
  const rollback = rollbackStoryIn(commit);
  if (rollback !== undefined) return rolledBackRecords(rollback, commit.revision, at);
  const hold = holdStoryIn(commit);
  if (hold !== undefined) return heldRecords(hold, commit.revision, at);
  const suspend = suspendStoryIn(commit);
  return suspend === undefined ? [] : suspendRecords(suspend, commit.revision, at);
}

function refSubjects(repository: string, text: string): string[] {
  const ref = parseImageRef(text.startsWith('sha256:') ? `${repository}@${text}` : `${repository}:${text}`);
  return ref === undefined ? [] : imageSubjects(ref);
}

function firstOf(trailers: CommitSummary['trailers'], key: string): string | undefined {
  return trailers.find(([name]) => name === key)?.[1];
}

function allOf(trailers: CommitSummary['trailers'], key: string): string[] {
  return trailers.filter(([name]) => name === key).map(([, value]) => value);
}
