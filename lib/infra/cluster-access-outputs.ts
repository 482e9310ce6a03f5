import type { Role } from 'aws-cdk-lib/aws-iam';
import { checkerGroup, type WindlassClusterAccessProps } from './cluster-access-props.ts';
import type { Output } from './outputs.ts';

/** Of the access to a cluster what its outputs tell. */
interface Told {
  readonly pullerRole: Role;
  readonly checkerRole: Role | undefined;
  readonly auditorRole: Role | undefined;
  readonly identity: 'pod-identity' | 'irsa';
}

/** What the stack that opens a cluster tells of that. */
export function clusterAccessOutputs(access: Told, props: WindlassClusterAccessProps): Record<string, Output> {
  const { pullerRole, checkerRole, auditorRole, identity } = access;
  const checker = checkerRole?.roleArn ?? props.checkerPrincipalArns.join(',');
  return {
    Cluster: { value: props.cluster, description: 'The EKS cluster' },
    PullerRoleArn: {
      value: pullerRole.roleArn,
      description: 'What the puller acts as; with IRSA: windlass install --role-arn',
    },
    Identity: { value: identity, description: 'How the puller gets its role' },
    CheckerGroup: { value: checkerGroup, description: 'What windlass install --checker gives rights to' },
    ...(checker !== '' && {
      CheckerRoleArn: { value: checker, description: 'What the scheduled check acts as in the cluster' },
    }),
    ...(auditorRole && { AuditorRoleArn: { value: auditorRole.roleArn, description: 'What asks the audit log' } }),
  };
}
