import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AwsCluster, clusterArn, startAwsCluster } from '../helpers/aws-cluster.ts';
import { type AwsWorld, startAwsWorld } from '../helpers/aws-world.ts';
import { waitFor } from '../helpers/cluster.ts';
import { type Heard, listenToTopic } from '../helpers/heard.ts';
import { describeLoop } from '../helpers/loop.ts';
import { describeWithMiniStack } from '../helpers/ministack.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { describeWithStandins } from '../standins/describe.ts';

const settings = 'ConfigMap/shop/settings';
const files = {
  'windlass.yaml': `windlass: 1
clusters:
  dev: { eks: acme-dev, region: eu-west-1 }
  prod: { eks: acme-prod, region: eu-west-1 }
syncs:
  shop: { cluster: dev, path: apps }
  shop-prod: { cluster: prod, path: apps }
notify:
  routes:
    - { slack: { channel: "#oncall", secret: slack-bot } }
    - { on: [drift], sns: deploys }
`,
  // Built by kubectl, which the function has from its layer.
  'apps/kustomization.yaml': 'resources: [namespace.yaml, settings.yaml]\n',
  'apps/namespace.yaml': namespace('shop'),
  'apps/settings.yaml': configMap('shop', 'settings', { mode: 'one' }),
};

await describeWithMiniStack('drift in AWS', () => {
  describeWithStandins('with GitHub and Slack', () => {
    describeLoop('and a cluster', () => {
      let world: AwsWorld;
      let cluster: AwsCluster;
      let topic: Heard<Record<string, unknown>>;
      beforeAll(async () => {
        const props = { clusters: [clusterArn], notifySecrets: ['slack-bot'], topics: ['deploys'] };
        // Five minutes of the schedule are five seconds.
        world = await startAwsWorld({ files, props, ministack: { speed: 60 } });
        cluster = await startAwsCluster(world);
        topic = await listenToTopic(world, 'deploys');
      });
      afterAll(async () => {
        await cluster?.stop();
        await world?.close();
      });

      const posts = () => world.slack.posts.map(({ body }) => JSON.stringify(body));
      const setMode = (mode: string) =>
        cluster.kubectl('-n', 'shop', 'patch', 'configmap', 'settings', '-p', JSON.stringify({ data: { mode } }));
      const heartbeats = async () =>
        (await world.items('StateTable')).filter(({ pk, sk }) => pk === 'state#cluster' && sk === 'dev');

      it('looks by the clock, again and again', async () => {
        expect((await cluster.pull()).code).toBe(0);
        const at = async () => JSON.stringify(await heartbeats());
        const first = await waitFor(async () => (await heartbeats()).length > 0 && (await at()), { what: 'a check' });
        await waitFor(async () => (await at()) !== first, { what: 'another check' });
      });

      it('finds a hand edit through the token of EKS, with what Git says, and tells Slack and the topic', async () => {
        await setMode('mine');
        const post = await world.posted(settings, 'mine');
        expect(post).toContain('one');
        await waitFor(async () => (await topic()).length > 0, { what: 'a message of the topic' });
        expect(JSON.stringify(await topic())).toContain(settings);
      });

      it('sees that it was undone, and says so', async () => {
        await setMode('one');
        await world.posted(settings, 'undone by hand');
      });

      it('says of a cluster that it may not look at what is to be done', async () => {
        await world.posted('acme-prod', 'clusters');
      });

      it('is granted all that it does, and writes no secret anywhere', async () => {
        const stored = [await world.items('AuditTable'), await world.items('StateTable')];
        const seen = JSON.stringify([stored, await world.logs(), await topic(), posts(), world.aws.log()]);
        expect(seen).toContain(settings);
        expect(seen).not.toContain('is not authorized to perform');
        for (const secret of [...world.secrets, 'k8s-aws-v1.']) expect(seen).not.toContain(secret);
      });
    });
  });
});
