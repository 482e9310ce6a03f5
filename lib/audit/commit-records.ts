import type { AuditRecord } from '../model/audit-record.ts';
import { bumpedRecords, isProposal, merged, storyIn, wholeSeconds } from '../model/bump-story.ts';
import { recordsOfPeople } from '../model/rollback-story.ts';
import type { HistoryCommit } from './ports.ts';

/** The records of a commit of the branch, by its trailers: of a bump, a rollback, a hold, a suspend, or the end of one; none of every other commit. */
export function recordsOfCommit(commit: Pick<HistoryCommit, 'revision' | 'at' | 'trailers'>): AuditRecord[] {
  const at = wholeSeconds(commit.at);
  const story = storyIn(commit);
  if (story === undefined) return recordsOfPeople(commit, at);
  return bumpedRecords(story, commit.revision, at, isProposal(commit) ? merged : '');
}
