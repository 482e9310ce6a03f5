import { type EksOptions, openEksAccess } from '../../lib/adapters/aws/eks-access.ts';
import type { EksName } from '../../lib/adapters/aws/eks-cluster.ts';
import { readCapabilities } from '../../lib/adapters/kubernetes/capabilities.ts';
import { Client } from '../../lib/adapters/kubernetes/client.ts';
import { KubernetesCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import type { ClusterEntry } from '../../lib/config/config.ts';
import { meantOf, parseEksArn } from '../../lib/config/eks-arn.ts';
import type { FunctionEnv, GrantedCluster } from '../../lib/config/function-env.ts';
import type { Renderers } from '../../lib/desired/ports.ts';
import type { OpenCluster } from '../../lib/drift/check-cluster.ts';
import { gitReader, type RevisionSource } from '../../lib/drift/git-reader.ts';
import { UserError } from '../../lib/model/errors.ts';

/** What opening a cluster works with, beside AWS. */
export interface EksClustersDeps extends Renderers {
  source: RevisionSource;
  /** The clusters that the stack grants to this function; no other is asked for. */
  grants: readonly GrantedCluster[];
}

/** Milliseconds: a server that does not answer is given up before the function's time is over. */
const patience = { connectTimeout: 5_000, requestTimeout: 30_000, silence: 5_000 };

/**
 * Opens clusters of windlass.yaml for a scheduled check, as the function's own role, or as the one that the grant of a cluster names: it reads everything
 * itself, and Secrets are left to the puller. Throws `UserError` for a cluster that windlass.yaml does not place in EKS, for one that is not granted, and what
 * EKS refuses.
 */
export function eksClusters(
  { source, grants, ...renderers }: EksClustersDeps,
  options: EksOptions = {},
): (cluster: ClusterEntry) => Promise<OpenCluster> {
  return async (cluster) => {
    const access = await openEksAccess(placeOf(cluster, grants), options);
    const client = new Client(access, patience);
    const capabilities = () => readCapabilities(client);
    return {
      cluster: new KubernetesCluster(client),
      records: new ClusterRecords(client, { readOnly: true }),
      desired: gitReader({ source, ...renderers, capabilities }),
      ...{ secrets: 'left', impersonation: 'never' },
      close: async () => {
        await client.close();
        access.close();
      },
    };
  };
}

/**
 * Which clusters of windlass.yaml a function looks at: one of a VPC at those that it is granted, and the one of public endpoints at all that are left, so that
 * a cluster that nobody was granted is told of once.
 */
export function looksAt({
  clusters,
  otherClusters,
  private: isPrivate,
}: Pick<FunctionEnv<'drift'>, 'clusters' | 'otherClusters' | 'private'>): (cluster: ClusterEntry) => boolean {
  const others = otherClusters.map((arn) => ({ arn }));
  return (cluster) => (isPrivate ? meantOf(cluster, clusters) !== undefined : meantOf(cluster, others) === undefined);
}

function placeOf({ name, eks, region }: ClusterEntry, grants: readonly GrantedCluster[]): EksName {
  if (eks === undefined || region === undefined) {
    const message = `windlass.yaml does not say where cluster ${name} is: give it eks and region`;
    throw new UserError(message, { code: 'no-eks', subject: name });
  }
  const grant = meantOf({ eks, region }, grants);
  if (grant === undefined) throw notGranted(name, `${eks} in ${region}`, grants);
  return { name: eks, region, ...(grant.role !== undefined && { assumeRole: grant.role }) };
}

function notGranted(name: string, where: string, grants: readonly GrantedCluster[]): UserError {
  const granted = grants.map(({ arn }) => parseEksArn(arn)).map((one) => `${one?.name} in ${one?.region}`);
  const message =
    `cluster ${name} (${where}) is not granted: add its ARN to the prop clusters of the Windlass construct, ` +
    `and deploy WindlassClusterAccess in its account (granted: ${granted.join(', ') || 'none'})`;
  return new UserError(message, { code: 'not-granted', subject: name });
}
