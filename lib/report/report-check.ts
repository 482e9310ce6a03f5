import type { Incident } from '../model/incident.ts';
import type { CheckReported } from '../model/messages.ts';
import type { ClusterState, SyncState } from '../model/state.ts';
import { clusterTransitions, isSilent, nextClusterState } from './cluster-incidents.ts';
import { endedSyncs } from './ended-syncs.ts';
import { heldTransitions } from './held-long.ts';
import { leftClusters, leftState } from './left-clusters.ts';
import { measureCheck } from './measure.ts';
import type { ReportRecords } from './ports.ts';
import { incidentRecords } from './records.ts';
import { type TellDeps, tell } from './tell.ts';
import { tellEnded } from './tell-ended.ts';

/**
 * Works in that a cluster was checked: a cluster that cannot be looked at, a silent puller, what is stopped for long, clusters that left
 * windlass.yaml, and the heartbeat that the next pulls look for. A message that is older than the last one of the cluster changes nothing. Throws `RetryableError` when the records cannot
 * be reached.
 */
export async function reportCheck(message: CheckReported, deps: TellDeps): Promise<void> {
  const { records } = deps;
  const before = await records.clusterState(message.cluster);
  if (message.at <= (before?.checkedAt ?? '')) return;
  const state = nextClusterState(before, message);
  const [all, syncs] = await Promise.all([records.openIncidents(), statesOf(message.syncs, records)]);
  const pulledAt = lastPull(syncs);
  const open = all.filter((one) => one.cluster === message.cluster && one.sync === undefined);
  const ofCluster = clusterTransitions({ state, open, ...(pulledAt !== undefined && { pulledAt }) }, message);
  const held = await heldTransitions(state, message, all, records);
  const left = leftClusters(before, message, all);
  for (const transitions of [ofCluster, held, left.transitions])
    await tell(transitions, incidentRecords(message, transitions), deps);
  await endLeft(message, before, all, left.clusters, deps);
  for (const cluster of left.clusters) await records.saveClusterState(leftState(cluster, message));
  await records.saveClusterState(state);
  const looked = { syncs, open: all, silent: isSilent(pulledAt, message) };
  if (deps.measures !== undefined) measureCheck(looked, deps.measures);
}

/** What is open about syncs that windlass.yaml has no more in the cluster, and about all of clusters that it has no more. */
async function endLeft(
  message: CheckReported,
  before: ClusterState | undefined,
  open: readonly Incident[],
  leftClusters: readonly string[],
  deps: TellDeps,
): Promise<void> {
  const { cluster, syncs, revision, standIn, startedAt: at } = message;
  // What a file from before has no more, the broken one may have again.
  if (revision === undefined || standIn) return;
  const { records } = deps;
  await tellEnded(await endedSyncs({ cluster, syncs, at }, before?.syncs ?? [], open, records), message, deps);
  for (const one of leftClusters) {
    const known = (await records.clusterState(one))?.syncs ?? [];
    await tellEnded(await endedSyncs({ cluster: one, syncs: [], at }, known, open, records), message, deps);
  }
}

/** Of those that reported. */
async function statesOf(syncs: readonly string[], records: Pick<ReportRecords, 'syncState'>): Promise<SyncState[]> {
  const states = await Promise.all(syncs.map((sync) => records.syncState(sync)));
  return states.filter((state) => state !== undefined);
}

/** When one of the syncs was last pulled; undefined when none ever was. */
function lastPull(syncs: readonly SyncState[]): string | undefined {
  return syncs
    .flatMap(({ pulledAt }) => pulledAt ?? [])
    .sort()
    .at(-1);
}
