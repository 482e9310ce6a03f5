import { isTextAbout } from '../kube/drift-rules.ts';
import type { ObjectDrift } from '../model/drift.ts';
import type { Incident } from '../model/incident.ts';
import type { DriftFound, Report } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';

/** What does not drift any more. */
export interface Ended {
  /** Absent: many. */
  object?: string;
  /** Nobody declared it. */
  isUnmanaged: boolean;
  /** When it was seen last, where the state of the sync does not say (ISO 8601). */
  seenAt: string;
}

/** Why something does not drift any more, as far as it is known. */
export function howItEnded(state: SyncState | undefined, report: Report, ended: Ended): Incident['resolution'] {
  if (isNewRevision(state, report)) return 'changed in Git';
  if (report.type !== 'DriftFound') return hasOtherRules(state, report) ? 'changed in Git' : 'undone by hand';
  if (ended.isUnmanaged) return 'deleted, or allowed in Git';
  // Without a record nobody knows what was applied when: Git may have changed, another tool may have applied it.
  if (report.basis === 'git') return 'in line with Git again';
  const isByRules = hasOtherRules(state, report) ?? isIgnoredNow(state, report, ended);
  if (isByRules) return 'changed in Git';
  return hasPulled(state, report, ended) ? 'converged by pull' : 'undone by hand';
}

// The rules of Git's head count, whatever revision is applied. What they have to do with this one is not known: they may count a manager as another sort.
function hasOtherRules(state: SyncState | undefined, { rulesHash }: Report): boolean | undefined {
  if (state?.rulesHash === undefined || rulesHash === undefined) return undefined;
  return rulesHash !== state.rulesHash;
}

// Where an older check looked, only the rules that did something are known.
function isIgnoredNow(state: SyncState | undefined, { rules = [] }: DriftFound, { object }: Ended): boolean {
  if (state?.checkedAt === undefined) return false;
  const known = new Set([...(state.ignored ?? []), ...(state.idleRules ?? [])].map(({ rule }) => rule));
  const fresh = rules.filter(({ rule, objects }) => objects > 0 && !known.has(rule));
  return fresh.some(({ rule }) => object === undefined || isTextAbout(rule, object));
}

// What a pull put right is in its report; only one whose report has not come is known by the record alone.
function hasPulled(state: SyncState | undefined, { appliedAt = '' }: DriftFound, { seenAt }: Ended): boolean {
  return appliedAt > (state?.seenAt ?? seenAt) && appliedAt > (state?.pulledAt ?? '');
}

/** How what a pull put right ended: Git may say by now what is live. */
export function howItHealed(report: Report, { object }: ObjectDrift): Incident['resolution'] {
  const isAdopted = report.type === 'SyncReported' && (report.adopted?.includes(object) ?? false);
  return isAdopted ? 'changed in Git' : 'converged by pull';
}

/** True when another revision is applied than the last one that was told. */
export function isNewRevision(state: SyncState | undefined, report: Report): boolean {
  return report.revision !== undefined && state?.revision !== undefined && report.revision !== state.revision;
}
