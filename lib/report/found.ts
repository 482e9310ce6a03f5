import type { ObjectDrift } from '../model/drift.ts';
import type { DriftFound, Report } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';
import { isUnseen } from './look.ts';

/** For how long checks find something until that counts whatever pulls say, in milliseconds. Reports that overtake each other do so within seconds. */
const patience = 900_000;
/** Objects that are kept. */
const mostFound = 200;

/** True for a check later than those that were worked in, whatever pulls came between. */
export function isNextCheck(state: SyncState | undefined, report: Report): report is DriftFound {
  return report.type === 'DriftFound' && report.at > (state?.checkedAt ?? '');
}

/** Since when checks find an object, in each one since then, before a report; undefined where they do not, or where no check or an older one reports. */
function foundSince(state: SyncState | undefined, report: Report, object: string): string | undefined {
  if (!isNextCheck(state, report)) return undefined;
  return state?.found?.find((one) => one.object === object)?.since;
}

/**
 * Since when checks find an object that this check finds, too, for so long that it is told whatever pulls say: one that looked later, or says that it put
 * the object right, outdates one look of a check, and not all of them.
 */
export function standsSince(state: SyncState | undefined, report: Report, object: string): string | undefined {
  const since = foundSince(state, report, object);
  if (since === undefined) return undefined;
  const lasts = Date.parse(report.at) - Date.parse(since);
  return lasts >= Math.max(patience, (report.graceSeconds ?? 0) * 1000) ? since : undefined;
}

/** What checks found in a row after one more, and since which; what it could not read, or does not name, stays. */
export function foundAfter(before: SyncState, report: DriftFound): SyncState['found'] {
  const since = (object: string) => foundSince(before, report, object) ?? report.at;
  const now = report.drift.map(({ object, state }) => ({ object, since: since(object), ...unmanaged(state) }));
  const named = new Set(now.map(({ object }) => object));
  const kept = (before.found ?? []).filter(
    ({ object, state }) => !named.has(object) && ((report.cut ?? 0) > 0 || isUnseen(report, object, state)),
  );
  const longest = [...kept, ...now].sort((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0));
  return longest.length === 0 ? undefined : longest.slice(0, mostFound);
}

function unmanaged(state: ObjectDrift['state']): { state?: 'unmanaged' } {
  return state === 'unmanaged' ? { state } : {};
}
