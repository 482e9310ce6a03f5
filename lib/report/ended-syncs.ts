import type { Incident } from '../model/incident.ts';
import type { Report } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';
import { Draft, noTransitions, type Transitions } from './draft.ts';
import { lookOf } from './look.ts';
import type { ReportRecords } from './ports.ts';

/** All syncs that a windlass.yaml in use has in one cluster. */
export interface SyncsOfCluster {
  cluster: string;
  syncs: readonly string[];
  /** ISO 8601: when that file was read. What was told of a sync later is not over by it. */
  at: string;
}

/** What ends with syncs that windlass.yaml no longer has. */
export interface EndedSyncs {
  transitions: Transitions;
  /** The states to be saved, so that looks from before open nothing any more. */
  states: SyncState[];
}

/**
 * Ends the open incidents of the syncs that left a cluster, save that what they applied is still there. `known` names syncs that it had before; those
 * that have open incidents are looked at in any case. Throws `RetryableError` when the records cannot be reached.
 */
export async function endedSyncs(
  { cluster, syncs, at }: SyncsOfCluster,
  known: Iterable<string>,
  incidents: readonly Incident[],
  records: Pick<ReportRecords, 'syncState'>,
): Promise<EndedSyncs> {
  const open = incidents.filter((one) => one.cluster === cluster && one.kind !== 'sync-left');
  const names = new Set([...known, ...open.flatMap(({ sync }) => sync ?? [])]);
  const ended: EndedSyncs = { transitions: { ...noTransitions, resolved: [] }, states: [] };
  for (const sync of [...names].filter((name) => !syncs.includes(name)).sort()) {
    const state = await records.syncState(sync);
    const isHere = state?.cluster === cluster;
    // It was there after the file was read: another file has it.
    if (isHere && [state.pulledAt, state.checkedAt].some((seen = '') => seen >= at)) continue;
    const over = open.filter((one) => one.sync === sync && one.changedAt < at);
    const draft = new Draft(over);
    for (const incident of over) draft.resolve(incident, 'changed in Git', at);
    ended.transitions.resolved.push(...draft.resolved);
    if (isHere && (state.left?.at ?? '') < at) ended.states.push({ ...state, left: { cluster, at } });
  }
  return ended;
}

/** True for a look at a sync from before it left the cluster: nobody is told of it any more. */
export function isFromBeforeItLeft({ left }: Pick<SyncState, 'left'>, report: Report): boolean {
  return left?.cluster === report.cluster && lookOf(report).at <= left.at;
}
