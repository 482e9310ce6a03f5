import type { StackProps } from 'aws-cdk-lib';
import { parseEksArn } from '../config/eks-arn.ts';
import type { Problem } from '../model/errors.ts';
import { accessName, type WindlassClusterAccessProps, type WrittenAccess } from './cluster-access-props.ts';
import { knownNow } from './known-now.ts';
import { propProblem, shown, wrongProps } from './prop-problem.ts';
import type { WindlassProps } from './windlass-props.ts';
import type { WindlassStack } from './windlass-stack.ts';

/** The props of a cluster's access beside Windlass's own stack, and whether the one refers to the other. */
export interface AccessBeside {
  props: WindlassClusterAccessProps & StackProps;
  /** True where both are one deployment: what was left out is taken from Windlass's stack. */
  refers: boolean;
}

/**
 * Completes what cdk.json has of a cluster, where it says nothing of Windlass's stack, by references to that: one deployment makes both. `at` is the entry as a
 * person would point at it. Throws `UserError` for a cluster that is not of the stack, or not in its account and Region: a reference leads no further.
 */
export function accessBeside(
  stack: WindlassStack,
  { encryptionKey }: Pick<WindlassProps, 'encryptionKey'>,
  { written, at }: { written: WrittenAccess; at: string },
): AccessBeside {
  const { checkerPrincipalArns, reportsQueueArn, ...told } =
    typeof written === 'string' ? { cluster: written } : written;
  if (typeof written !== 'string' && (checkerPrincipalArns !== undefined || reportsQueueArn !== undefined))
    // What is missing is told where the access is made.
    return { props: written as WindlassClusterAccessProps, refers: false };
  const problem = problemOf(stack, told.cluster, typeof written === 'string' ? at : `${at}.cluster`);
  if (problem !== undefined) throw wrongProps(accessName, [problem]);
  const { windlass } = stack;
  const props = {
    // The cluster is one of the stack's: that was looked at above.
    checkerPrincipalArns: [windlass.checkers.get(told.cluster)!],
    reportsQueueArn: windlass.reportQueues.get(told.cluster)!.queueArn,
    wakeQueueArn: windlass.wakes.get(told.cluster)?.queueArn,
    ...(typeof encryptionKey === 'string' && { queueKeyArn: encryptionKey }),
    ...told,
    env: { account: knownNow(stack.account), region: knownNow(stack.region) },
  };
  return { props, refers: true };
}

function problemOf(stack: WindlassStack, cluster: unknown, at: string): Problem | undefined {
  const eks = typeof cluster === 'string' ? parseEksArn(cluster) : undefined;
  if (eks === undefined || typeof cluster !== 'string') {
    const hint = 'write it out: arn:aws:eks:eu-west-1:123456789012:cluster/prod';
    return propProblem(at, `${shown(cluster)} is no ARN of an EKS cluster`, hint);
  }
  const { account = eks.account, region = eks.region } = {
    account: knownNow(stack.account),
    region: knownNow(stack.region),
  };
  if (eks.account !== account || eks.region !== region) {
    const message = `${eks.name} is in ${eks.region} of account ${eks.account}, and Windlass in ${region} of ${account}`;
    const elsewhere =
      'write an object with checkerPrincipalArns, reportsQueueArn and wakeQueueArn: windlass bootstrap prints it';
    // Where nobody says a Region, the CDK's command takes us-east-1.
    const here = `where Windlass is to be in ${eks.region}, set AWS_REGION=${eks.region}, or the region of the AWS profile; else ${elsewhere}`;
    const hint = eks.account === account ? here : elsewhere;
    return propProblem(at, message, hint);
  }
  if (stack.windlass.wakes.has(cluster)) return undefined;
  return propProblem(at, `Windlass may not look at ${eks.name}`, `add "${cluster}" to clusters of windlass`);
}
