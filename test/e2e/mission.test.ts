import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AwsCluster, clusterArn, startAwsCluster } from '../helpers/aws-cluster.ts';
import { type AwsWorld, registry, startAwsWorld } from '../helpers/aws-world.ts';
import { waitFor } from '../helpers/cluster.ts';
import { type Heard, type HeardEvent, listenToEvents, listenToTopic } from '../helpers/heard.ts';
import { describeLoop } from '../helpers/loop.ts';
import { describeWithMiniStack } from '../helpers/ministack.ts';
import { namespace } from '../pull/manifests.ts';
import { describeWithStandins } from '../standins/describe.ts';

const web = 'apps/Deployment/shop/web';
const canary = 'canary-value-of-a-secret';
const encoded = Buffer.from(canary).toString('base64');
const files = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${registry}/shop/web, semver: ">=1.0.0" }
clusters:
  dev: { eks: acme-dev, region: eu-west-1 }
syncs:
  shop: { cluster: dev, path: apps, wait: 2m }
notify:
  routes:
    - { on: [drift], slack: { channel: "#oncall", secret: slack-bot } }
    - { sns: deploys }
`,
  'apps/namespace.yaml': namespace('shop'),
  'apps/secret.yaml': `apiVersion: v1
kind: Secret
metadata: { name: keys, namespace: shop }
data: { key: ${encoded} }
`,
  'apps/web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: ${registry}/shop/web:1.0.0 # {"$imagepolicy": "web"}
`,
};

await describeWithMiniStack('Windlass', () => {
  describeWithStandins('with GitHub and Slack', () => {
    describeLoop('and a cluster whose controllers run', () => {
      let world: AwsWorld;
      let cluster: AwsCluster;
      let events: Heard<HeardEvent>;
      let topic: Heard<Record<string, unknown>>;
      let pulled = '';
      beforeAll(async () => {
        const props = { clusters: [clusterArn], notifySecrets: ['slack-bot'], topics: ['deploys'] };
        world = await startAwsWorld({ files, props, ministack: { speed: 60 } });
        cluster = await startAwsCluster(world, { controllers: true });
        events = await listenToEvents(world);
        topic = await listenToTopic(world, 'deploys');
      });
      afterAll(async () => {
        await cluster?.stop();
        await world?.close();
      });

      const pull = async () => {
        const { code, output } = await cluster.pull();
        pulled += output();
        return code;
      };
      const inShop = (...args: string[]) => cluster.kubectl('-n', 'shop', ...args);
      const imageOf = () => inShop('get', 'deployment/web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}');

      it('brings an image from its push into the cluster, healthy', async () => {
        expect(await pull()).toBe(0);
        expect(await imageOf()).toBe(`${registry}/shop/web:1.0.0`);
        await world.push('shop/web', '1.1.0');
        await waitFor(() => world.github.log().length === 2, { what: 'the commit' });
        expect(world.github.log()[0]!.message).toMatch(/^Bump web to 1\.1\.0\n/);
        expect(await pull()).toBe(0);
        expect(await imageOf()).toBe(`${registry}/shop/web:1.1.0`);
        expect(await inShop('rollout', 'status', 'deployment/web', '--timeout=480s')).toContain(
          'successfully rolled out',
        );
        // A minute later the CronJob looks again, and finds it healthy.
        await cluster.toldHealthy();
      });

      it('finds a hand edit by the clock, and tells the team', async () => {
        await inShop('set', 'image', 'deployment/web', 'web=example.com/mine:1');
        await inShop(
          'patch',
          'secret',
          'keys',
          '-p',
          `{"data":{"key":"${Buffer.from(`${canary}2`).toString('base64')}"}}`,
        );
        const post = await world.posted(web, 'example.com/mine:1');
        expect(post).toContain('shop/web:1.1.0');
      });

      it('heals it, and tells that too', async () => {
        expect(await pull()).toBe(0);
        expect(await imageOf()).toBe(`${registry}/shop/web:1.1.0`);
        expect(await inShop('get', 'secret/keys', '-o', 'jsonpath={.data.key}')).toBe(encoded);
        await world.posted(web, 'resolved');
        const end = async () =>
          (await events()).some(({ detail }) => detail.state === 'resolved' && detail.incident.object === web);
        await waitFor(end, { what: 'the end on the bus' });
        await waitFor(async () => JSON.stringify(await topic()).includes(web), { what: 'the message of the topic' });
      });

      it('can be asked about every step afterwards', async () => {
        const records = await world.items('AuditTable');
        const head = world.github.head()!;
        for (const kind of ['bumped', 'synced', 'drift-found'])
          expect(records.map((record) => record['kind'])).toContain(kind);
        expect(JSON.stringify(records.filter(({ kind }) => kind === 'bumped'))).toContain(head);
      });

      it('keeps every secret: no log, item, message or error has one', async () => {
        const commits = world.github.log().map(({ message }) => message);
        const seen = JSON.stringify({
          ...{ logs: await world.logs(), aws: world.aws.log(), pulled },
          ...{ audit: await world.items('AuditTable'), state: await world.items('StateTable') },
          ...{ events: await events(), topic: await topic(), slack: world.slack.posts, commits },
          statuses: [...world.github.repository.statuses.values()],
        });
        expect(seen).toContain(web);
        expect(seen).not.toContain('is not authorized to perform');
        for (const secret of [...world.secrets, canary, encoded, 'k8s-aws-v1.']) expect(seen).not.toContain(secret);
      });
    });
  });
});
