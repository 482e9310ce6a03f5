import { type AuditRecord, recordId } from '../model/audit-record.ts';
import { formatImageRef } from '../model/image-ref.ts';
import type { ImageChange } from '../model/messages.ts';
import type { CommitSummary } from '../model/state.ts';
import type { RouteWish } from './edit-route.ts';
import type { Push } from './push.ts';
import type { Source } from './source.ts';

/** What one bump did, in the terms that its commit's trailers and its records share: either one alone tells it. */
export interface BumpStory {
  images: MovedImage[];
  /** Ids of the push events that were answered; empty for a sweep. */
  events: string[];
}

/** One image that a bump moves. */
export interface MovedImage {
  /** The name in windlass.yaml. */
  policy: string;
  repository: string;
  /** The tags, digests or placeholders that Git had. */
  from: string[];
  /** `tag` or `tag@digest`. */
  to: string;
  /** What `to` is at, where the registry tells it. */
  digest?: string;
  /** The revision that it was built of, or a link to the commits in between. */
  source?: string;
}

/** The trailer that names the changes of a proposal, so that the same ones are not proposed twice. */
export const proposalKey = 'Windlass-Proposal';

/** The story of the wishes that an edit fulfilled. */
export function storyOf(
  moved: readonly RouteWish[],
  changes: readonly ImageChange[],
  events: readonly string[],
  sources: ReadonlyMap<string, Source>,
): BumpStory {
  const images = moved.map(({ decision: { entry }, outcome: { digest }, ref }): MovedImage => {
    const to = formatImageRef({ ...ref, repository: '' }).replace(/^:/, '');
    const texts = changes.filter(({ policy, to: text }) => policy === entry.name && text !== entry.image);
    // A key that was empty had nothing.
    const from = [...new Set(texts.map((change) => shortOf(change.from, entry.image)).filter((text) => text !== ''))];
    const { link, revision } = sources.get(entry.name) ?? {};
    const source = link ?? revision;
    return {
      policy: entry.name,
      repository: entry.image,
      from,
      to,
      ...(digest === undefined ? {} : { digest }),
      ...(source === undefined ? {} : { source }),
    };
  });
  return { images, events: [...events] };
}

/** The ids of the pushes that moved these images; of all pushes, where none of them is of one of these. */
export function eventsFor(moved: readonly RouteWish[], pushes: readonly Push[]): string[] {
  const repositories = new Set(moved.map(({ decision }) => decision.entry.image));
  const theirs = pushes.filter(({ repository }) => repositories.has(repository));
  return [...new Set((theirs.length > 0 ? theirs : pushes).map(({ id }) => id))];
}

/** A reference without the repository that is said beside it. */
function shortOf(text: string, repository: string): string {
  return text.startsWith(`${repository}:`) || text.startsWith(`${repository}@`)
    ? text.slice(repository.length + 1)
    : text;
}

/** The trailers of the commit: one group for each image, beginning with its policy; then the events. */
export function trailersOf({ images, events }: BumpStory): [string, string][] {
  return [
    ...images.flatMap(({ policy, repository, from, to, digest, source }): [string, string][] => [
      ['Windlass-Policy', policy],
      ['Windlass-Image', repository],
      ...from.map((tag): [string, string] => ['Windlass-From', tag]),
      ['Windlass-To', to],
      ...(digest === undefined ? [] : [['Windlass-Digest', digest] as [string, string]]),
      ...(source === undefined ? [] : [['Windlass-Source', source] as [string, string]]),
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
    else if (key === 'Windlass-Digest' && image) image.digest = value;
    else if (key === 'Windlass-Source' && image) image.source = value;
  }
  return story.images.length === 0 ? undefined : story;
}

/** Git keeps whole seconds: what is told of a commit has its time, also when it is told a second time from the commit itself. */
export function wholeSeconds(time: string | Date): string {
  return new Date(Math.floor(new Date(time).getTime() / 1000) * 1000).toISOString();
}

/** One record for each image of a commit. `at` is the commit's time, in whole seconds as Git keeps it; `by` ends the sentence. */
export function bumpedRecords(story: BumpStory, revision: string, at: string, by = ''): AuditRecord[] {
  return story.images.map(({ policy, repository, from, to, digest, source }) => ({
    id: recordId('bumped', revision, policy),
    at,
    kind: 'bumped',
    actor: 'windlass bump',
    subjects: [`image:${policy}`, `revision:${revision}`, ...story.events.map((id) => `event:${id}`)],
    revision,
    result: 'ok',
    summary: `${policy} went ${from.length === 0 ? '' : `from ${from.join(', ')} `}to ${to}${story.events.length === 0 ? ', found by the sweep' : ''}${by}`,
    details: {
      image: repository,
      from,
      to,
      ...(digest === undefined ? {} : { digest }),
      ...(source === undefined ? {} : { source }),
    },
  }));
}
