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
  if (other === undefined) return;
  throw new UserError(
    `the context ${at.context} is of another EKS cluster, ${other} (${at.server}), and ${meant.name} is ${meant.arn}: give the right one with --context, or make it by aws eks update-kubeconfig --name ${meant.eks} --region ${meant.region}`,
    { code: 'other-cluster', subject: at.context },
  );
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
  const [, plain, dual = plain] = eksHost.exec(URL.canParse(server) ? new URL(server).hostname : '') ?? [];
  return dual === undefined || dual === region ? undefined : `one in ${dual}`;
}

const eksctlName = /^([\w-]+)\.([a-z0-9-]+)\.eksctl\.io$/;
// https://ID.gr7.eu-west-1.eks.amazonaws.com; with IPv6 https://ID.eks-cluster.eu-west-1.api.aws
const eksHost = /\.([a-z0-9-]+)\.eks\.amazonaws\.com(?:\.cn)?$|\.eks-cluster\.([a-z0-9-]+)\.api\.[a-z.]+$/;
