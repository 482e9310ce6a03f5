import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { EcrRegistry } from './admit-events.ts';

/**
 * What IAM, the queues and the event rules must know. Everything else is in the config repo's windlass.yaml. Names and ARNs are texts: only `eventBus`,
 * `alarmTopic` and `encryptionKey` may be known as late as at the deployment.
 *
 * @example
 * import type { WindlassProps } from 'windlass/cdk';
 *
 * const props: WindlassProps = {
 *   repo: 'acme/shop-config',
 *   repositoryPrefixes: ['shop/'],
 *   clusters: ['arn:aws:eks:eu-west-1:123456789012:cluster/prod'],
 *   notifySecrets: ['slack-bot'],
 *   topics: ['deploys'],
 * };
 */
export interface WindlassProps {
  /** The config repo, as its host writes it: `acme/shop-config`. */
  repo: string;
  /** The branch that bumps are committed to. One stack serves one repo and branch. Default: `main`. */
  branch?: string;
  /** The API of a GitHub Enterprise Server: `https://HOST/api/v3`. Default: github.com. Without TLS only on this machine, for a stand-in. */
  githubUrl?: string;
  /**
   * How the names of the ECR repositories begin that may be read, and whose pushes are looked at: `shop/` for all below it, `shop/web` for this
   * one (and for `shop/web-admin`).
   */
  repositoryPrefixes: string[];
  /** ECR in other accounts and Regions, of which the same repositories may be read. Their events come by `ForwardPushes`. Default: none. */
  registries?: EcrRegistry[];
  /** The EKS clusters that may be read and woken: their ARNs, or more about them. Default: none. */
  clusters?: (string | ClusterGrant)[];
  /**
   * The secret of Secrets Manager that opens the config repo, by name or ARN: JSON with `appId`, `installationId` (where the App has several) and
   * `privateKey`, or with `token`. Default: `windlass/github`.
   */
  githubSecret?: string;
  /**
   * A secret of the same shape whose App or token can only read the config repo: for the functions that check for drift, ask audit logs and notify, which then cannot
   * read the other one. Default: `githubSecret`.
   */
  githubReadSecret?: string;
  /** The secrets of Slack that windlass.yaml's routes name, by name or ARN. Default: none. */
  notifySecrets?: string[];
  /** The SNS topics that windlass.yaml's routes may name: by a bare name one that the stack makes, by its ARN one that is there. Default: none. */
  topics?: string[];
  /** The event bus that is told of incidents, by name or ARN. Default: the account's default bus. */
  eventBus?: string;
  /** A key of your own for tables, queues, topics and logs, or its ARN. Default: keys of AWS. docs/aws.md has what its policy must allow. */
  encryptionKey?: IKey | string;
  /** Days that the functions' logs are kept; one of those that CloudWatch Logs knows. Default: 90. */
  logRetentionDays?: number;
  /** Where alarms go: the ARN of a topic, or the name of one of `topics`. Default: a topic of the stack's own. */
  alarmTopic?: string;
  /** The address of your copy of docs/runbook.md, `https://wiki.acme.example/windlass`: alarms and the dashboard then lead there. Default: they name the file. */
  runbookUrl?: string;
}

/** A cluster that may be read, and how. */
export interface ClusterGrant {
  /** `arn:aws:eks:eu-west-1:123456789012:cluster/prod` */
  arn: string;
  /** The role that reads it, where it is in another account. Default there: the one that WindlassClusterAccess makes. */
  role?: string;
  /** Its audit log may be asked who is behind a drift. Default: no. */
  auditLog?: boolean;
  /** Where its API server has a private endpoint alone: a function in this VPC checks it. Default: its endpoint can be reached from anywhere. */
  vpc?: ClusterVpc;
}

/** The place of a function that reads clusters with private endpoints. It needs a way out to GitHub and AWS (NAT, and egress to port 443 in its security groups), and the clusters' security groups must let it in at port 443. */
export interface ClusterVpc {
  id: string;
  subnets: string[];
  securityGroups: string[];
}

/** Where a stack is deployed, as far as that is known at synth. */
export interface Place {
  account?: string | undefined;
  region?: string | undefined;
}

/** The secret that opens the config repo, unless told. */
export const defaultGitHubSecret = 'windlass/github';

/** The one message group of a repo and branch, so that there is one writer: `acme/shop-config@main`. */
export function messageGroupOf(props: Pick<WindlassProps, 'repo' | 'branch'>): string {
  return `${props.repo}@${props.branch ?? 'main'}`;
}
