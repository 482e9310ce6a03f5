import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEksAccess } from '../../lib/adapters/aws/eks-access.ts';
import { eksToken } from '../../lib/adapters/aws/eks-token.ts';
import { Client } from '../../lib/adapters/kubernetes/client.ts';
import { KubernetesCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { type EksCluster, startEks } from '../helpers/eks.ts';
import { describeLoop } from '../helpers/loop.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';

await describeWithMiniStack('EKS of MiniStack', () => {
  describeLoop('with an API server of this machine', () => {
    let aws: MiniStack;
    let eks: EksCluster;
    beforeAll(async () => {
      aws = await startMiniStack({ auth: true, tls: true });
      eks = await startEks(aws, 'acme');
    });
    afterAll(async () => {
      await eks?.stop();
      await aws?.stop();
    });

    /** Asks the API server for something, with the token that this key signs. */
    const ask = async (secretAccessKey: string) => {
      const { endpoint, region, credentials } = aws;
      const described = await openEksAccess({ name: 'acme', region }, { endpoint, credentials });
      const { token } = await eksToken({ name: 'acme', region }, { ...credentials, secretAccessKey }, new Date());
      const access = {
        server: described.server,
        credentials: async () => ({ tls: { ca: eks.plane.caPem }, headers: { authorization: `Bearer ${token}` } }),
      };
      const cluster = new KubernetesCluster(new Client(access));
      try {
        return await cluster.resource('v1', 'ConfigMap');
      } finally {
        await cluster.close();
        described.close();
      }
    };

    it('lets in whom an access entry names, by the signature of the token', async () => {
      // Who made the cluster has an entry.
      expect(await ask(aws.credentials.secretAccessKey)).toMatchObject({ plural: 'configmaps' });
      await expect(ask('another key')).rejects.toMatchObject({ code: 'unauthorized' });
    });
  });
});
