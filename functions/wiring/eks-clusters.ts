import { type EksOptions, openEksAccess } from '../../lib/adapters/aws/eks-access.ts';
import { readCapabilities } from '../../lib/adapters/kubernetes/capabilities.ts';
import { Client } from '../../lib/adapters/kubernetes/client.ts';
import { KubernetesCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import type { ClusterEntry } from '../../lib/config/config.ts';
import type { Renderers } from '../../lib/desired/ports.ts';
import type { OpenCluster } from '../../lib/drift/check-cluster.ts';
import { gitReader, type RevisionSource } from '../../lib/drift/git-reader.ts';
import { UserError } from '../../lib/model/errors.ts';

/** What opening a cluster works with, beside AWS. */
export interface EksClustersDeps extends Renderers {
  source: RevisionSource;
}

/** Milliseconds: a server that does not answer is given up before the function's time is over. */
const patience = { connectTimeout: 5_000, requestTimeout: 30_000, silence: 5_000 };

/**
 * Opens clusters of windlass.yaml for a scheduled check, as the function's own role: it reads everything itself, and Secrets are left to the puller. Throws
 * `UserError` for a cluster that windlass.yaml does not place in EKS, and what EKS refuses.
 */
export function eksClusters(
  { source, ...renderers }: EksClustersDeps,
  options: EksOptions = {},
): (cluster: ClusterEntry) => Promise<OpenCluster> {
  return async ({ name, eks, region }) => {
    if (eks === undefined || region === undefined) {
      const message = `windlass.yaml does not say where cluster ${name} is: give it eks and region`;
      throw new UserError(message, { code: 'no-eks', subject: name });
    }
    const access = await openEksAccess({ name: eks, region }, options);
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
