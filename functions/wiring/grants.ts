import type { ClusterEntry } from '../../lib/config/config.ts';
import { parseEksArn } from '../../lib/config/eks-arn.ts';
import type { GrantedCluster } from '../../lib/config/function-env.ts';

/** What the stack grants of a cluster of windlass.yaml, which is known by its name in EKS and its Region; undefined where that is nothing. */
export function grantFor(
  { eks, region }: Pick<ClusterEntry, 'eks' | 'region'>,
  grants: readonly GrantedCluster[],
): GrantedCluster | undefined {
  return grants.find(({ arn }) => {
    const granted = parseEksArn(arn);
    return granted !== undefined && granted.name === eks && granted.region === region;
  });
}
