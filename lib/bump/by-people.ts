import type { AuditRecord } from '../model/audit-record.ts';
import { wholeSeconds } from '../model/bump-story.ts';
import { recordsOfPeople } from '../model/rollback-story.ts';
import type { RecentCommit } from './ports.ts';

/**
 * What the last commits say of rollbacks, holds and suspends. Who made them could not write records: bump does, by their trailers, with the same ids however often
 * it is told. `recorded` is the last commit up to which that was done.
 */
export function recordsByPeople(recent: readonly RecentCommit[], recorded: string | undefined): AuditRecord[] {
  const known = recent.findIndex(({ revision }) => revision === recorded);
  return (known < 0 ? recent : recent.slice(0, known)).flatMap(recordsOf);
}

/** True for a commit that such records are made of. */
export function isByPeople(commit: RecentCommit): boolean {
  return recordsOf(commit).length > 0;
}

function recordsOf(commit: RecentCommit): AuditRecord[] {
  return recordsOfPeople(commit, wholeSeconds(commit.at));
}
