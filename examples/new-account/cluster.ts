import { Stack, type StackProps } from 'aws-cdk-lib';
import { IpAddresses, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Cluster, ClusterLoggingTypes, KubernetesVersion } from 'aws-cdk-lib/aws-eks-v2';
import type { Construct } from 'constructs';

export interface ClusterStackProps extends StackProps {
  clusterName: string;
  /** The role that may do everything in the cluster. */
  adminRoleArn: string;
}

/** A network, and an EKS cluster in Auto Mode: it brings nodes as they are needed, and the agent of Pod Identity with them. */
export class ClusterStack extends Stack {
  constructor(scope: Construct, id: string, { clusterName, adminRoleArn, ...props }: ClusterStackProps) {
    super(scope, id, { description: 'An EKS cluster and its network', ...props });
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.20.0.0/16'),
      maxAzs: 2,
      // One costs about 33 dollars a month; production may want one in each zone.
      natGateways: 1,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 24 },
        { name: 'private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 19 },
      ],
    });
    const cluster = new Cluster(this, 'Cluster', {
      clusterName,
      version: KubernetesVersion.V1_35,
      vpc,
      vpcSubnets: [{ subnetType: SubnetType.PRIVATE_WITH_EGRESS }],
      // Who is behind a drift: Windlass asks the audit log, which costs what CloudWatch Logs costs.
      clusterLogging: [ClusterLoggingTypes.AUDIT],
    });
    cluster.grantClusterAdmin('Admin', adminRoleArn);
  }
}
