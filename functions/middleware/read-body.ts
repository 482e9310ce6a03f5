import * as z from 'zod';
import { type AuditRecord, recordId } from '../../lib/model/audit-record.ts';

/** A body that is not what the queue is for, and why. */
export interface Malformed {
  malformed: string;
  id: string;
  at: string;
}

/** Reads bodies by a schema. What one says that does not fit is not repeated: nobody knows what is in it. */
export function bodyOf<Value>(
  schema: z.ZodType<Value>,
): (body: string, message: { id: string; at: string }) => Value | Malformed {
  return (body, { id, at }) => {
    try {
      const read = schema.safeParse(JSON.parse(body));
      return read.success ? read.data : { malformed: z.prettifyError(read.error), id, at };
    } catch {
      return { malformed: 'it is not JSON', id, at };
    }
  };
}

/** What the audit trail has of such a message. `summary`: `a message on the report queue is not a report`. */
export function ignoredRecord(
  { malformed, id, at }: Malformed,
  { actor, summary }: Pick<AuditRecord, 'actor' | 'summary'>,
): AuditRecord {
  return {
    id: recordId('event-ignored', id),
    ...{ at, kind: 'event-ignored', actor },
    subjects: [`event:${id}`],
    ...{ result: 'skipped', summary },
    details: { why: malformed },
  };
}
