import { Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { type EksArn, parseEksArn } from '../config/eks-arn.ts';
import type { Problem, UserError } from '../model/errors.ts';
import { problemsOfList, propProblem, shown, unknownKeys, wrongProps } from './prop-problem.ts';
import type { Place } from './windlass-props.ts';

/** Whom a cluster lets in, and where its puller reports to. What is of Windlass's own stack is among its outputs. */
export interface WindlassClusterAccessProps {
  /** ARN of the EKS cluster: `arn:aws:eks:eu-west-1:123456789012:cluster/prod`. Written out, as it decides the names of roles. */
  cluster: string;
  /** ARNs of the roles of the drift functions that check it (`windlass.checkerPrincipalArns`, output `CheckerPrincipals`). Empty: nothing checks it. */
  checkerPrincipalArns: string[];
  /** ARN of the queue that pullers report to (output `ReportsQueueArn`). */
  reportsQueueArn: string;
  /** ARN of this cluster's own wake queue (output `Clusters`). Absent: the puller is a CronJob, which nothing wakes. */
  wakeQueueArn?: string;
  /** ARN of the secret with the puller's key to the config repo. Absent: the key is in a Secret of the cluster. */
  gitSecretArn?: string;
  /** ARN of the KMS key that the queues are encrypted with, where it is your own. */
  queueKeyArn?: string;
  /** ARN of the KMS key that the git secret is encrypted with, where it is your own. */
  gitSecretKeyArn?: string;
  /** ARNs of the ECR repositories with Helm charts that syncs are rendered from. */
  chartRepositoryArns?: string[];
  /**
   * ARN of the cluster's OIDC provider: the puller then gets its role by IRSA, for pods on Fargate and where there is no agent of EKS Pod Identity.
   * Absent: by EKS Pod Identity. Written out, as the conditions of the role name it.
   */
  oidcProviderArn?: string;
  /**
   * ARNs of the roles that may ask the cluster's audit log who is behind a drift (`windlass.auditorPrincipalArns`, output `AuditorPrincipals`). Only for a
   * cluster in another account than theirs: in its own, Windlass's stack grants that where a cluster's grant says `auditLog`.
   */
  auditorPrincipalArns?: string[];
}

/** What the props say of the cluster. */
export interface CheckedAccess {
  cluster: EksArn;
  /** Account of those who check; undefined where that is the cluster's own, or nobody does. */
  checkedFrom: string | undefined;
}

/** Partition and account may be tokens. */
const role = /^arn:[^:]+:iam::([^:]+):role\/\S+$/;

/** The props that are one ARN. A key is told by its id: an alias is no resource that a policy can name. */
const single = {
  reportsQueueArn: { pattern: /^arn:[^:]+:sqs:[^:]+:[^:]+:\S+\.fifo$/, what: 'a FIFO queue' },
  wakeQueueArn: { pattern: /^arn:[^:]+:sqs:[^:]+:[^:]+:\S+$/, what: 'a queue' },
  gitSecretArn: { pattern: /^arn:[^:]+:secretsmanager:[^:]+:[^:]+:secret:[^*\s]+$/, what: 'a secret' },
  queueKeyArn: { pattern: /^arn:[^:]+:kms:[^:]+:[^:]+:key\/[^*\s]+$/, what: 'a KMS key' },
  gitSecretKeyArn: { pattern: /^arn:[^:]+:kms:[^:]+:[^:]+:key\/[^*\s]+$/, what: 'a KMS key' },
} as const;
const chartRepository = /^arn:[^:]+:ecr:[^:]+:[^:]+:repository\/[^*\s]+$/;
const oidcProvider = /^arn:aws[a-z-]*:iam::\d{12}:oidc-provider\/\S+$/;

const lists = ['checkerPrincipalArns', 'chartRepositoryArns', 'auditorPrincipalArns'];
const known = ['cluster', ...Object.keys(single), ...lists, 'oidcProviderArn'];
const whole = 'write the whole ARN';

/** One cluster in cdk.json's context: its ARN, or props, of which those that Windlass's own stack knows may be left out. */
export type WrittenAccess =
  | string
  | (Partial<WindlassClusterAccessProps> & Pick<WindlassClusterAccessProps, 'cluster'>);

/** The clusters as cdk.json's context has them; none where it is absent. Throws `UserError` for what is no list of ARNs and objects, or has a key that is no prop. */
export function readClusterAccess(context: unknown): WrittenAccess[] {
  if (context === undefined) return [];
  const isEntry = (one: unknown) =>
    typeof one === 'string' || (typeof one === 'object' && one !== null && !Array.isArray(one));
  if (!Array.isArray(context) || !context.every(isEntry)) {
    const hint = 'write for each cluster its ARN, or an object with cluster, checkerPrincipalArns and reportsQueueArn';
    throw wrong([propProblem('windlassClusters', 'it is not a list of ARNs and objects', hint)]);
  }
  const problems = context.flatMap((one: string | object, index) =>
    typeof one === 'string' ? [] : unknownKeys(`windlassClusters[${index}]`, one, known),
  );
  if (problems.length > 0) throw wrong(problems);
  return context as WrittenAccess[];
}

function wrong(problems: Problem[]): UserError {
  return wrongProps('the access to a cluster', problems);
}

/** Throws `UserError` with every problem of the props at once, each naming its prop. They may come from outside of TypeScript. */
export function checkClusterAccess(props: WindlassClusterAccessProps, stack: Required<Place>): CheckedAccess {
  const cluster = clusterOf(props);
  const problems = [
    ...clusterProblems(props.cluster, cluster, stack),
    ...singleProblems(props),
    ...oidcProblems(props),
  ];
  const { checkerPrincipalArns: checkers, auditorPrincipalArns: auditors = [] } = props;
  if (checkers === undefined)
    problems.push(propProblem('checkerPrincipalArns', 'it is not there', 'write [] for none'));
  problems.push(...arnProblems('checkerPrincipalArns', checkers, role, 'a role'));
  problems.push(...arnProblems('auditorPrincipalArns', auditors, role, 'a role'));
  problems.push(...arnProblems('chartRepositoryArns', props.chartRepositoryArns, chartRepository, 'an ECR repository'));
  if (problems.length > 0 || cluster === undefined) throw wrong(problems);
  const own = [cluster.account, stack.account];
  const checkedFrom = accountOf(checkers, auditors, own);
  if (auditors.length > 0 && checkedFrom === undefined) throw wrong([ownAuditLog]);
  return { cluster, checkedFrom };
}

/** Undefined where it is none. */
function clusterOf({ cluster }: WindlassClusterAccessProps): EksArn | undefined {
  return typeof cluster === 'string' ? parseEksArn(cluster) : undefined;
}

/** EKS makes an access entry in the place of its cluster, and nowhere else. */
function clusterProblems(arn: unknown, cluster: EksArn | undefined, stack: Required<Place>): Problem[] {
  if (cluster === undefined) {
    const hint = 'write it out: arn:aws:eks:eu-west-1:123456789012:cluster/prod';
    return [propProblem('cluster', `${shown(arn)} is no ARN of an EKS cluster`, hint)];
  }
  const { account, region, name } = cluster;
  const isHere = (own: string, wanted: string) => Token.isUnresolved(own) || own === wanted;
  if (isHere(stack.account, account) && isHere(stack.region, region)) return [];
  const message = `${name} is in ${region} of account ${account}, but the stack is in ${stack.region} of ${stack.account}`;
  return [propProblem('cluster', message, `give the stack env: { account: '${account}', region: '${region}' }`)];
}

function singleProblems(props: WindlassClusterAccessProps): Problem[] {
  return Object.entries(single).flatMap(([key, { pattern, what }]) => {
    const value: unknown = props[key as keyof typeof single];
    if ((value === undefined && key !== 'reportsQueueArn') || isArn(value, pattern)) return [];
    return [propProblem(key, `${shown(value)} is no ARN of ${what}`, whole)];
  });
}

function arnProblems(prop: string, arns: unknown, pattern: RegExp, what: string): Problem[] {
  return problemsOfList(prop, arns, (arn, at) =>
    isArn(arn, pattern) ? [] : [propProblem(at, `${shown(arn)} is no ARN of ${what}`, whole)],
  );
}

function oidcProblems({ oidcProviderArn: arn }: WindlassClusterAccessProps): Problem[] {
  if (arn === undefined || (typeof arn === 'string' && oidcProvider.test(arn))) return [];
  const hint = 'write it out: arn:aws:iam::123456789012:oidc-provider/oidc.eks.REGION.amazonaws.com/id/ID';
  return [propProblem('oidcProviderArn', `${shown(arn)} is no ARN of an OIDC provider`, hint)];
}

/** The account of the roles, where it is another one. It has to be known: it decides whether a role is made here. */
function accountOf(checkers: readonly string[], auditors: readonly string[], own: string[]): string | undefined {
  const accounts = new Set([...checkers, ...auditors].map(accountOfRole));
  if (accounts.size > 1) throw wrong([severalAccounts]);
  const [account] = accounts;
  if (accounts.size === 0 || (account !== undefined && own.includes(account))) return undefined;
  if (account === undefined || Token.isUnresolved(account)) throw wrong([unknownAccount]);
  return account;
}

/** From the ARN as it is written, or from the stack of the role that it refers to. */
function accountOfRole(arn: string): string | undefined {
  const written = role.exec(arn)?.[1];
  if (written !== undefined) return written;
  const [token] = Tokenization.reverseString(arn).tokens;
  return Reference.isReference(token) ? Stack.of(token.target).account : undefined;
}

const severalAccounts = propProblem(
  'checkerPrincipalArns',
  'the roles are of several accounts',
  'name those of one Windlass stack',
);

const unknownAccount = propProblem(
  'checkerPrincipalArns',
  'the account of the roles is not known before they are deployed',
  "give Windlass's stack its account and Region (env), or write the ARNs out",
);

const ownAuditLog = propProblem(
  'auditorPrincipalArns',
  'the cluster is in the account of the roles, where Windlass grants it itself',
  'leave it out, and write auditLog: true in the grant of the cluster (prop clusters of Windlass)',
);

/** What is only known when it is deployed cannot be looked at. */
function isArn(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && (Token.isUnresolved(value) || pattern.test(value));
}
