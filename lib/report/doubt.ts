import type { Config, SyncSpec } from '../config/config.ts';
import { meantOf } from '../config/eks-arn.ts';
import type { ConfigReported, ReportMessage, SyncReported } from '../model/messages.ts';
import { shortText } from '../model/shorten.ts';
import type { ReportRecords } from './ports.ts';

/** What a message is held against. */
export interface Known {
  /** windlass.yaml in use. */
  config: Pick<Config, 'clusters' | 'syncs'>;
  records: Pick<ReportRecords, 'syncState'>;
}

/** Characters of a name that somebody claims. */
const longestName = 100;
/** Clusters that are named of those that somebody claims. */
const mostClusters = 10;

/**
 * Why a message that came by the queue of Windlass's own functions is not believed; undefined where it is. What a pull did is told by the queue of its
 * cluster alone.
 */
export function doubtOfOwn({ type }: ReportMessage): string | undefined {
  if (type !== 'SyncReported') return undefined;
  return 'it is of a puller, which reports to the queue of its cluster: install it again with the report queue of the output Clusters';
}

/** A message that a puller sends. */
export type PullerMessage = SyncReported | ConfigReported;

/** False for what only Windlass's own functions tell, whatever windlass.yaml has. */
export function isOfPuller(message: ReportMessage): message is PullerMessage {
  return message.type === 'SyncReported' || message.type === 'ConfigReported';
}

/**
 * Why a message that came by the queue of a cluster (`arn`) is not believed; undefined where it is. A cluster tells what its own pulls did, of syncs that
 * windlass.yaml has there, or no longer has anywhere: whoever took it over speaks for no other. Throws `RetryableError` when the records cannot be reached.
 */
export async function doubtOfCluster(
  message: PullerMessage,
  arn: string,
  { config, records }: Known,
): Promise<string | undefined> {
  const own = Object.values(config.clusters).filter((cluster) => meantOf(cluster, [{ arn }]) !== undefined);
  const names = own.map(({ name }) => name);
  if (names.length === 0) return 'windlass.yaml does not have the cluster that sent it';
  const other = clustersIn(message).find((name) => !names.includes(name));
  if (other !== undefined) return `it tells of the cluster ${quoted(other)}, and comes from ${names.join(', ')}`;
  return message.type === 'ConfigReported' ? undefined : await doubtOfSync(message, { config, records });
}

/**
 * A puller's message with the syncs that windlass.yaml has in its clusters, also where it leaves some out: none ends because a cluster says that it left. The
 * message itself where it leaves out none.
 */
export function withAllSyncs<Message extends PullerMessage>(message: Message, { syncs }: Known['config']): Message {
  if (message.type !== 'ConfigReported' || message.clusters === undefined) return message;
  const lacking = (cluster: string, told: readonly string[]) =>
    syncs.filter((one) => one.cluster === cluster && !told.includes(one.name)).map(({ name }) => name);
  if (message.clusters.every((one) => lacking(one.cluster, one.syncs).length === 0)) return message;
  const clusters = message.clusters.map((one) => ({
    ...one,
    syncs: [...one.syncs, ...lacking(one.cluster, one.syncs)],
  }));
  return { ...message, clusters };
}

/** Of whom a message says that it tells: names in short, as somebody made them up. */
export function claimOf(message: ReportMessage): { type: string; clusters: string[]; sync?: string } {
  const short = (name: string) => shortText(name, longestName);
  const clusters = [...new Set(clustersIn(message))].slice(0, mostClusters).map(short);
  return { type: message.type, clusters, ...('sync' in message && { sync: short(message.sync) }) };
}

function clustersIn(message: ReportMessage): string[] {
  if (message.type !== 'ConfigReported') return [message.cluster];
  const { left, clusters = [] } = message;
  return [...(left === undefined ? [] : [left.cluster]), ...clusters.map(({ cluster }) => cluster)];
}

/** Where windlass.yaml has the sync no more, who reported it before still may: its last pulls, and what stayed behind. */
async function doubtOfSync(
  { sync, cluster, environment }: SyncReported,
  { config, records }: Known,
): Promise<string | undefined> {
  const spec = config.syncs.find(({ name }) => name === sync);
  const place: Pick<SyncSpec, 'cluster' | 'environment'> | undefined = spec ?? (await records.syncState(sync));
  if (place === undefined) return `windlass.yaml has no sync ${quoted(sync)}`;
  if (place.cluster !== cluster) return `the sync ${quoted(sync)} is of the cluster ${place.cluster}`;
  if (place.environment === environment) return undefined;
  return `the sync ${quoted(sync)} is ${inWords(place.environment)}, and it says ${inWords(environment)}`;
}

function inWords(environment: string | undefined): string {
  return environment === undefined ? 'of no environment' : `of the environment ${quoted(environment)}`;
}

function quoted(name: string): string {
  return JSON.stringify(shortText(name, longestName));
}
