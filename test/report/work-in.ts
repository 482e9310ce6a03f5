import type { Incident } from '../../lib/model/incident.ts';
import type { Report } from '../../lib/model/messages.ts';
import type { SyncState } from '../../lib/model/state.ts';
import { endedWithinGrace } from '../../lib/report/grace.ts';
import { nextIncidents } from '../../lib/report/incidents.ts';
import { nextState } from '../../lib/report/state.ts';

/** Works reports in one after the other, as the flow does, and keeps what people would be told, and what only the audit trail would have. */
export function workIn(reports: readonly Report[]) {
  let state: SyncState | undefined;
  let open: Incident[] = [];
  let last: Incident[] = [];
  const told: string[] = [];
  const quiet: string[] = [];
  for (const report of reports) {
    const known = { state, open, last };
    const next = nextIncidents(known, report);
    quiet.push(...endedWithinGrace(known, report, next).map(({ object, how }) => `${object}: ${how}`));
    told.push(
      ...next.opened.map((one) => `opened ${one.object ?? one.kind}`),
      ...next.changed.map((one) => `changed ${one.object ?? one.kind}`),
      ...next.resolved.map((one) => `resolved ${one.object ?? one.kind}: ${one.resolution}`),
    );
    const ended = new Set([...next.resolved, ...next.changed].map(({ key }) => key));
    const over = new Set(next.resolved.map(({ key }) => key));
    open = [...open.filter(({ key }) => !ended.has(key)), ...next.opened, ...next.changed];
    open = open.filter(({ key }) => !over.has(key));
    last = [...last, ...next.resolved];
    // As it comes back from the records.
    state = JSON.parse(JSON.stringify(nextState(state, report))) as SyncState;
  }
  return { told, quiet, open, last, state };
}
