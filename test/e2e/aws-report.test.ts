import { randomUUID } from 'node:crypto';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncReported } from '../../lib/model/messages.ts';
import { type AwsCluster, clusterArn, startAwsCluster } from '../helpers/aws-cluster.ts';
import { type AwsPuller, pullerOf } from '../helpers/aws-puller.ts';
import { type AwsWorld, startAwsWorld } from '../helpers/aws-world.ts';
import { waitFor } from '../helpers/cluster.ts';
import { type Heard, type HeardEvent, listenToEvents, listenToTopic } from '../helpers/heard.ts';
import { describeLoop } from '../helpers/loop.ts';
import { describeWithMiniStack } from '../helpers/ministack.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { reportOf } from '../pull/reports.ts';
import { describeWithStandins } from '../standins/describe.ts';

const settings = 'ConfigMap/shop/settings';
const prodArn = clusterArn.replace('acme-dev', 'acme-prod');
const files = {
  'windlass.yaml': `windlass: 1
clusters:
  dev: { eks: acme-dev, region: eu-west-1 }
syncs:
  shop: { cluster: dev, path: apps }
notify:
  routes:
    - { slack: { channel: "#oncall", secret: slack-bot } }
    - { on: [drift], sns: deploys }
`,
  'apps/namespace.yaml': namespace('shop'),
  'apps/settings.yaml': configMap('shop', 'settings', { mode: 'one' }),
};

