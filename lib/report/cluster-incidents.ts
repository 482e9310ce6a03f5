import type { Incident } from '../model/incident.ts';
import type { CheckReported, SyncReported } from '../model/messages.ts';
import type { ClusterState } from '../model/state.ts';
import { toSeconds } from '../model/until.ts';
import { type About, contentHash, Draft, type Transitions } from './draft.ts';
import { some, steady, unknownLimit } from './failure-incidents.ts';

/** What is known of a cluster when it was checked. */
export interface KnownCluster {
  state: ClusterState;
  /** When a puller of the cluster reported last (ISO 8601); absent before the first time. */
  pulledAt?: string;
  /** The open incidents of the cluster as a whole. */
  open: readonly Incident[];
}

/** The state of a cluster after a check of it. */
export function nextClusterState(state: ClusterState | undefined, message: CheckReported): ClusterState {
  const { cluster, at: checkedAt, clusters, syncs, objects, limits } = message;
  const since = new Map(state?.stopped.map((one) => [one.file, one.since]));
  const stopped = message.stopped?.map(({ file, at }) => ({ file, since: at ?? since.get(file) ?? message.at }));
  const blindChecks = isBlind(message) ? (state?.blindChecks ?? 0) + 1 : 0;
  const known = { syncs, objects, limits, blindChecks, stopped: stopped ?? state?.stopped ?? [] };
  return { cluster, checkedAt, ...(clusters && { clusters }), ...known };
}

/** What a check tells of its cluster as a whole: whether it could be looked at, that its puller is silent, and that it is checked again. `state` has the check already. */
export function clusterTransitions({ state, pulledAt, open }: KnownCluster, message: CheckReported): Transitions {
  const draft = new Draft(open);
  blindTransitions(draft, state, message);
  silentTransitions(draft, pulledAt, message);
  const stale = draft.find({ kind: 'checker-stale' });
  if (stale !== undefined) draft.resolve(stale, 'the check runs again', message.at);
  return draft.transitions();
}

/** True when a pull was reported long after the last check of its cluster. */
export function isStale({ checkedAt, left, limits }: ClusterState, { at }: SyncReported): boolean {
  if (left) return false;
  return Date.parse(at) > Date.parse(checkedAt) + limits.checker * 1000;
}

/**
 * Pullers and checks watch each other: a pull that is reported long after the last check of its cluster tells that nobody checks it any more. Never
 * before the first check. Several syncs report at the same time: they all open the same incident, at the time at which the limit passed.
 */
export function staleTransitions(state: ClusterState, open: readonly Incident[], report: SyncReported): Transitions {
  const draft = new Draft(open);
  const { cluster, checkedAt, limits } = state;
  if (isStale(state, report)) {
    const title = `${cluster} is not checked for drift any more`;
    const details = [
      `its last check is of ${toSeconds(checkedAt)}; its puller goes on`,
      'look at the log and the alarms of the scheduled check: did its schedule, its role or its network change?',
    ];
    const content = { title, details, contentHash: contentHash([title, checkedAt]) };
    const from = new Date(Date.parse(checkedAt) + limits.checker * 1000);
    draft.tell({ kind: 'checker-stale', cluster }, content, from.toISOString());
  }
  return draft.transitions();
}

function isBlind({ unreachable, failed }: CheckReported): boolean {
  return unreachable !== undefined || failed.length > 0;
}

function blindTransitions(draft: Draft, { blindChecks }: ClusterState, message: CheckReported): void {
  const about: About = { kind: 'unknown', cluster: message.cluster };
  const open = draft.find(about);
  if (blindChecks === 0 && open !== undefined) draft.resolve(open, 'readable again', message.at);
  if (blindChecks === 0 || (blindChecks < unknownLimit && open === undefined)) return;
  const { cluster, unreachable } = message;
  const failed = message.failed.map(({ sync, reason }) => `${sync}: ${reason}`);
  const lines = unreachable === undefined ? failed : [unreachable];
  const hidden = unreachable === undefined ? message.cut?.failed : undefined;
  const title = `${cluster} cannot be checked ${unreachable === undefined ? 'fully ' : ''}for drift`;
  const content = {
    title,
    details: some(lines, hidden),
    contentHash: contentHash([title, ...lines.map(steady).sort()]),
  };
  draft.tell(about, content, message.at);
}

/** True when the puller of a cluster that was checked has not reported for longer than its limit; never before its first report. */
export function isSilent(pulledAt: string | undefined, { at, syncs, limits }: CheckReported): pulledAt is string {
  if (pulledAt === undefined || syncs.length === 0) return false;
  return Date.parse(at) - Date.parse(pulledAt) > limits.puller * 1000;
}

function silentTransitions(draft: Draft, pulledAt: string | undefined, message: CheckReported): void {
  const { cluster, at, syncs } = message;
  const open = draft.find({ kind: 'puller-silent' });
  if (isSilent(pulledAt, message)) {
    const title = `the puller of ${cluster} does not report`;
    const details = [
      `its last report is of ${toSeconds(pulledAt)}: nothing that is new in Git gets there, and nothing is put right`,
      'look at its pods and their log: kubectl --namespace windlass-system get pods',
    ];
    draft.tell({ kind: 'puller-silent', cluster }, { title, details, contentHash: contentHash([title, pulledAt]) }, at);
  } else if (open !== undefined) {
    // Only another set of syncs has none that was ever pulled.
    const isOfOthers = syncs.length === 0 || pulledAt === undefined;
    draft.resolve(open, isOfOthers ? 'changed in Git' : 'the puller reports again', at);
  }
}
