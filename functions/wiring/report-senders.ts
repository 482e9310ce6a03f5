import type { ReportMessage } from '../../lib/model/messages.ts';
import { doubtOfCluster, doubtOfOwn, isOfPuller, withAllSyncs } from '../../lib/report/doubt.ts';
import type { ReportRecords } from '../../lib/report/ports.ts';
import type { Envelope } from '../middleware/sqs-batch.ts';
import type { RepoHead } from './repo-head.ts';

/** A message as far as it is believed. */
export interface Believed {
  message: ReportMessage;
  /** The ARN of the cluster by whose queue it came; undefined for the queue of Windlass's own functions. */
  cluster: string | undefined;
}

/** Why a message is not believed, and whose queue it came by. */
export interface Doubt {
  why: string;
  /** The cluster's ARN; undefined for the queue of Windlass's own functions, and for one that nobody knows. */
  cluster: string | undefined;
}

/** Holds messages against who sent them: what is said of a cluster is believed by the queue that it came by. */
export interface Senders {
  /** The message as far as it is believed, or why it is not. Throws `RetryableError` while that cannot be told. */
  judge(message: ReportMessage, envelope: Envelope): Promise<Believed | Doubt>;
}

/** What the senders are known by. */
export interface SendersDeps {
  /** The address of the queue of Windlass's own functions. */
  reportsQueue: string;
  /** The names of the clusters' queues, by their ARNs. */
  reportQueues: Readonly<Record<string, string>>;
  head: Pick<RepoHead, 'config' | 'configSince'>;
  records: Pick<ReportRecords, 'syncState'>;
}

/** Knows the queues that the stack made. */
export function reportSenders({ reportsQueue, reportQueues, head, records }: SendersDeps): Senders {
  const ownName = reportsQueue.split('/').at(-1);
  const clusters = new Map(Object.entries(reportQueues).map(([arn, name]) => [name, arn]));
  return {
    judge: async (message, { queue, at }) => {
      const name = queue.split(':').at(-1) ?? '';
      const cluster = clusters.get(name);
      if (cluster === undefined) {
        const why = name === ownName ? doubtOfOwn(message) : 'it came by a queue of no cluster that the stack grants';
        return why === undefined ? { message, cluster } : { why, cluster };
      }
      if (!isOfPuller(message)) return { why: `a puller sends no ${message.type}`, cluster };
      const known = await head.config();
      const soon = await doubtOfCluster(message, cluster, { config: known, records });
      if (soon === undefined && withAllSyncs(message, known) === message) return { message, cluster };
      // What was known may be a minute old, and the sync new, or gone.
      const config = await head.configSince(new Date(at));
      const why = await doubtOfCluster(message, cluster, { config, records });
      return why === undefined ? { message: withAllSyncs(message, config), cluster } : { why, cluster };
    },
  };
}
