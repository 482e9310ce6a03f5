import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { GrantedCluster } from './cluster-grants.ts';

/**
 * Lets the puller of a cluster in another account use a queue; one of this account is let in by its own role. By condition, as the role may not be there
 * yet, or be made again.
 */
export function admitPuller(queue: Queue, { eks, elsewhere, pullerRole }: GrantedCluster, actions: string[]): void {
  if (!elsewhere) return;
  queue.addToResourcePolicy(
    new PolicyStatement({
      principals: [new AccountPrincipal(eks.account)],
      actions,
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:PrincipalArn': pullerRole } },
    }),
  );
}
