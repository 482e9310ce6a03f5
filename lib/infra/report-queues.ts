import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { GrantedCluster } from './cluster-grants.ts';
import { type QueueBefore, queueBefore } from './guarded-queue.ts';
import { admitPuller } from './puller-access.ts';

/** What the queues have in common. */
export interface ReportQueuesProps extends Omit<QueueBefore, 'fifo'> {
  encryptionKey?: IKey | undefined;
}

/**
 * A FIFO queue for each cluster, to which its puller alone may send, by the cluster's ARN: who reports is known by the queue, and not by what the report
 * says. They share their dead letters, which SQS leads back to the queue that each came from.
 */
export function reportQueues(
  scope: Construct,
  clusters: readonly GrantedCluster[],
  props: ReportQueuesProps,
): ReadonlyMap<string, Queue> {
  return new Map(clusters.map((cluster) => [cluster.arn, reportQueue(scope, cluster, props)]));
}

function reportQueue(
  scope: Construct,
  cluster: GrantedCluster,
  { encryptionKey, ...before }: ReportQueuesProps,
): Queue {
  const { name, region } = cluster.eks;
  const queue = new Queue(scope, `Reports-${name}-${region}`, queueBefore({ ...before, fifo: true }, encryptionKey));
  admitPuller(queue, cluster, ['sqs:SendMessage']);
  return queue;
}
