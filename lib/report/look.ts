import type { ObjectDrift, Unknown } from '../model/drift.ts';
import type { Report, SyncReported } from '../model/messages.ts';

/** One look at a whole sync: by a check, or by a pull before it changed anything. */
export interface Look {
  at: string;
  /** False for a pull that failed, and for a report that was shortened: what it does not name may drift all the same. */
  complete: boolean;
  drift: ObjectDrift[];
  /** So many more drift, and are not named. */
  cut: number;
}

/** What a report saw. */
export function lookOf(report: Report): Look {
  const { drift, cut = 0 } = report;
  const at = report.type === 'DriftFound' ? report.at : report.startedAt;
  return { at, complete: !hasFailed(report) && cut === 0, drift, cut };
}

/** When a report saw the whole sync; undefined for a pull that failed before it had. */
export function seenAt(report: Report): string | undefined {
  return hasFailed(report) ? undefined : lookOf(report).at;
}

/** True for a pull that failed: it may not have come to the whole sync. */
export function hasFailed(report: Report): boolean {
  return report.type === 'SyncReported' && report.result === 'failed';
}

/** What still drifts after a pull: what it did not put right. */
export function remaining(report: Report): ObjectDrift[] {
  return report.type === 'SyncReported' ? report.drift.filter((drift) => !isHealed(report, drift)) : report.drift;
}

/** How many objects that is, with those that the report does not name. */
export function howManyRemain(report: Report): number {
  const hidden = report.type === 'SyncReported' && report.healed ? 0 : (report.cut ?? 0);
  return remaining(report).length + hidden;
}

/** The objects that a report says were put right. */
export function healedBy(report: Report): string[] {
  if (report.type === 'DriftFound') return [];
  return report.drift.filter((drift) => isHealed(report, drift)).map(({ object }) => object);
}

/** True when a pull put a drifting object right. */
export function isHealed(report: SyncReported, drift: ObjectDrift): boolean {
  if (report.notHealed !== undefined) return !report.notHealed.includes(drift.object);
  // An older puller does not say so of each. Fields that a person added go away only when the object was really written, and all of it.
  const written = report.changes.some(({ object, action }) => object === drift.object && action !== 'skipped');
  const added = drift.state === 'added' || drift.state === 'unmanaged';
  return added ? report.healed && written : report.healed || written;
}

/** True for an object that nobody declared, of which a pull says nothing: only checks look for such. One that the pull wrote is declared by now. */
export function isForChecks(report: Report, object: string, state: ObjectDrift['state'] | undefined): boolean {
  if (report.type === 'DriftFound' || state !== 'unmanaged') return false;
  return !report.changes.some((change) => change.object === object && change.action !== 'skipped');
}

/** True for an object, which differed as `state` says, that the report says nothing about: it could not be read, or the check leaves it to others. */
export function isUnseen(report: Report, object: string, state: ObjectDrift['state'] | undefined): boolean {
  return isUnread(report, object, state) || isLeftOut(report, object);
}

/** What a report could not read that holds up what is known of objects: of those that nobody declared, or of the others. */
export function unreadOf(report: Report, of: 'declared' | 'undeclared'): Unknown[] {
  if (report.type !== 'DriftFound') return [];
  return report.unknown.filter(({ undeclared }) => of === 'undeclared' || undeclared !== true);
}

/** True for an object that could not be read. */
function isUnread(report: Report, object: string, state: ObjectDrift['state'] | undefined): boolean {
  const of = state === 'unmanaged' ? 'undeclared' : 'declared';
  return unreadOf(report, of).some((one) => covers(one.object, object));
}

/** True for an object that the check leaves to others. */
function isLeftOut(report: Report, object: string): boolean {
  return report.type === 'DriftFound' && (report.leftOut ?? []).some((one) => covers(one, object));
}

/** `apps/Deployment` covers all Deployments, `*` everything. */
function covers(some: string, object: string): boolean {
  return some === '*' || some === object || object.startsWith(`${some}/`);
}