await describeWithMiniStack('report and notify in AWS', () => {
  describeWithStandins('with GitHub and Slack', () => {
    describeLoop('and a cluster', () => {
      let world: AwsWorld;
      let cluster: AwsCluster;
      let events: Heard<HeardEvent>;
      let topic: Heard<Record<string, unknown>>;
      beforeAll(async () => {
        const props = { clusters: [clusterArn, prodArn], notifySecrets: ['slack-bot'], topics: ['deploys'] };
        world = await startAwsWorld({ files, props });
        cluster = await startAwsCluster(world);
        events = await listenToEvents(world);
        topic = await listenToTopic(world, 'deploys');
      });
      afterAll(async () => {
        await cluster?.stop();
        await world?.close();
      });

      const kinds = async () => (await world.items('AuditTable')).map(({ kind }) => kind);
      const posts = () => world.slack.posts.map(({ body }) => JSON.stringify(body));

      it('keeps what the first pull did, and tells GitHub of it', async () => {
        expect((await cluster.pull()).code).toBe(0);
        await waitFor(async () => (await kinds()).includes('synced'), { what: 'the record of the pull' });
        const state = async () => JSON.stringify(await world.items('StateTable'));
        await waitFor(async () => (await state()).includes(world.github.head()!), { what: 'the state of the sync' });
        await cluster.toldHealthy();
        expect(await events()).toEqual([]);
        expect(posts()).toEqual([]);
      });

      it('tells of a hand edit that the puller healed: in the records, on the bus, in Slack and to the topic', async () => {
        await cluster.kubectl('-n', 'shop', 'patch', 'configmap', 'settings', '-p', '{"data":{"mode":"mine"}}');
        expect((await cluster.pull()).code).toBe(0);
        expect(await cluster.kubectl('-n', 'shop', 'get', 'configmap', 'settings', '-o', 'jsonpath={.data.mode}')).toBe(
          'one',
        );
        await world.posted(settings);
        const told = await waitFor(
          async () => {
            const all = await events();
            return all.some(({ detail }) => detail.state === 'resolved') && all;
          },
          { what: 'the end of the incident on the bus' },
        );
        expect(told.map((event) => event['detail-type'])).toEqual([
          'Windlass Incident Opened',
          'Windlass Incident Resolved',
        ]);
        expect(told.map(({ detail }) => detail.incident)).toEqual([
          expect.objectContaining({ kind: 'drift', sync: 'shop', object: settings }),
          expect.objectContaining({ kind: 'drift', sync: 'shop', object: settings }),
        ]);
        await waitFor(async () => (await topic()).length > 0, { what: 'a message of the topic' });
        expect(JSON.stringify(await topic())).toContain(settings);
        expect(await kinds()).toContain('drift-found');
      });

      it('tells that a sync fails, and that it is well again', async () => {
        world.github.push({
          'apps/settings.yaml': configMap('shop', 'settings', { mode: 'two' }).replace('data:', 'data: 5 #'),
        });
        await cluster.pull();
        await world.posted('shop could not be synced');
        world.github.push({ 'apps/settings.yaml': configMap('shop', 'settings', { mode: 'two' }) });
        expect((await cluster.pull()).code).toBe(0);
        await waitFor(
          async () =>
            (await events()).some(
              ({ detail }) => detail.incident.kind === 'sync-failed' && detail.state === 'resolved',
            ),
          { what: 'the end of it on the bus' },
        );
      });

      it('is granted all that it does, and writes no secret anywhere', async () => {
        const stored = [await world.items('AuditTable'), await world.items('StateTable')];
        const seen = JSON.stringify([
          stored,
          await world.logs(),
          await events(),
          await topic(),
          posts(),
          world.aws.log(),
        ]);
        expect(seen).toContain(settings);
        expect(seen).not.toContain('is not authorized to perform');
        for (const secret of world.secrets) expect(seen).not.toContain(secret);
      });

      describe('keeps clusters apart:', () => {
        let prod: AwsPuller;
        const clients: SQSClient[] = [];
        const sender = ({ credentials }: AwsPuller) => {
          const client = new SQSClient({ ...world.where, credentials });
          clients.push(client);
          return (QueueUrl: string, body: object) =>
            client.send(
              new SendMessageCommand({
                ...{ QueueUrl, MessageBody: JSON.stringify(body) },
                ...{ MessageGroupId: randomUUID(), MessageDeduplicationId: randomUUID() },
              }),
            );
        };
        const paid = (more: Partial<SyncReported> = {}) => {
          const at = new Date().toISOString();
          const about = { cluster: 'prod', sync: 'pay', startedAt: at, at, revision: world.github.head()! };
          return reportOf({ run: randomUUID(), ...about, ...more });
        };
        const states = async () =>
          (await world.items('StateTable')).filter(({ pk, sk }) => pk === 'state#sync' && sk === 'pay');
        beforeAll(async () => {
          prod = await pullerOf(world, prodArn);
          const withProd = files['windlass.yaml'].replace(
            'syncs:',
            '  prod: { eks: acme-prod, region: eu-west-1 }\nsyncs:\n  pay: { cluster: prod, path: apps }',
          );
          world.github.push({ 'windlass.yaml': withProd });
        });
        afterAll(() => {
          for (const client of clients) client.destroy();
        });

        it('lets a puller send to the queue of its own cluster, and to no other one', async () => {
          const asDev = sender(cluster.puller);
          const others = [prod.reportsQueueUrl, ...(await world.queues('WindlassReportsQueue'))];
          others.push(...(await world.queues('ReportsDeadLetters')));
          expect(others).toHaveLength(3);
          for (const queue of others) await expect(asDev(queue, paid())).rejects.toThrow(/not authorized|AccessDenied/);
          await sender(prod)(prod.reportsQueueUrl, paid());
          await waitFor(async () => (await states()).length === 1, { what: 'the state of pay' });
        });

        it("changes nothing of a cluster by a lie through another one's queue, and puts the lie on record", async () => {
          const before = await states();
          const lies = [
            paid({ result: 'failed', errors: [{ code: 'lie', message: 'hunter2' }] }),
            paid({ cluster: 'dev', result: 'failed', errors: [{ code: 'lie', message: 'hunter2' }] }),
          ];
          for (const lie of lies) await sender(cluster.puller)(cluster.puller.reportsQueueUrl, lie);
          const ignored = async () => (await world.items('AuditTable')).filter(({ kind }) => kind === 'event-ignored');
          // Each is in the timeline, and once by its event.
          await waitFor(async () => (await ignored()).length >= 2 * lies.length, { what: 'the lies on record' });
          const kept = (await ignored()).map(({ details }) => JSON.parse(details as string));
          for (const why of [
            'it tells of the cluster "prod", and comes from dev',
            'the sync "pay" is of the cluster prod',
          ])
            expect(kept).toContainEqual(expect.objectContaining({ why, cluster: clusterArn }));
          expect(await states()).toEqual(before);
          const seen = JSON.stringify([await world.items('AuditTable'), await world.items('StateTable'), posts()]);
          expect(seen).not.toContain('hunter2');
        });
      });
    });
  });
});
