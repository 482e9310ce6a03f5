import type { AuditRecord } from '../model/audit-record.ts';
import { cursorOf, type PageOfRecords, type RecordsReader } from './ports.ts';

/** The records of a subject one by one, the newest first: a query for each page (`limit`), read as they are asked for. */
export async function* newestFirst(
  subject: string,
  page: PageOfRecords,
  records: Pick<RecordsReader, 'about'>,
): AsyncGenerator<AuditRecord> {
  let next = page;
  for (;;) {
    const found = await records.about(subject, next);
    yield* found;
    const last = found.at(-1);
    if (found.length < page.limit || last === undefined) return;
    next = { ...page, before: cursorOf(last) };
  }
}
