import { CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { checkEndpoint } from '../../lib/cli/bootstrap/check-context.ts';
import { endpointOf } from '../../lib/cli/wiring-bootstrap.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';

const hostOf = (id: string) => `https://${id}.gr7.eu-west-1.eks.amazonaws.com`;

await describeWithMiniStack('a context with names of your own', () => {
  let aws: MiniStack;
  beforeAll(async () => {
    aws = await startMiniStack();
    const { endpoint, region, credentials } = aws;
    const eks = new EKSClient({ endpoint, region, credentials });
    const roleArn = `arn:aws:iam::${aws.account}:role/cluster-of-a-test`;
    const resourcesVpcConfig = { subnetIds: ['subnet-1'] };
    await eks.send(new CreateClusterCommand({ name: 'acme-prod', roleArn, resourcesVpcConfig }));
    eks.destroy();
    await aws.tellCluster('acme-prod', { endpoint: hostOf('0A1B2C'), ca: 'an authority' });
    vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await aws?.stop();
  });

  const meant = (eks: string) => {
    const arn = `arn:aws:eks:eu-west-1:000000000000:cluster/${eks}`;
    return { name: 'prod', eks, region: 'eu-west-1', arn };
  };
  const check = (server: string, eks = 'acme-prod') =>
    checkEndpoint({ context: 'main', cluster: 'kube', server }, meant(eks), () => endpointOf(meant(eks), undefined));

  it('is taken where EKS has the cluster at its address, however that is written', async () =>
    await expect(check(`${hostOf('0a1b2c')}/`)).resolves.toBeUndefined());

  it('is refused where EKS has the cluster elsewhere', async () =>
    await expect(check(hostOf('FFFFFF'))).rejects.toMatchObject({
      code: 'other-cluster',
      message: expect.stringMatching(/^the context main is of another EKS cluster, not that at 0a1b2c\.gr7\.eu-west-1/),
    }));

  it('is taken where EKS does not tell of such a cluster to whoever asks', async () =>
    await expect(check(hostOf('FFFFFF'), 'elsewhere')).resolves.toBeUndefined());

  it('waits for a word of EKS where that does not answer: the cluster may be another one', async () => {
    const served = process.env['AWS_ENDPOINT_URL']!;
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
    try {
      await expect(check(hostOf('FFFFFF'))).rejects.toBeInstanceOf(RetryableError);
    } finally {
      vi.stubEnv('AWS_ENDPOINT_URL', served);
    }
  });

  it.each(['https://127.0.0.1:8443', 'https://ffffff.eks-cluster.eu-west-1.api.aws'])(
    'is taken where its address says nothing: %s',
    async (server) => await expect(check(server)).resolves.toBeUndefined(),
  );
});
