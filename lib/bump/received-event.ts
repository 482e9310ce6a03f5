import { type AuditKind, type AuditRecord, recordId } from '../model/audit-record.ts';
import { imageSubjects } from '../model/audit-subjects.ts';
import type { Cause, Push } from './push.ts';

/** What each event says of its image, and the kind of its record. */
const words: Record<Cause, { kind: AuditKind; of: (image: string) => string }> = {
  push: { kind: 'push-received', of: (image) => `${image} was pushed` },
  scan: { kind: 'scan-finished', of: (image) => `the scan of ${image} finished` },
  replication: { kind: 'push-received', of: (image) => `${image} was replicated` },
  'pull-through': { kind: 'push-received', of: (image) => `${image} was pulled through the cache` },
};

/** The record of an event, one however often it comes. */
export function receivedRecord(push: Push, policies: readonly string[]): AuditRecord {
  const { id, at, cause, repository, tag, digest } = push;
  const { kind, of } = words[cause];
  return {
    id: recordId(kind, id),
    at,
    kind,
    actor: `${cause} event`,
    // A repository that nobody watches is asked about by nobody.
    subjects: [
      `event:${id}`,
      ...policies.map((name) => `image:${name}`),
      ...(policies.length === 0 ? [] : imageSubjects({ repository, tag, digest })),
    ],
    result: 'ok',
    summary: of(imageOf(push)),
    details: {
      repository,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    },
  };
}

/** As exactly as the event says it. */
function imageOf({ repository, tag, digest }: Push): string {
  if (tag !== undefined) return `${repository}:${tag}`;
  return digest === undefined ? repository : `${repository}@${digest}`;
}
