import { type AuditRecord, recordId } from '../model/audit-record.ts';
import type { UserError } from '../model/errors.ts';
import type { Notice } from '../model/messages.ts';
import { noticeId } from '../model/notice.ts';
import type { Destination } from './route.ts';

/** The record of a notice that a destination refused, with what has to be mended. */
export function refusedRecord(notice: Notice, destination: Destination, error: UserError): AuditRecord {
  const id = noticeId(notice);
  const [first, ...todo] = error.message.split('\n');
  const { incident, sync, at } = notice;
  return {
    id: recordId('notify-failed', id, destination.id),
    at,
    kind: 'notify-failed',
    actor: 'windlass notify',
    subjects: [
      ...(incident === undefined ? [] : [`incident:${incident}`]),
      ...(sync === undefined ? [] : [`sync:${sync}`]),
    ],
    result: 'failed',
    summary: `a notice was not sent: ${first}`,
    details: { destination: destination.id, code: error.code, title: notice.title, todo: todo.join('\n') || undefined },
  };
}
