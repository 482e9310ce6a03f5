import { Stack, Validations } from 'aws-cdk-lib';
import { CfnAccessEntry, CfnPodIdentityAssociation } from 'aws-cdk-lib/aws-eks';
import {
  AccountPrincipal,
  type IPrincipal,
  PolicyStatement,
  Role,
  ServicePrincipal,
  SessionTagsPrincipal,
  WebIdentityPrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { EksArn } from '../config/eks-arn.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import { type CheckedAccess, checkClusterAccess } from './check-cluster-access.ts';
import { clusterAccessOutputs } from './cluster-access-outputs.ts';
import { checkerGroup, type WindlassClusterAccessProps } from './cluster-access-props.ts';
import { addOutputsOf } from './outputs.ts';
import { auditorRoleName, checkerRoleName, pullerRoleName } from './role-names.ts';
import { grantableSecretArn } from './secret-arn.ts';

/** The service account that the puller runs as, in `windlass-system`. */
const pullerAccount = 'windlass-puller';

/**
 * What a cluster is to Windlass, in the cluster's own account and Region: the access entry of the scheduled check, and the role of the puller. The cluster
 * itself is yours, and nothing of it is read here: its address and its authority are asked for when they are needed.
 *
 * @example
 * import { App, Stack } from 'aws-cdk-lib';
 * import { WindlassClusterAccess } from 'windlass/cdk';
 *
 * const stack = new Stack(new App(), 'Prod', { env: { account: '123456789012', region: 'eu-west-1' } });
 * new WindlassClusterAccess(stack, 'Access', {
 *   cluster: 'arn:aws:eks:eu-west-1:123456789012:cluster/prod',
 *   checkerPrincipalArns: ['arn:aws:iam::123456789012:role/windlass-drift-acme-shop-config-main-1a2b3c4d-eu-west-1'],
 *   reportsQueueArn: 'arn:aws:sqs:eu-west-1:123456789012:Windlass-Reports-prod.fifo',
 * }).addOutputs();
 */
export class WindlassClusterAccess extends Construct {
  /** What the puller acts as in AWS. */
  readonly pullerRole: Role;
  /** What a check from another account takes on; undefined where it comes from the cluster's own. */
  readonly checkerRole: Role | undefined;
  /** What whoever asks the audit log from another account takes on. */
  readonly auditorRole: Role | undefined;
  /** How the puller gets its role. */
  readonly identity: 'pod-identity' | 'irsa';

  private readonly cluster: EksArn;
  readonly #props: WindlassClusterAccessProps;

  /** Throws `UserError` that names each wrong prop. */
  constructor(scope: Construct, id: string, props: WindlassClusterAccessProps) {
    super(scope, id);
    this.#props = props;
    const access = checkClusterAccess(props, Stack.of(this));
    this.cluster = access.cluster;
    this.identity = props.oidcProviderArn === undefined ? 'pod-identity' : 'irsa';
    this.pullerRole = this.addPuller(props);
    this.checkerRole = this.addChecker(props, access);
    this.auditorRole = this.addAuditor(props, access);
  }

  /**
   * Gives the stack the outputs by which the CLI finds this access: `windlass bootstrap --access-stack NAME`. WindlassClusterAccessStack has them; in a stack of
   * your own they are yours to add, as their names (`Cluster`, `PullerRoleArn` ...) are the stack's. Throws `UserError` where one of the names is taken.
   */
  addOutputs(): void {
    addOutputsOf(this, clusterAccessOutputs(this, this.#props));
  }

  private addPuller(props: WindlassClusterAccessProps): Role {
    const role = new Role(this, 'Puller', {
      roleName: pullerRoleName(this.cluster),
      description: `The puller of Windlass in the EKS cluster ${this.cluster.name}`,
      assumedBy: this.pullerIdentity(props.oidcProviderArn),
    });
    for (const statement of pullerStatements(props)) role.addToPolicy(statement);
    if (this.identity === 'pod-identity') {
      new CfnPodIdentityAssociation(this, 'PullerAssociation', {
        clusterName: this.cluster.name,
        namespace: systemNamespace,
        serviceAccount: pullerAccount,
        roleArn: role.roleArn,
      });
    }
    return role;
  }

  /** Nobody but this account of this cluster: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html */
  private pullerIdentity(oidcProviderArn: string | undefined): IPrincipal {
    if (oidcProviderArn === undefined) {
      const { partition, region, account, name } = this.cluster;
      return new SessionTagsPrincipal(
        new ServicePrincipal('pods.eks.amazonaws.com').withConditions({
          StringEquals: {
            'aws:RequestTag/eks-cluster-arn': `arn:${partition}:eks:${region}:${account}:cluster/${name}`,
            'aws:RequestTag/kubernetes-namespace': systemNamespace,
            'aws:RequestTag/kubernetes-service-account': pullerAccount,
          },
        }),
      );
    }
    const issuer = oidcProviderArn.replace(/^.*:oidc-provider\//, '');
    return new WebIdentityPrincipal(oidcProviderArn, {
      StringEquals: {
        [`${issuer}:sub`]: `system:serviceaccount:${systemNamespace}:${pullerAccount}`,
        [`${issuer}:aud`]: 'sts.amazonaws.com',
      },
    });
  }

  /** Where the check comes from another account, the entry is of a role that is made here, else of the function's own. */
  private addChecker(props: WindlassClusterAccessProps, { checkedFrom }: CheckedAccess): Role | undefined {
    const { checkerPrincipalArns: principals, cluster } = props;
    if (checkedFrom === undefined || principals.length === 0) {
      principals.forEach((arn, index) => void this.letIn(`Checker${index === 0 ? '' : index + 1}Entry`, arn));
      return undefined;
    }
    const role = new Role(this, 'Checker', {
      roleName: checkerRoleName(this.cluster),
      description: `The scheduled check of Windlass in the EKS cluster ${this.cluster.name}`,
      assumedBy: rolesOf(checkedFrom, principals),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['eks:DescribeCluster'], resources: [cluster] }));
    this.letIn('CheckerEntry', role.roleArn);
    return role;
  }

  /** EKS gives the group no rights, and does not ask whether there is such a group. The user name stays EKS's own: it shows the role and the session. */
  private letIn(id: string, principalArn: string): CfnAccessEntry {
    return new CfnAccessEntry(this, id, {
      clusterName: this.cluster.name,
      principalArn,
      type: 'STANDARD',
      kubernetesGroups: [checkerGroup],
    });
  }

  private addAuditor(props: WindlassClusterAccessProps, { checkedFrom }: CheckedAccess): Role | undefined {
    const { auditorPrincipalArns: principals = [] } = props;
    if (checkedFrom === undefined || principals.length === 0) return undefined;
    const role = new Role(this, 'Auditor', {
      roleName: auditorRoleName(this.cluster),
      description: `Who asks the audit log of the EKS cluster ${this.cluster.name} who is behind a drift`,
      assumedBy: rolesOf(checkedFrom, principals),
    });
    const { partition, region, account, name } = this.cluster;
    // By what the cluster's ARN says: it is known, also where the place of the stack is not.
    const group = `arn:${partition}:logs:${region}:${account}:log-group:/aws/eks/${name}/cluster`;
    role.addToPolicy(new PolicyStatement({ actions: ['logs:StartQuery'], resources: [group, `${group}:*`] }));
    role.addToPolicy(new PolicyStatement({ actions: ['logs:GetQueryResults', 'logs:StopQuery'], resources: ['*'] }));
    this.acknowledgeLogs(role, group);
    return role;
  }

  private acknowledgeLogs(role: Role, group: string): void {
    const reasons = {
      [`${group}:*`]: 'All streams of the one log group: EKS names them by chance.',
      '*': 'CloudWatch Logs knows no resource for a query that runs; its id is told to nobody but who started it.',
    };
    for (const [resource, reason] of Object.entries(reasons))
      Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
  }
}

/** What the puller calls, and nothing else: it sends, and looks whether it was woken. */
function pullerStatements(props: WindlassClusterAccessProps): PolicyStatement[] {
  const { reportsQueueArn, wakeQueueArn, queueKeyArn, gitSecretArn, gitSecretKeyArn } = props;
  const charts = props.chartRepositoryArns ?? [];
  const statements: [string[], (string | undefined)[]][] = [
    [['sqs:SendMessage'], [reportsQueueArn]],
    [['sqs:ReceiveMessage', 'sqs:DeleteMessage'], [wakeQueueArn]],
    [['kms:GenerateDataKey', 'kms:Decrypt'], [queueKeyArn]],
    [['secretsmanager:GetSecretValue'], [gitSecretArn && grantableSecretArn(gitSecretArn)]],
    [['kms:Decrypt'], [gitSecretKeyArn]],
    [['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], charts],
  ];
  return statements.flatMap(([actions, wanted]) => {
    const resources = wanted.filter((arn) => arn !== undefined);
    return resources.length === 0 ? [] : [new PolicyStatement({ actions, resources })];
  });
}

/** These roles of another account. By condition, so that one that was made again is still meant. */
function rolesOf(account: string, arns: readonly string[]): IPrincipal {
  return new AccountPrincipal(account).withConditions({ ArnEquals: { 'aws:PrincipalArn': arns } });
}
