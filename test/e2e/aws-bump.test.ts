import { SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type AwsWorld, registry, startAwsWorld } from '../helpers/aws-world.ts';
import { waitFor } from '../helpers/cluster.ts';
import { describeWithMiniStack } from '../helpers/ministack.ts';
import { describeWithRegistry, pushImage } from '../helpers/registry.ts';
import { messagesIn } from '../helpers/sqs.ts';
import { describeWithStandins } from '../standins/describe.ts';

const cluster = 'arn:aws:eks:eu-west-1:000000000000:cluster/acme-dev';
const manifest = (name: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec:
  template:
    spec:
      containers:
        - name: ${name}
          image: ${registry}/shop/${name}:1.0.0 # {"$imagepolicy": "${name}"}
`;
const files = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${registry}/shop/web, semver: ">=1.0.0" }
  cart: { image: ${registry}/shop/cart, semver: ">=1.0.0" }
  broken: { image: ${registry}/shop/broken, semver: ">=1.0.0" }
clusters:
  dev: { eks: acme-dev, region: eu-west-1 }
syncs:
  shop: { cluster: dev, path: apps }
`,
  'apps/web.yaml': manifest('web'),
  'apps/cart.yaml': manifest('cart'),
};

let hasCrane = false;
await describeWithRegistry('crane, which pushes the first image', () => {
  hasCrane = true;
  it('can be had', () => expect(hasCrane).toBe(true));
});

await describeWithMiniStack('bump in AWS', () => {
  describeWithStandins('with GitHub', () => {
    let world: AwsWorld;
    beforeAll(async () => {
      world = await startAwsWorld({
        files,
        repositories: ['shop/web', 'shop/cart', 'shop/broken'],
        props: { clusters: [cluster] },
        ministack: { brokenRepository: 'shop/broken' },
      });
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await world?.close();
    });

    const subjects = () => world.github.log().map(({ message }) => message.split('\n')[0]!);
    const text = (path: string) => Buffer.from(world.github.show(path)!).toString();
    const committed = (path: string, tag: string) =>
      waitFor(() => text(path).includes(`:${tag} #`), { what: `${tag} in ${path}` });
    const records = async (kind: string) => (await world.items('AuditTable')).filter((item) => item['kind'] === kind);
    const wakeQueue = () =>
      (JSON.parse(world.deployed.outputs['Clusters']!) as { wakeQueueUrl: string }[])[0]!.wakeQueueUrl;
    const pushByCrane = (name: string, tag: string) => {
      if (!hasCrane) return world.push(name, tag);
      vi.stubEnv('SSL_CERT_FILE', world.aws.caFile);
      return pushImage(`${new URL(world.aws.endpoint).host}/${name}:${tag}`);
    };
    const pushes = () => world.deployed.outputs['PushesQueueUrl']!;
    const idle = () => waitFor(async () => (await world.waiting(pushes())) === 0, { what: 'an empty queue of pushes' });

    it('answers a push with a signed commit, records of it in both tables, and a call to the puller', async () => {
      await pushByCrane('shop/web', '1.0.1');
      await committed('apps/web.yaml', '1.0.1');
      expect(text('apps/web.yaml')).toBe(manifest('web').replace(':1.0.0', ':1.0.1'));
      expect(subjects()[0]).toBe('Bump web to 1.0.1');
      const { oid, verified } = world.github.log()[0]!;
      expect(verified).toBe(true);
      await waitFor(async () => (await records('bumped')).length > 0, { what: 'the record of the bump' });
      expect(JSON.stringify(await records('bumped'))).toContain(oid);
      const told = (item: Record<string, unknown>) => item['pk'] === 'state#image' && item['sk'] === 'web';
      // It is written after the records.
      const state = async () => String((await world.items('StateTable')).find(told)?.['body']);
      await waitFor(async () => (await state()).includes('"newest":"1.0.1"'), { what: 'the state of the image' });
      await waitFor(async () => (await world.waiting(wakeQueue())) === 1, { what: 'the call to the puller' });
      expect((await messagesIn(world.sqs, wakeQueue()))[0]).toContain(oid.slice(0, 12));
    });

    it('loses none of many pushes, and commits them in their order', async () => {
      const tags = Array.from({ length: 20 }, (_, number) => `1.1.${number}`);
      for (const tag of tags) await world.push('shop/web', tag);
      await committed('apps/web.yaml', tags.at(-1)!);
      await idle();
      const done = subjects().flatMap((subject) => /^Bump web to (1\.1\.\d+)$/.exec(subject)?.[1] ?? []);
      const order = done.reverse().map((tag) => tags.indexOf(tag));
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      expect(new Set(order).size).toBe(order.length);
      // Each push is a story of its own, also of those that a later one overtook.
      const told = JSON.stringify(await world.items('AuditTable'));
      for (const tag of tags) expect(told).toContain(tag);
      for (const queue of await world.queues('DeadLetters')) expect(await world.waiting(queue)).toBe(0);
    });

    it('goes on behind a push that fails again and again, which ends among the dead letters', async () => {
      // Three times three minutes otherwise: so long the queue holds a message back that came back.
      const VisibilityTimeout = '1';
      await world.sqs.send(new SetQueueAttributesCommand({ QueueUrl: pushes(), Attributes: { VisibilityTimeout } }));
      await world.push('shop/broken', '1.0.1');
      await world.push('shop/cart', '1.0.1');
      await committed('apps/cart.yaml', '1.0.1');
      const letters = await waitFor(
        async () => {
          for (const queue of await world.queues('DeadLetters')) {
            const found = await messagesIn(world.sqs, queue);
            if (found.length > 0) return found;
          }
          return undefined;
        },
        { what: 'the dead letter' },
      );
      expect(letters).toEqual([expect.stringContaining('shop/broken')]);
      await idle();
    });

    it('finds by a sweep what no event told of', async () => {
      await world.aws.loseEvents(true);
      await world.push('shop/cart', '1.0.2');
      const body = { type: 'Sweep', at: new Date().toISOString() };
      const MessageGroupId = 'acme/config@main';
      await world.sqs.send(
        new SendMessageCommand({ QueueUrl: pushes(), MessageBody: JSON.stringify(body), MessageGroupId }),
      );
      await committed('apps/cart.yaml', '1.0.2');
      expect(subjects()[0]).toBe('Bump cart to 1.0.2');
    });

    it('is granted all that it does, and writes no secret anywhere', async () => {
      const seen = JSON.stringify([
        await world.logs(),
        await world.items('AuditTable'),
        await world.items('StateTable'),
      ]);
      expect(seen).toContain('1.1.19');
      expect(seen).not.toContain('is not authorized to perform');
      for (const secret of world.secrets) expect(seen).not.toContain(secret);
    });
  });
});
