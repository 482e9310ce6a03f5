import { parseEksArn } from '../../config/eks-arn.ts';
import { UserError } from '../../model/errors.ts';
import type { ContextCluster } from '../wiring-cluster.ts';
import type { GrantedCluster } from './find-cluster.ts';

/**
 * Throws `UserError` for a context of the kubeconfig that leads to another EKS cluster than the one that is meant: by the ARN or the name that the AWS CLI and
 * eksctl write, or by the Region in the server's address. What says nothing of EKS is taken as it is.
 */
export function checkContext(at: ContextCluster, meant: Pick<GrantedCluster, 'name' | 'arn' | 'eks' | 'region'>): void {
  const other = otherThan(meant, at);
  if (other !== undefined) throw otherCluster(at, meant, other);
}

/**
 * Holds a context whose names are somebody's own against where EKS says that the cluster is (`endpoint`, asked only then; undefined where that cannot be known).
 * An address that is none of EKS, as that of a tunnel, is taken as it is. Throws `UserError` where it is another cluster's.
 */
export async function checkEndpoint(
  at: ContextCluster,
  meant: Pick<GrantedCluster, 'name' | 'arn' | 'eks' | 'region'>,
  endpoint: () => Promise<string | undefined>,
): Promise<void> {
  const isTold = [at.cluster, at.context].some((name) => parseEksArn(name) !== undefined || eksctlName.test(name));
  const host = hostOf(at.server);
  if (isTold || !eksHost.test(host)) return;
  const right = hostOf((await endpoint()) ?? '');
  // A cluster has one address with IPv4 and another one with IPv6: only those of one sort can be compared.
  if (!eksHost.test(right) || sortOf(host) !== sortOf(right) || host === right) return;
  throw otherCluster(at, meant, `not that at ${right}`);
}

function otherCluster(
  { context, server }: ContextCluster,
  { name, arn, eks, region }: Pick<GrantedCluster, 'name' | 'arn' | 'eks' | 'region'>,
  other: string,
): UserError {
  return new UserError(
    `the context ${context} is of another EKS cluster, ${other} (${server}), and ${name} is ${arn}: give the right one with --context, or make it by aws eks update-kubeconfig --name ${eks} --region ${region}`,
    { code: 'other-cluster', subject: context },
  );
}

/** In lower case, as URLs are compared; empty for what is no URL. */
function hostOf(server: string): string {
  return URL.canParse(server) ? new URL(server).hostname : '';
}

/** What an address has beside the cluster's own id. */
function sortOf(host: string): string {
  return host.slice(host.indexOf('.'));
}

/** The EKS cluster that a context says it is of, where that is another one. */
function otherThan(
  { arn, eks, region }: Pick<GrantedCluster, 'arn' | 'eks' | 'region'>,
  { context, cluster, server }: ContextCluster,
): string | undefined {
  const told = [cluster, context].find((name) => parseEksArn(name) !== undefined);
  if (told !== undefined && told !== arn) return told;
  const [, name, place] = eksctlName.exec(cluster) ?? [];
  if (told === undefined && name !== undefined && (name !== eks || place !== region)) return `${name} in ${place}`;
  const [, plain, dual = plain] = eksHost.exec(hostOf(server)) ?? [];
  return dual === undefined || dual === region ? undefined : `one in ${dual}`;
}

const eksctlName = /^([\w-]+)\.([a-z0-9-]+)\.eksctl\.io$/;
// https://ID.gr7.eu-west-1.eks.amazonaws.com; with IPv6 https://ID.eks-cluster.eu-west-1.api.aws
const eksHost = /\.([a-z0-9-]+)\.eks\.amazonaws\.com(?:\.cn)?$|\.eks-cluster\.([a-z0-9-]+)\.api\.[a-z.]+$/;
