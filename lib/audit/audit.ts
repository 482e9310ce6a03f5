import type { AuditRecord } from '../model/audit-record.ts';
import { isWindlass, namesOf } from '../model/audit-subjects.ts';
import { runningAt, type SyncThen } from './at-time.ts';
import { type AuthoredCommits, commitsBy, type GitDeps, wholeRevision } from './by-person.ts';
import { cursorOf, type PageOfRecords, type RecordsReader } from './ports.ts';
import type { Question } from './question.ts';
import { type Running, whereRunning } from './running.ts';

/** What the audit trail answers. Each part is there where the question is about it. */
export interface Answer {
  /** Newest first. */
  records?: AuditRecord[];
  /** Where the next page of records begins; absent after the last one. */
  next?: string;
  running?: Running;
  /** What each sync was at the time. */
  syncs?: SyncThen[];
  /** Commits of the person who is asked about, where Git could be read. */
  commits?: AuthoredCommits;
  /** The whole id of the revision that is asked about. */
  revision?: string;
}

/** What questions are answered from. */
export interface AuditDeps extends GitDeps {
  records: RecordsReader;
}

/**
 * Answers a question: a query for each page of records, and never a scan. Throws `UserError` for a short revision that nobody knows, `RetryableError`
 * when the tables cannot be read now.
 */
export async function audit(question: Question, page: PageOfRecords, deps: AuditDeps): Promise<Answer> {
  const { records } = deps;
  switch (question.ask) {
    case 'all':
      return paged(await records.timeline(page), page);
    case 'subject':
      return await about(`${question.kind}:${question.name}`, page, records);
    case 'revision': {
      const revision = await wholeRevision(question.revision, deps);
      return { revision, ...(await about(`revision:${revision}`, page, records)) };
    }
    case 'by': {
      const { name } = question;
      const found = isWindlass(name)
        ? await byWindlass(name, page, records)
        : await about(`actor:${name}`, page, records);
      // Those beside the records of the page: older ones come with the next.
      const since = found.next?.split('#')[0] ?? page.since;
      const read = await commitsBy(question.who, { ...page, ...(since !== undefined && { since }) }, deps);
      if (read === undefined) return found;
      const { isFull, ...commits } = read;
      return { ...(isFull ? endedAt(commits.commits.at(-1)!.committedAt, found) : found), commits };
    }
    case 'running': {
      const { image } = question;
      const subject = 'digest' in image ? `digest:${image.digest}` : `ref:${image.ref}`;
      const [running, found] = await Promise.all([whereRunning(image, records), about(subject, page, records)]);
      return { running, ...found };
    }
    case 'at':
      return { syncs: await runningAt(question.time, records) };
  }
}

type Page = Pick<Answer, 'next'> & { records: AuditRecord[] };

async function about(subject: string, page: PageOfRecords, records: RecordsReader): Promise<Page> {
  return paged(await records.about(subject, page), page);
}

/**
 * What all of Windlass did, or one part of it (`windlass pull`). These records are under no name, as nearly all are theirs: so it is what a page of the timeline
 * has of them, which may be less than a page.
 */
async function byWindlass(name: string, page: PageOfRecords, records: RecordsReader): Promise<Page> {
  const { records: all, ...more } = paged(await records.timeline(page), page);
  const isMeant = ({ actor }: AuditRecord) => (name === 'windlass' ? isWindlass(actor) : namesOf(actor).includes(name));
  return { ...more, records: all.filter(isMeant) };
}

/** The page without what is before a time: the next one begins there. */
function endedAt(at: string, { records }: Page): Page {
  return { records: records.filter((record) => record.at >= at), next: cursorOf({ at, id: '0' }) };
}

/** A page that is not full is the last one. */
function paged(records: AuditRecord[], { limit }: PageOfRecords): Page {
  const last = records.length < limit ? undefined : records.at(-1);
  return { records, ...(last && { next: cursorOf(last) }) };
}
