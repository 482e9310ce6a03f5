import { type AuditRecord, recordId } from './audit-record.ts';
import { actorSubjects } from './audit-subjects.ts';
import type { CommitSummary } from './state.ts';

/** What a commit by `windlass suspend` or `windlass resume` did, in the terms that its trailers and its record share. */
export interface SuspendStory {
  act: 'suspended' | 'resumed';
  /** `image/web`, `sync/shop`, `all-images`, `all-syncs` or `all`. */
  target: string;
  /** Of a suspend. */
  until?: string;
  who: string;
}

/** The trailers of such a commit. */
export function suspendTrailers({ act, target, until, who }: SuspendStory): [string, string][] {
  return [
    [act === 'suspended' ? 'Windlass-Suspend' : 'Windlass-Resume', target],
    ['Windlass-Who', who],
    ...(until === undefined ? [] : [['Windlass-Until', until] as [string, string]]),
  ];
}

/** Reads these back; undefined for every other commit. */
export function suspendStoryIn({ trailers }: Pick<CommitSummary, 'trailers'>): SuspendStory | undefined {
  const told = new Map(trailers.toReversed());
  const suspended = told.get('Windlass-Suspend');
  const target = suspended ?? told.get('Windlass-Resume');
  if (target === undefined) return undefined;
  const until = told.get('Windlass-Until');
  return {
    act: suspended === undefined ? 'resumed' : 'suspended',
    target,
    ...(until === undefined ? {} : { until }),
    who: told.get('Windlass-Who') ?? '',
  };
}

/** The record of a suspend, or of its end, by a person. It is under the image or sync by the name that was given; one of all is under neither. */
export function suspendRecords(story: SuspendStory, revision: string, at: string): AuditRecord[] {
  const { act, target, until, who } = story;
  const by = who === '' ? '' : ` by ${who}`;
  return [
    {
      id: recordId(act, revision, target),
      at,
      kind: act,
      actor: who || 'windlass',
      subjects: [
        ...(/^(?:image|sync)\/./.test(target) ? [target.replace('/', ':')] : []),
        `revision:${revision}`,
        ...actorSubjects([who]),
      ],
      revision,
      result: 'ok',
      summary: `${target} ${act === 'resumed' ? 'was' : 'is'} ${act}${until === undefined ? '' : ` until ${until}`}${by}`,
      details: { target, ...(until === undefined ? {} : { until }) },
    },
  ];
}
