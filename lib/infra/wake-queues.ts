import { Duration, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { GrantedCluster } from './cluster-grants.ts';
import { guarded } from './guarded-queue.ts';
import { admitPuller } from './puller-access.ts';

/**
 * A queue for each cluster, which wakes its puller, by the cluster's ARN. A message only says "look": whoever was not woken looks by himself, and what
 * nobody takes is gone after minutes.
 */
export function wakeQueues(
  scope: Construct,
  clusters: readonly GrantedCluster[],
  encryptionKey: IKey | undefined,
): ReadonlyMap<string, Queue> {
  return new Map(clusters.map((cluster) => [cluster.arn, wakeQueue(scope, cluster, encryptionKey)]));
}

function wakeQueue(scope: Construct, cluster: GrantedCluster, encryptionKey: IKey | undefined): Queue {
  const { name, region } = cluster.eks;
  const queue = new Queue(scope, `Wake-${name}-${region}`, {
    ...guarded(encryptionKey),
    retentionPeriod: Duration.minutes(5),
  });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'Its messages only say "look", and are of no use to anybody when they were not taken within minutes.',
  });
  admitPuller(queue, cluster, ['sqs:ReceiveMessage', 'sqs:DeleteMessage']);
  return queue;
}
