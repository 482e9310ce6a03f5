import { randomUUID } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readWindlassOutputs } from '../../lib/config/stack-outputs.ts';
import type { SyncReported } from '../../lib/model/messages.ts';
import { clusterArn } from '../helpers/aws-cluster.ts';
import { type AwsWorld, registry, startAwsWorld } from '../helpers/aws-world.ts';
import { waitFor } from '../helpers/cluster.ts';
import { describeWithMiniStack } from '../helpers/ministack.ts';
import { messagesIn } from '../helpers/sqs.ts';
import { reportOf } from '../pull/reports.ts';
import { describeWithStandins } from '../standins/describe.ts';

const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  template:
    spec:
      containers:
        - name: web
          image: ${registry}/shop/web:1.0.0 # {"$imagepolicy": "web"}
`;
const files = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${registry}/shop/web, semver: ">=1.0.0", rollback: automatic }
clusters:
  dev: { eks: acme-dev, region: eu-west-1 }
syncs:
  shop: { cluster: dev, path: apps }
notify:
  routes: [{ on: [rolled-back], slack: { channel: "#oncall", secret: slack-bot } }]
`,
  'apps/web.yaml': manifest,
};

await describeWithMiniStack('rollback in AWS', () => {
  describeWithStandins('with GitHub and Slack', () => {
    let world: AwsWorld;
    beforeAll(async () => {
      world = await startAwsWorld({ files, props: { clusters: [clusterArn], notifySecrets: ['slack-bot'] } });
    });
    afterAll(() => world?.close());

    const text = () => Buffer.from(world.github.show('apps/web.yaml')!).toString();
    const messages = () => world.github.log().map(({ message }) => message);
    const records = async (kind: string) => (await world.items('AuditTable')).filter((item) => item['kind'] === kind);
    const queues = () => readWindlassOutputs('Windlass', world.deployed.outputs).clusters[0]!;
    /** What the puller says of the head. */
    const report = async (result: SyncReported['result'], more: Partial<SyncReported> = {}) => {
      const at = new Date().toISOString();
      const told = { run: randomUUID(), cluster: 'dev', sync: 'shop', revision: world.github.head()!, result };
      await world.sqs.send(
        new SendMessageCommand({
          QueueUrl: queues().reportsQueueUrl,
          MessageBody: JSON.stringify(reportOf({ ...told, startedAt: at, at, ...more })),
          MessageGroupId: 'shop',
        }),
      );
      return told.run;
    };
    const bumped = async (tag: string) => {
      await world.push('shop/web', tag);
      await waitFor(() => text().includes(`:${tag} #`), { what: `${tag} in Git` });
      return world.github.head()!;
    };
    const health = [
      { object: 'apps/Deployment/shop/web', status: 'Failed' as const, reason: 'pod web-1: CrashLoopBackOff' },
    ];

    it('puts a bump back that is not healthy, holds it, and tells why', async () => {
      await report('synced');
      const bad = await bumped('1.1.0');
      await report('progressing');
      const run = await report('unhealthy', { health });
      await waitFor(() => text() === manifest, { what: 'the old text' });
      expect(messages()[0]).toMatch(/^Roll back web to 1\.0\.0/);
      expect(messages()[0]).toContain(`Windlass-Reverts: ${bad}`);
      expect(messages()[0]).toContain(`Windlass-Automatic: ${run}`);
      expect(world.github.log()[0]).toMatchObject({ verified: true });
      const [hold] = /holds\/web\.\w+\.yaml/.exec(messages()[0]!)!;
      expect(Buffer.from(world.github.show(hold)!).toString()).toMatch(/tag: "?1\.0\.0"?\npast: "?1\.1\.0"?\n/);
      await world.posted('Rolled back', 'web went back from 1.1.0 to 1.0.0', 'CrashLoopBackOff');
      const back = world.github.head()!;
      const told = await waitFor(
        async () => {
          const all = await records('rolled-back');
          return all.length > 0 && all;
        },
        { what: 'the record' },
      );
      for (const part of [bad, back, run, 'sync:shop', 'image:web', 'event:'])
        expect(JSON.stringify(told)).toContain(part);
      await waitFor(
        async () => (await messagesIn(world.sqs, queues().wakeQueueUrl)).some((one) => one.includes(back.slice(0, 12))),
        {
          what: 'the call to the puller',
        },
      );
    });

    it('says once why there is none where a person changed it, too', async () => {
      await report('synced');
      await bumped('1.2.0');
      // It is newer than what was held back.
      expect(messages()[0]).toContain('released the hold of web on 1.0.0, past 1.1.0');
      world.github.push({
        'apps/more.yaml': 'kind: ConfigMap\napiVersion: v1\nmetadata: { name: a, namespace: shop }\n',
      });
      const head = world.github.head();
      await report('unhealthy', { health });
      await world.posted('Not rolled back', 'changed it too');
      await report('unhealthy', { health });
      await waitFor(async () => (await records('rollback-refused')).length > 0, { what: 'the record' });
      expect(world.github.head()).toBe(head);
      const posts = world.slack.posts.filter(({ body }) => JSON.stringify(body).includes('Not rolled back'));
      expect(posts).toHaveLength(1);
    });

    it('is granted all that it does, and writes no secret anywhere', async () => {
      const seen = JSON.stringify([
        await world.logs(),
        await world.items('AuditTable'),
        await world.items('StateTable'),
      ]);
      expect(seen).toContain('rolled-back');
      expect(seen).not.toContain('is not authorized to perform');
      for (const secret of world.secrets) expect(seen).not.toContain(secret);
      for (const queue of await world.queues('DeadLetters')) expect(await world.waiting(queue)).toBe(0);
    });
  });
});
