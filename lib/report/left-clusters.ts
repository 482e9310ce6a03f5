import type { Incident } from '../model/incident.ts';
import type { CheckReported } from '../model/messages.ts';
import type { ClusterState } from '../model/state.ts';
import { Draft, noTransitions, type Transitions } from './draft.ts';

/** The incidents of a cluster that only its own checks and pullers would end. */
const ofCluster: readonly Incident['kind'][] = ['puller-silent', 'checker-stale', 'unknown'];

/** The clusters that left windlass.yaml since the last check, and what ends with that. */
export interface LeftClusters {
  clusters: string[];
  transitions: Transitions;
}

/**
 * True for the heartbeats that tell of what all clusters share: those of the first cluster by name. All heartbeats of a run come at the same time, and
 * two that find the same news would both tell it. An older check does not say which clusters there are.
 */
export function tellsForAll({ cluster, clusters }: CheckReported): boolean {
  return clusters === undefined || cluster === [...clusters].sort()[0];
}

/** The clusters that left windlass.yaml. */
export function leftClusters(
  before: ClusterState | undefined,
  message: CheckReported,
  open: readonly Incident[],
): LeftClusters {
  const { clusters, at } = message;
  if (clusters === undefined || !tellsForAll(message)) return { clusters: [], transitions: noTransitions };
  const isOver = ({ kind, sync, cluster }: Incident) =>
    ofCluster.includes(kind) && sync === undefined && hasLeft(cluster, clusters);
  const over = open.filter(isOver);
  const drafts = over.map((incident) => {
    const draft = new Draft([incident]);
    draft.resolve(incident, 'changed in Git', at);
    return draft;
  });
  const known = (before?.clusters ?? []).filter((name) => hasLeft(name, clusters));
  const withIncidents = open
    .filter(({ kind, cluster }) => kind !== 'sync-left' && hasLeft(cluster, clusters))
    .map(({ cluster }) => cluster!);
  return {
    clusters: [...new Set([...known, ...withIncidents])].sort(),
    transitions: { ...noTransitions, resolved: drafts.flatMap((draft) => draft.resolved) },
  };
}

/** What is kept of a cluster that left: whoever still pulls there is not told that nobody checks it. */
export function leftState(cluster: string, { at, limits }: CheckReported): ClusterState {
  return { cluster, checkedAt: at, left: true, syncs: [], objects: 0, limits, blindChecks: 0, stopped: [] };
}

function hasLeft(cluster: string | undefined, clusters: readonly string[]): boolean {
  return cluster !== undefined && !clusters.includes(cluster);
}
