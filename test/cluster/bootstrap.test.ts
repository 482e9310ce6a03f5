import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Aws, awsOf, bootstrapWorld, canary, clusterArn, makeStack } from '../cli/bootstrap-world.ts';
import { describeWithCluster } from '../helpers/cluster.ts';
import type { Ran } from '../helpers/io.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { type SlackStandIn, startSlack } from '../standins/slack.ts';
import { image, installWorld } from './install-world.ts';

const files = {
  'windlass.yaml': `windlass: 1
clusters: { prod: { eks: acme-prod, region: eu-west-1 } }
syncs: { shop: { cluster: prod, path: shop } }
`,
  'shop/namespace.yaml': namespace('shop'),
  'shop/settings.yaml': configMap('shop', 'settings', { a: '1' }),
};
const roles = { PullerRoleArn: 'arn:aws:iam::000000000000:role/windlass-puller', CheckerGroup: 'windlass:drift' };
const account = 'ServiceAccount/windlass-system/windlass-puller';
const binding = 'rbac.authorization.k8s.io/ClusterRoleBinding/windlass-checker';

let ministack: MiniStack;
let aws: Aws;
let slack: SlackStandIn;

await describeWithMiniStack('windlass bootstrap of a cluster', () => {
  beforeAll(async () => {
    ministack = await startMiniStack();
    aws = awsOf(ministack);
    slack = await startSlack();
  });
  afterAll(async () => {
    aws?.close();
    await slack?.close();
    await ministack?.stop();
  });

  const resultOf = ({ stdout }: Ran, name: string) =>
    (
      JSON.parse(stdout) as { steps: { step: string; result: string; text: string; notes?: string[]; code?: string }[] }
    ).steps.find(({ step }) => step === name);

  describeWithCluster('with a real API server', () => {
    it('installs the puller and the rights of the check by the outputs, and finds both there the second time', async () => {
      const cluster = await installWorld(files);
      const world = await bootstrapWorld(aws, slack, files);
      world.functions('bump');
      const access = `Access-${process.pid}`;
      await makeStack(aws, access, {}, { ...roles, Cluster: clusterArn, Identity: 'irsa' });
      const url = 'git@github.com:acme/config.git';
      const argv = ['--json', '--kubeconfig', cluster.kubeconfig, '--access-stack', access, '--url', url];

      const noImage = await world.bootstrap(...argv);
      expect(noImage.code).toBe(2);
      expect(resultOf(noImage, 'puller')?.text).toContain('give --image');
      expect(resultOf(noImage, 'checker')?.text).toContain('give --yes');
      expect(await cluster.live(binding)).toBeUndefined();
      expect(await cluster.live('Namespace/windlass-system')).toBeUndefined();

      const told = [...argv, '--image', image, '--mode', 'watch'];
      const first = await world.bootstrap(...told, '--yes');
      expect([first.code, resultOf(first, 'puller')?.text, resultOf(first, 'checker')?.text], first.stderr).toEqual([
        ...[0, 'installed', 'installed'],
      ]);
      const noKey = expect.stringContaining('nothing is pulled, as ssh needs a key');
      expect(resultOf(first, 'puller')?.notes).toEqual([noKey]);
      expect(first.stderr).toContain('nothing is pulled, as ssh needs a key (docs/config-repo.md makes the key)');
      const deployment = JSON.stringify(await cluster.live('apps/Deployment/windlass-system/windlass-puller'));
      const [{ wakeQueueUrl, reportsQueueUrl }] = JSON.parse(world.outputs['Clusters']!);
      expect(deployment).toContain(JSON.stringify({ name: 'WINDLASS_REPORT_QUEUE', value: reportsQueueUrl }));
      expect(deployment).toContain(JSON.stringify(wakeQueueUrl));
      expect(deployment).toContain(JSON.stringify(url));
      expect((await cluster.live(account))?.metadata.annotations).toMatchObject({
        'eks.amazonaws.com/role-arn': roles.PullerRoleArn,
      });
      expect(JSON.stringify(await cluster.live(binding))).toContain('windlass:drift');
      expect(first.stderr).toContain('created  ');

      const second = await world.bootstrap(...told);
      expect(second.code, second.stderr).toBe(0);
      expect(resultOf(second, 'puller')?.notes).toEqual([noKey]);
      const words = await world.bootstrap(...told.filter((one) => one !== '--json'));
      expect(words.stdout).toMatch(/^what was tested works, but mind the notes of: puller\n/);
      expect(words.stdout).toContain('not seen yet: a pull');
      const bare = await world.bootstrap(...argv, '--image', 'notanimage');
      expect([bare.code, resultOf(bare, 'puller')?.text]).toEqual([
        2,
        expect.stringContaining('has no tag and no digest'),
      ]);
      for (const part of ['puller', 'checker'])
        expect(resultOf(second, part)).toMatchObject({
          result: 'done',
          text: expect.stringContaining('all are as they should be'),
        });
      expect(resultOf(second, 'event')).toMatchObject({ result: 'done' });
      expect(JSON.stringify([first, second])).not.toContain(canary);
    });
  });
});
