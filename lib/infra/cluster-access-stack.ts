import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { parseEksArn } from '../config/eks-arn.ts';
import { WindlassClusterAccess } from './cluster-access.ts';
import type { WindlassClusterAccessProps } from './cluster-access-props.ts';
import { withoutStackProps } from './stack-props.ts';

/**
 * One cluster's access as a stack of its own, where the cluster is: in the account and Region of its ARN unless `env` says so itself.
 *
 * @example
 * import { App } from 'aws-cdk-lib';
 * import { WindlassClusterAccessStack } from 'windlass/cdk';
 *
 * new WindlassClusterAccessStack(new App(), 'WindlassClusterAccess', {
 *   cluster: 'arn:aws:eks:eu-west-1:123456789012:cluster/prod',
 *   checkerPrincipalArns: ['arn:aws:iam::123456789012:role/windlass-drift-acme-shop-config-main-1a2b3c4d-eu-west-1'],
 *   reportsQueueArn: 'arn:aws:sqs:eu-west-1:123456789012:Windlass-Reports-prod.fifo',
 * });
 */
export class WindlassClusterAccessStack extends Stack {
  readonly access: WindlassClusterAccess;

  /** Throws `UserError` that names each wrong prop. */
  constructor(scope: Construct, id: string, props: WindlassClusterAccessProps & StackProps) {
    const { account, region } = parseEksArn(String(props?.cluster)) ?? {};
    super(scope, id, { description: 'Windlass: access to an EKS cluster', env: { account, region }, ...props });
    this.access = new WindlassClusterAccess(this, 'Access', withoutStackProps<WindlassClusterAccessProps>(props));
    this.access.addOutputs();
  }
}
