import { type AuditRecord, recordId } from './audit-record.ts';
import { imageSubjects } from './audit-subjects.ts';
import { parseImageRef } from './image-ref.ts';
import type { CommitSummary } from './state.ts';

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
  /** When the commit was made that `to` was built of, as the image says (ISO 8601, UTC, whole seconds). */
  sourceTime?: string;
  /** The files of the holds that end with it, and that its commit deletes; absent: none. */
  released?: string[];
}

/** The trailer that names the changes of a proposal, so that the same ones are not proposed twice. */
export const proposalKey = 'Windlass-Proposal';

/** The trailers of the commit: one group for each image, beginning with its policy; then the events. */
export function trailersOf({ images, events }: BumpStory): [string, string][] {
  return [
    ...images.flatMap(
      ({ policy, repository, from, to, digest, source, sourceTime, released = [] }): [string, string][] => [
        ['Windlass-Policy', policy],
        ['Windlass-Image', repository],
        ...from.map((tag): [string, string] => ['Windlass-From', tag]),
        ['Windlass-To', to],
        ...(digest === undefined ? [] : [['Windlass-Digest', digest] as [string, string]]),
        ...(source === undefined ? [] : [['Windlass-Source', source] as [string, string]]),
        ...(sourceTime === undefined ? [] : [['Windlass-Source-Time', sourceTime] as [string, string]]),
        ...released.map((path): [string, string] => ['Windlass-Release', path]),
      ],
    ),
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
    else if (key === 'Windlass-Release' && image) image.released = [...(image.released ?? []), value];
    else if (key === 'Windlass-Source-Time' && image) {
      const time = readSourceTime(value);
      if (time !== undefined) image.sourceTime = time;
    }
  }
  return story.images.length === 0 ? undefined : story;
}

/** True for the commit of a proposal: in the branch it is a bump that people merged. */
export function isProposal({ trailers }: Pick<CommitSummary, 'trailers'>): boolean {
  return trailers.some(([key]) => key === proposalKey);
}

/** Ends the sentence of the records of such a bump. */
export const merged = ', proposed and merged';

/** Git keeps whole seconds: what is told of a commit has its time, also when it is told a second time from the commit itself. */
export function wholeSeconds(time: string | Date): string {
  return new Date(Math.floor(new Date(time).getTime() / 1000) * 1000).toISOString();
}

const dateTime = /^20(?:0[5-9]|[1-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** The time of a source commit, in UTC and whole seconds; undefined for what is no RFC 3339 time, or one before Git was (2005). */
export function readSourceTime(text: string | undefined): string | undefined {
  const isTime = text !== undefined && dateTime.test(text) && !Number.isNaN(Date.parse(text));
  return isTime ? wholeSeconds(text) : undefined;
}

/** One record for each image of a commit. `at` is the commit's time, in whole seconds as Git keeps it; `by` ends the sentence. */
export function bumpedRecords(story: BumpStory, revision: string, at: string, by = ''): AuditRecord[] {
  return story.images.map(({ policy, repository, from, to, digest, source, sourceTime, released = [] }) => ({
    id: recordId('bumped', revision, policy),
    at,
    kind: 'bumped',
    actor: 'windlass bump',
    subjects: [
      `image:${policy}`,
      `revision:${revision}`,
      ...story.events.map((id) => `event:${id}`),
      ...subjectsOf({ repository, to, digest }),
    ],
    revision,
    result: 'ok',
    summary: `${policy} went ${from.length === 0 ? '' : `from ${from.join(', ')} `}to ${to}${story.events.length === 0 ? ', found by the sweep' : ''}${by}${released.length === 0 ? '' : ', which ended its hold'}`,
    details: {
      image: repository,
      from,
      to,
      ...(digest === undefined ? {} : { digest }),
      ...(source === undefined ? {} : { source }),
      // What was built of a commit of the future was not: the label or a clock is wrong.
      ...(sourceTime === undefined || sourceTime > at ? {} : { sourceTime }),
      ...(released.length === 0 ? {} : { released }),
    },
  }));
}

function subjectsOf({ repository, to, digest }: Pick<MovedImage, 'repository' | 'to' | 'digest'>): string[] {
  const ref = parseImageRef(`${repository}:${to}`);
  return ref === undefined ? [] : imageSubjects({ ...ref, digest: ref.digest ?? digest });
}
