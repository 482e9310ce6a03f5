import type { RecordsReader } from '../../audit/ports.ts';
import { stoppedBy } from '../../config/stopped.ts';
import type { AuditRecord } from '../../model/audit-record.ts';
import type { Incident } from '../../model/incident.ts';
import type { Stopped } from '../../model/messages.ts';
import type { ClusterState, ImageState, SyncState } from '../../model/state.ts';
import type { GitLook } from './git-look.ts';
import { imageListing, type ListedImage } from './image-listing.ts';
import { type SyncLine, syncLine } from './sync-line.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** A cluster, and what is wrong with looking at it. */
export interface ClusterLine {
  cluster: string;
  /** ISO 8601: when the last check ended, and the last pull of any of its syncs. */
  checkedAt?: string;
  pulledAt?: string;
  troubles: string[];
}

/** The whole system at one time: what `windlass status` shows. */
export interface SystemStatus {
  /** ISO 8601. */
  at: string;
  /** Whose records these are. */
  shown: string;
  repo: { repo: string; branch: string; head?: string; problem?: string };
  verdict: Verdict;
  clusters: ClusterLine[];
  syncs: SyncLine[];
  images: Omit<ListedImage, 'places'>[];
  /** Open ones, the oldest first. */
  incidents: Incident[];
  /** What suspends and holds stop now. */
  stopped: Stopped[];
  /** The last bumps and rollbacks, the newest first. */
  bumps: Pick<AuditRecord, 'at' | 'kind' | 'summary' | 'revision'>[];
  /** They were looked for among so many last records, and there are others before. Absent: among all, or there are more than are shown. */
  bumpsAmong?: number;
}

/** Everything that was read for it. */
export interface StatusFacts {
  shown: string;
  source: { repo: string; branch: string };
  git: GitLook;
  clusters: readonly ClusterState[];
  syncs: readonly SyncState[];
  images: readonly ImageState[];
  incidents: readonly Incident[];
  timeline: readonly AuditRecord[];
}

/** Records that are looked through for the last bumps. */
const timelineLength = 300;
const mostBumps = 5;
const moves: readonly string[] = ['bumped', 'rolled-back'];

const notChecked = 'it is not checked';
const clusterTroubles: Readonly<Partial<Record<Incident['kind'], string>>> = {
  'puller-silent': 'the puller is silent',
  'checker-stale': notChecked,
  unknown: 'it cannot be checked fully',
};

/** Reads the records for it. Throws `RetryableError` when they cannot be read now. */
export async function readStatusRecords(
  records: RecordsReader,
): Promise<Pick<StatusFacts, 'clusters' | 'syncs' | 'images' | 'incidents' | 'timeline'>> {
  const [clusters, syncs, images, incidents, timeline] = await Promise.all([
    records.clusters(),
    records.syncs(),
    records.images(),
    records.openIncidents(),
    records.timeline({ limit: timelineLength }),
  ]);
  return { clusters, syncs, images, incidents, timeline };
}

/** What all of it says. */
export function systemStatus(facts: StatusFacts, now: Date): SystemStatus {
  const { git, shown, source, incidents, timeline } = facts;
  const syncs = syncsOf(facts);
  const clusters = clustersOf(facts, now);
  const images = imageListing(git, facts.images, now).map(({ places: _, ...image }) => image);
  const { head, problem, look } = git;
  const bumps = timeline.filter(({ kind }) => moves.includes(kind)).slice(0, mostBumps);
  const isCut = timeline.length >= timelineLength && bumps.length < mostBumps;
  return {
    at: now.toISOString(),
    shown,
    repo: { ...source, ...(head !== undefined && { head }), ...(problem !== undefined && { problem }) },
    verdict: verdictOf({ syncs, images, incidents, git, clusters }),
    clusters,
    syncs,
    images,
    incidents: [...incidents],
    stopped: look === undefined ? [] : stoppedBy(look, now),
    bumps: bumps.map(({ at, kind, summary, revision }) => ({ at, kind, summary, ...(revision && { revision }) })),
    ...(isCut && { bumpsAmong: timeline.length }),
  };
}

/** The clusters of windlass.yaml; where that cannot be read, those that were heard of. */
function clustersOf({ git, clusters, syncs, incidents }: StatusFacts, now: Date): ClusterLine[] {
  const heard = [...clusters.filter(({ left }) => left !== true), ...syncs].map(({ cluster }) => cluster);
  const names = git.look === undefined ? [...new Set(heard)].sort() : Object.keys(git.look.config.clusters);
  return names.map((cluster) => {
    const state = clusters.find((one) => one.cluster === cluster);
    const checkedAt = state?.checkedAt;
    const pulledAt = latest(syncs.filter((one) => one.cluster === cluster).map((one) => one.pulledAt));
    const own = incidents.filter((one) => one.cluster === cluster && one.sync === undefined);
    const troubles = new Set(own.flatMap(({ kind }) => clusterTroubles[kind] ?? []));
    if (state !== undefined && isForgotten(state, now)) troubles.add(notChecked);
    return { cluster, ...(checkedAt && { checkedAt }), ...(pulledAt && { pulledAt }), troubles: [...troubles] };
  });
}

/** True where the last check is too long ago. It opens no incident before a pull is reported, and where all is silent none is. */
function isForgotten({ checkedAt, limits }: ClusterState, now: Date): boolean {
  return now.getTime() > Date.parse(checkedAt) + limits.checker * 1000;
}

function latest(times: readonly (string | undefined)[]): string | undefined {
  return times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
}

/** The syncs of windlass.yaml in its order, those that never reported too; where it cannot be read, all that ever reported. */
function syncsOf({ git, syncs, incidents, timeline }: StatusFacts): SyncLine[] {
  const wanted: Pick<SyncState, 'sync' | 'cluster' | 'environment'>[] =
    git.look === undefined
      ? [...syncs]
      : git.look.config.syncs.map(({ name, cluster, environment }) => ({
          ...{ sync: name, cluster },
          ...(environment && { environment }),
        }));
  return wanted.map(({ sync, cluster, environment }) => {
    const state = syncs.find((one) => one.sync === sync);
    const line = syncLine(state, git.head, missingOf(sync, incidents));
    const remarks = [...notRolledBack(line, sync, timeline), ...line.remarks];
    return { sync, cluster, ...(environment && { environment }), ...line, remarks };
  });
}

/** Why the revision that a sync is not healthy with stays, where a rollback of it was refused. */
function notRolledBack(
  { standing, revision }: Pick<SyncLine, 'standing' | 'revision'>,
  sync: string,
  timeline: readonly AuditRecord[],
): string[] {
  if (standing !== 'unhealthy') return [];
  const refused = timeline.find(
    (one) => one.kind === 'rollback-refused' && one.revision === revision && one.subjects.includes(`sync:${sync}`),
  );
  return refused === undefined ? [] : [refused.summary.replace(`${sync} was `, '')];
}

function missingOf(sync: string, incidents: readonly Incident[]): Set<string> {
  const own = incidents.filter((one) => one.sync === sync && one.drift?.state === 'missing');
  return new Set(own.flatMap(({ object }) => object ?? []));
}
