import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateAccessEntryCommand, CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { acquireBinaries } from '../../lib/adapters/local/control-plane/binaries.ts';
import { type ControlPlane, startControlPlane } from '../../lib/adapters/local/control-plane/control-plane.ts';
import type { MiniStack } from './ministack.ts';

/** A cluster of EKS: MiniStack tells where it is and who a token belongs to, and an API server of this machine is it. */
export interface EksCluster {
  plane: ControlPlane;
  /** Lets a role in, as an access entry does; MiniStack checks the signature of its tokens. */
  letIn(principalArn: string, groups: string[]): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the cluster `name`. MiniStack must have been started with `auth`: else everybody is its administrator. Whoever starts it stops it. */
export async function startEks(
  aws: MiniStack,
  name: string,
  options: { controllers?: boolean } = {},
): Promise<EksCluster> {
  const { endpoint, region, credentials } = aws;
  const eks = new EKSClient({ endpoint, region, credentials });
  const dir = await mkdtemp(join(tmpdir(), 'windlass-test-eks-'));
  const roleArn = `arn:aws:iam::${aws.account}:role/cluster-of-a-test`;
  await eks.send(new CreateClusterCommand({ name, roleArn, resourcesVpcConfig: { subnetIds: ['subnet-1'] } }));
  const plane = await startControlPlane({
    dir,
    binaries: await acquireBinaries(),
    controllers: options.controllers ?? false,
    ephemeral: true,
    apiServerFlags: await authenticatorFlags(aws, name, dir),
  });
  await aws.tellCluster(name, { endpoint: plane.server, ca: plane.caPem });
  return {
    plane,
    letIn: async (principalArn, kubernetesGroups) => {
      await eks.send(new CreateAccessEntryCommand({ clusterName: name, principalArn, kubernetesGroups }));
    },
    stop: async () => {
      eks.destroy();
      await plane.stop();
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication */
async function authenticatorFlags(aws: MiniStack, cluster: string, dir: string): Promise<Record<string, string>> {
  const file = join(dir, 'authenticator.json');
  const authority = aws.caFile && (await readFile(aws.caFile)).toString('base64');
  const trusted = authority && { 'certificate-authority-data': authority };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'here', cluster: { server: aws.authenticator(cluster), ...trusted } }],
    users: [{ name: 'nobody', user: {} }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'nobody' } }],
    'current-context': 'here',
  };
  await writeFile(file, JSON.stringify(config));
  return {
    'authentication-token-webhook-config-file': file,
    'authentication-token-webhook-version': 'v1',
    'authentication-token-webhook-cache-ttl': '0s',
  };
}
