import type { Incident } from '../model/incident.ts';
import type { CheckReported } from '../model/messages.ts';
import type { ClusterState } from '../model/state.ts';
import { Draft, type Transitions } from './draft.ts';

/** The incidents of a cluster that only its own checks and pullers would end. */
const ofCluster: readonly Incident['kind'][] = ['puller-silent', 'checker-stale', 'unknown'];

/** The clusters that left windlass.yaml since the last check, and what ends with that. */
export interface LeftClusters {
  clusters: string[];
  transitions: Transitions;
}

/** The heartbeats of all clusters name the same clusters: that of the first alone tells which ones left. */
export function leftClusters(
  before: ClusterState | undefined,
  { cluster, clusters = [], at }: CheckReported,
  open: readonly Incident[],
): LeftClusters {
  const isFirst = cluster === [...clusters].sort()[0];
  const over = isFirst
    ? open.filter((one) => ofCluster.includes(one.kind) && one.sync === undefined && hasLeft(one.cluster, clusters))
    : [];
  const drafts = over.map((incident) => {
    const draft = new Draft([incident]);
    draft.resolve(incident, 'changed in Git', at);
    return draft;
  });
  const known = isFirst ? (before?.clusters ?? []).filter((name) => hasLeft(name, clusters)) : [];
  return {
    clusters: [...new Set([...known, ...over.map((one) => one.cluster!)])].sort(),
    transitions: { opened: [], changed: [], resolved: drafts.flatMap((draft) => draft.resolved) },
  };
}

/** What is kept of a cluster that left: whoever still pulls there is not told that nobody checks it. */
export function leftState(cluster: string, { at, limits }: CheckReported): ClusterState {
  return { cluster, checkedAt: at, left: true, syncs: [], objects: 0, limits, blindChecks: 0, stopped: [] };
}

function hasLeft(cluster: string | undefined, clusters: readonly string[]): boolean {
  return cluster !== undefined && !clusters.includes(cluster);
}
