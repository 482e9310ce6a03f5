import { Token } from 'aws-cdk-lib';
import { type EksArn, parseEksArn } from '../config/eks-arn.ts';
import type { Problem } from '../model/errors.ts';
import { problemsOfList, propProblem, shown, unknownKeys } from './prop-problem.ts';
import { checkerRoleName } from './role-names.ts';
import type { Place } from './windlass-props.ts';

const example = 'arn:aws:eks:eu-west-1:123456789012:cluster/prod';
const rolePattern = /^arn:aws[a-z-]*:iam::(\d{12}):role\/[\w+=,.@/-]+$/;
const vpcParts = { id: /^vpc-[0-9a-f]+$/, subnets: /^subnet-[0-9a-f]+$/, securityGroups: /^sg-[0-9a-f]+$/ };

/** What is wrong with the clusters, each alone and together. They may come from outside of TypeScript. */
export function clusterProblems(clusters: unknown, { account }: Place): Problem[] {
  const seen: EksArn[] = [];
  const unplaced: EksArn[] = [];
  const vpcs = new Map<string, string>();
  return problemsOfList('clusters', clusters, (entry, at) => {
    const { grant, problems } = readGrant(entry, at);
    if (grant === undefined) return problems;
    const { arn, role, auditLog, vpc } = grant;
    const found = [...problems, ...roleProblems(role, arn, at), ...auditLogProblems(auditLog, at)];
    found.push(...vpcProblems(vpc, `${at}.vpc`, vpcs), ...againProblems(arn, at, seen));
    found.push(...(account === undefined && role === undefined ? strayProblems(arn, at, unplaced) : []));
    if (role === undefined) unplaced.push(arn);
    seen.push(arn);
    return found;
  });
}

/** Where the stack's account is not known, a cluster without a role is taken to be in it: all of these (`unplaced`) are then in one. */
function strayProblems(arn: EksArn, at: string, unplaced: readonly EksArn[]): Problem[] {
  if (unplaced.every(({ account }) => account === arn.account)) return [];
  const checker = `arn:${arn.partition}:iam::${arn.account}:role/${checkerRoleName(arn)}`;
  const hint = `run it with AWS credentials of the stack's account (in an app of your own: give the stack an env with its account), or give the one of the other account its role: "role": "${checker}"`;
  return [propProblem(at, 'it is of another account than an earlier one: which is that of the stack?', hint)];
}

interface ReadGrant {
  arn: EksArn;
  role: unknown;
  auditLog: unknown;
  vpc: unknown;
}

function readGrant(entry: unknown, at: string): { grant?: ReadGrant; problems: Problem[] } {
  const isObject = typeof entry === 'object' && entry !== null;
  const problems = isObject ? unknownKeys(at, entry, ['arn', 'role', 'auditLog', 'vpc']) : [];
  const { arn, role, auditLog, vpc } = (isObject ? entry : { arn: entry }) as Record<string, unknown>;
  const where = isObject ? `${at}.arn` : at;
  if (Token.isUnresolved(arn)) {
    const hint = `give the cluster a name of your own, and write the ARN as a text: ${example}`;
    return { problems: [...problems, propProblem(where, 'it is not known before the deployment', hint)] };
  }
  const parsed = typeof arn === 'string' ? parseEksArn(arn) : undefined;
  if (parsed === undefined)
    return { problems: [...problems, propProblem(where, `${shown(arn)} is no ARN of an EKS cluster`, example)] };
  return { grant: { arn: parsed, role, auditLog, vpc }, problems };
}

function roleProblems(role: unknown, arn: EksArn, at: string): Problem[] {
  if (role === undefined) return [];
  const account = typeof role === 'string' ? rolePattern.exec(role)?.[1] : undefined;
  if (account === undefined) {
    const hint = `arn:${arn.partition}:iam::${arn.account}:role/NAME`;
    return [propProblem(`${at}.role`, `${shown(role)} is no ARN of a role`, hint)];
  }
  if (account === arn.account) return [];
  const hint = `take a role of account ${arn.account}, as WindlassClusterAccess makes it`;
  return [propProblem(`${at}.role`, 'it is of another account than the cluster', hint)];
}

function auditLogProblems(auditLog: unknown, at: string): Problem[] {
  if (auditLog === undefined || typeof auditLog === 'boolean') return [];
  return [propProblem(`${at}.auditLog`, `${shown(auditLog)} is neither true nor false`, 'write true')];
}

function vpcProblems(vpc: unknown, at: string, seen: Map<string, string>): Problem[] {
  if (vpc === undefined) return [];
  if (typeof vpc !== 'object' || vpc === null)
    return [propProblem(at, `${shown(vpc)} is no VPC`, 'write { id, subnets, securityGroups }')];
  const { id, subnets, securityGroups } = vpc as Record<string, unknown>;
  const isId = (value: unknown, kind: keyof typeof vpcParts) => typeof value === 'string' && vpcParts[kind].test(value);
  const problems = unknownKeys(at, vpc, ['id', 'subnets', 'securityGroups']);
  if (!isId(id, 'id')) problems.push(propProblem(`${at}.id`, `${shown(id)} is no VPC`, 'vpc-0123456789abcdef0'));
  for (const [kind, list] of [
    ['subnets', subnets],
    ['securityGroups', securityGroups],
  ] as const) {
    const example = kind === 'subnets' ? 'subnet-0123456789abcdef0' : 'sg-0123456789abcdef0';
    if (!Array.isArray(list) || list.length === 0 || !list.every((one) => isId(one, kind)))
      problems.push(propProblem(`${at}.${kind}`, `${shown(list)} is no list of them`, `["${example}"]`));
  }
  const written = JSON.stringify({ subnets, securityGroups });
  if (problems.length === 0 && (seen.get(id as string) ?? written) !== written)
    problems.push(
      propProblem(at, `${id} has other subnets or security groups above`, 'one function checks a VPC: write the same'),
    );
  seen.set(String(id), written);
  return problems;
}

/** A puller's queue is named by cluster and Region, and windlass.yaml knows a cluster by them. */
function againProblems(arn: EksArn, at: string, seen: readonly EksArn[]): Problem[] {
  const same = seen.find((other) => other.name === arn.name && other.region === arn.region);
  if (same === undefined) return [];
  if (same.account === arn.account)
    return [propProblem(at, `${arn.name} in ${arn.region} is there twice`, 'leave it out')];
  const message = `${arn.name} in ${arn.region} is there of two accounts`;
  return [propProblem(at, message, 'one Windlass serves one of them: make a stack of its own for the other')];
}
