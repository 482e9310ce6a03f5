import { Token } from 'aws-cdk-lib';
import { type EksArn, parseEksArn } from '../config/eks-arn.ts';
import { auditorRoleName, checkerRoleName, pullerRoleName } from './role-names.ts';
import type { ClusterVpc, WindlassProps } from './windlass-props.ts';

/** A cluster that may be read, with all that follows from its ARN. */
export interface GrantedCluster {
  arn: string;
  eks: EksArn;
  /** True where it is in another account than the stack. */
  elsewhere: boolean;
  /** The role that reads it, where the functions' own do not. */
  checkerRole: string | undefined;
  auditLog: boolean;
  /** The role that asks its audit log, where the function's own does not. */
  auditorRole: string | undefined;
  /** The role of its puller. */
  pullerRole: string;
  vpc: ClusterVpc | undefined;
}

/**
 * The clusters of checked props. Where the stack's account is not known at synth, a cluster with a role is taken to be in another account, and all others
 * to be in its own.
 */
export function grantedClusters({ clusters = [] }: WindlassProps, stackAccount: string): GrantedCluster[] {
  return clusters.map((cluster) => {
    const { arn, role, auditLog = false, vpc } = typeof cluster === 'string' ? { arn: cluster } : cluster;
    const eks = parseEksArn(arn);
    if (eks === undefined) throw new Error(`the props were not checked: ${arn}`);
    const elsewhere = Token.isUnresolved(stackAccount) ? role !== undefined : eks.account !== stackAccount;
    const roleArn = (name: string) => `arn:${eks.partition}:iam::${eks.account}:role/${name}`;
    return {
      ...{ arn, eks, elsewhere, auditLog, vpc },
      checkerRole: role ?? (elsewhere ? roleArn(checkerRoleName(eks)) : undefined),
      auditorRole: elsewhere ? roleArn(auditorRoleName(eks)) : undefined,
      pullerRole: roleArn(pullerRoleName(eks)),
    };
  });
}
