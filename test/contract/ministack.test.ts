import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateRepositoryCommand, ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';
import { CreateClusterCommand, DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../helpers/cluster.ts';
import { describeWithMiniStack, launcher, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { imageDocuments, pushTo } from '../helpers/push-image.ts';
import { pythonPackage } from '../helpers/python-package.ts';
import { messagesIn } from '../helpers/sqs.ts';

const run = promisify(execFile);

await describeWithMiniStack('MiniStack by the launcher', () => {
  let aws: MiniStack;
  let sqs: SQSClient;
  beforeAll(async () => {
    aws = await startMiniStack();
    sqs = new SQSClient(where());
  });
  afterAll(async () => {
    sqs?.destroy();
    await aws?.stop();
  });
  const where = () => ({ endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });

  it('tells EventBridge of pushes, by the API of ECR and by that of registries', async () => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'pushes' }));
    const events = new EventBridgeClient(where());
    const EventPattern = JSON.stringify({ source: ['aws.ecr'], 'detail-type': ['ECR Image Action'] });
    await events.send(new PutRuleCommand({ Name: 'pushes', EventPattern }));
    const Arn = `arn:aws:sqs:${aws.region}:${aws.account}:pushes`;
    await events.send(new PutTargetsCommand({ Rule: 'pushes', Targets: [{ Id: 'queue', Arn }] }));
    const ecr = new ECRClient(where());
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'shop/web' }));
    const { manifest } = imageDocuments({ labels: { by: 'the API' } });
    const image = { imageManifest: manifest.bytes.toString(), imageManifestMediaType: manifest.mediaType };
    await ecr.send(new PutImageCommand({ repositoryName: 'shop/web', imageTag: '1.0.0', ...image }));
    const digest = await pushTo(aws.endpoint, 'shop/web', '1.0.1');
    const told: object[] = [];
    const enough = async () => {
      for (const body of await messagesIn(sqs, QueueUrl!)) told.push(JSON.parse(body));
      return told.length >= 2;
    };
    await waitFor(enough, { what: 'two events' });
    const common = { source: 'aws.ecr', account: aws.account, region: aws.region, resources: [] };
    const pushed = { 'action-type': 'PUSH', result: 'SUCCESS', 'repository-name': 'shop/web' };
    expect(told).toEqual([
      expect.objectContaining({
        ...common,
        detail: expect.objectContaining({ ...pushed, 'image-tag': '1.0.0', 'image-digest': manifest.digest }),
      }),
      expect.objectContaining({
        ...common,
        detail: expect.objectContaining({ ...pushed, 'image-tag': '1.0.1', 'image-digest': digest }),
      }),
    ]);
  });

  it('says of a cluster what the test says', async () => {
    const eks = new EKSClient(where());
    const vpc = {
      roleArn: `arn:aws:iam::${aws.account}:role/cluster-of-a-test`,
      resourcesVpcConfig: { subnetIds: ['subnet-1'] },
    };
    await eks.send(new CreateClusterCommand({ name: 'acme', ...vpc }));
    await aws.tellCluster('acme', { endpoint: 'https://127.0.0.1:6443', ca: 'the CA' });
    const { cluster } = await eks.send(new DescribeClusterCommand({ name: 'acme' }));
    const data = Buffer.from('the CA').toString('base64');
    expect(cluster).toMatchObject({ endpoint: 'https://127.0.0.1:6443', certificateAuthority: { data } });
  });

  it('is started by a launcher that refuses a MiniStack that it does not fit', async () => {
    const python = join(await pythonPackage('ministack', '1.5.33'), 'python');
    const broken = (change: string) =>
      run(python, ['-c', `${change}\nimport runpy, sys\nrunpy.run_path(sys.argv[1], run_name='__main__')`, launcher]);
    const change = (name: string) => `from ministack.services import ecr\n${name}`;
    await expect(broken(change('del ecr._put_image'))).rejects.toThrow(
      'does not fit this MiniStack: ministack.services.ecr._put_image is gone',
    );
    await expect(broken(change('ecr._put_image = lambda data, more: None'))).rejects.toThrow("takes ['data', 'more']");
    const other = "import importlib.metadata\nimportlib.metadata.version = lambda name: '1.6.0'";
    await expect(broken(other)).rejects.toThrow('it is 1.6.0, not 1.5.33');
  });
});
