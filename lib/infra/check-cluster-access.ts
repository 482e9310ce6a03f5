import { Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { type EksArn, parseEksArn } from '../config/eks-arn.ts';
import type { Problem, UserError } from '../model/errors.ts';
import { accessName, accessPropNames, type WindlassClusterAccessProps } from './cluster-access-props.ts';
import { problemsOfList, propProblem, shown, strangeProps, wrongProps } from './prop-problem.ts';
import type { Place } from './windlass-props.ts';

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
  wakeQueueArn: { pattern: /^arn:[^:]+:sqs:[^:]+:[^:]+:(?!\S+\.fifo$)\S+$/, what: 'a standard queue' },
  gitSecretArn: { pattern: /^arn:[^:]+:secretsmanager:[^:]+:[^:]+:secret:\S+$/, what: 'a secret' },
  queueKeyArn: { pattern: /^arn:[^:]+:kms:[^:]+:[^:]+:key\/\S+$/, what: 'a KMS key' },
  gitSecretKeyArn: { pattern: /^arn:[^:]+:kms:[^:]+:[^:]+:key\/\S+$/, what: 'a KMS key' },
} as const;
const chartRepository = /^arn:[^:]+:ecr:[^:]+:[^:]+:repository\/\S+$/;
const oidcProvider = /^arn:aws[a-z-]*:iam::(\d{12}):oidc-provider\/[^*?\s]+$/;

function wrong(problems: Problem[]): UserError {
  return wrongProps(accessName, problems);
}

/** Throws `UserError` with every problem of the props at once, each naming its prop. They may come from outside of TypeScript. */
export function checkClusterAccess(props: WindlassClusterAccessProps, stack: Required<Place>): CheckedAccess {
  const strange = strangeProps(accessName, props, accessPropNames);
  const cluster = clusterOf(props);
  const problems = [
    ...strange,
    ...clusterProblems(props.cluster, cluster, stack),
    ...singleProblems(props),
    ...oidcProblems(props.oidcProviderArn, cluster),
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
  const problems = Object.entries(single).flatMap(([key, { pattern, what }]) => {
    const value: unknown = props[key as keyof typeof single];
    return value === undefined && key !== 'reportsQueueArn' ? [] : arnProblem(key, value, pattern, what);
  });
  return problems.length > 0 ? problems : queueProblems(props);
}

/** Of queues that are known at the deployment alone: what the app says of them. */
function queueProblems({ reportsQueueArn, wakeQueueArn }: WindlassClusterAccessProps): Problem[] {
  const problems: Problem[] = [];
  if (isFifo(reportsQueueArn) === false)
    problems.push(
      propProblem('reportsQueueArn', 'it is no FIFO queue', 'take windlass.reportQueues.get(CLUSTER).queueArn'),
    );
  if (wakeQueueArn === reportsQueueArn)
    problems.push(propProblem('wakeQueueArn', 'it is the queue of reports', 'take the wake queue of this cluster'));
  else if (wakeQueueArn !== undefined && isFifo(wakeQueueArn) === true)
    problems.push(propProblem('wakeQueueArn', 'it is a FIFO queue', 'take windlass.wakes.get(CLUSTER).queueArn'));
  return problems;
}

/** Undefined where the app does not have the queue. */
function isFifo(arn: string): boolean | undefined {
  const target = targetOf(arn);
  return target instanceof CfnQueue ? target.fifoQueue === true : undefined;
}

function arnProblems(prop: string, arns: unknown, pattern: RegExp, what: string): Problem[] {
  return problemsOfList(prop, arns, (arn, at) => arnProblem(at, arn, pattern, what));
}

function arnProblem(at: string, arn: unknown, pattern: RegExp, what: string): Problem[] {
  if (typeof arn === 'string' && /[*?]/.test(arn))
    return [
      propProblem(at, `${JSON.stringify(arn)} has a wildcard`, `write the whole ARN of ${what}, and of no other`),
    ];
  if (isArn(arn, pattern)) return [];
  const hint = Construct.isConstruct(arn)
    ? 'take its ARN: of a queue queueArn, of a role roleArn'
    : 'write the whole ARN';
  return [propProblem(at, `${shown(arn)} is no ARN of ${what}`, hint)];
}

function oidcProblems(arn: unknown, cluster: EksArn | undefined): Problem[] {
  if (arn === undefined) return [];
  const account = typeof arn === 'string' ? oidcProvider.exec(arn)?.[1] : undefined;
  if (account === undefined) {
    const hint = 'write it out: arn:aws:iam::123456789012:oidc-provider/oidc.eks.REGION.amazonaws.com/id/ID';
    return [propProblem('oidcProviderArn', `${shown(arn)} is no ARN of an OIDC provider`, hint)];
  }
  if (cluster === undefined || cluster.account === account) return [];
  const message = `it is of account ${account}, and the cluster of ${cluster.account}`;
  return [propProblem('oidcProviderArn', message, "take the cluster's own: IRSA asks the account of the role")];
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
  const target = targetOf(arn);
  return target && Stack.of(target).account;
}

/** The construct that a token refers to; undefined where it is none of the app. */
function targetOf(arn: string): IConstruct | undefined {
  const [token] = Tokenization.reverseString(arn).tokens;
  return Reference.isReference(token) ? token.target : undefined;
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
