import { type AuditRecord, recordId } from '../model/audit-record.ts';
import type { CommitSummary } from '../model/state.ts';

/** What one bump did, in the terms that its commit's trailers and its records share: either one alone tells it. */
export interface BumpStory {
  images: {
    /** The name in windlass.yaml. */
    policy: string;
    repository: string;
    /** The tags, or placeholders, that Git had. */
    from: string[];
    /** `tag` or `tag@digest`. */
    to: string;
  }[];
  /** Ids of the push events that were answered; empty for a sweep. */
  events: string[];
}

const longestSubject = 72;

/** The subject of the commit: the images while they fit on a line, else their number. */
export function subjectOf({ images }: BumpStory): string {
  const named = images.map(({ policy, to }) => `${policy} to ${to.replace(/@.*$/, '')}`);
  const subject = `Bump ${named.length > 1 ? `${named.slice(0, -1).join(', ')} and ${named.at(-1)}` : named[0]}`;
  if (subject.length <= longestSubject) return subject;
  return images.length === 1 ? subject.slice(0, longestSubject) : `Bump ${images.length} images`;
}

/** The trailers of the commit: one group for each image, beginning with its policy; then the events. */
export function trailersOf({ images, events }: BumpStory): [string, string][] {
  return [
    ...images.flatMap(({ policy, repository, from, to }): [string, string][] => [
      ['Windlass-Policy', policy],
      ['Windlass-Image', repository],
      ...from.map((tag): [string, string] => ['Windlass-From', tag]),
      ['Windlass-To', to],
    ]),
    ...events.map((id): [string, string] => ['Windlass-Event', id]),
  ];
}

/** Reads a commit's trailers back; undefined for a commit that no bump made. */
export function storyIn({ trailers }: Pick<CommitSummary, 'trailers'>): BumpStory | undefined {
  const story: BumpStory = { images: [], events: [] };
  for (const [key, value] of trailers) {
    const image = story.images.at(-1);
    if (key === 'Windlass-Policy') story.images.push({ policy: value, repository: '', from: [], to: '' });
    else if (key === 'Windlass-Event') story.events.push(value);
    else if (key === 'Windlass-Image' && image) image.repository = value;
    else if (key === 'Windlass-From' && image) image.from.push(value);
    else if (key === 'Windlass-To' && image) image.to = value;
  }
  return story.images.length === 0 ? undefined : story;
}

/** One record for each image of a commit. `at` is the commit's time, in whole seconds as Git keeps it. */
export function bumpedRecords(story: BumpStory, revision: string, at: string): AuditRecord[] {
  return story.images.map(({ policy, repository, from, to }) => ({
    id: recordId('bumped', revision, policy),
    at,
    kind: 'bumped',
    actor: 'windlass bump',
    subjects: [`image:${policy}`, `revision:${revision}`, ...story.events.map((id) => `event:${id}`)],
    revision,
    result: 'ok',
    summary: `${policy} went ${from.length === 0 ? '' : `from ${from.join(', ')} `}to ${to}${story.events.length === 0 ? ', found by the sweep' : ''}`,
    details: { image: repository, from, to },
  }));
}
