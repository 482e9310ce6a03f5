import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { wakeSchema } from '../../lib/model/messages-schema.ts';
import { describeWithCluster } from '../helpers/cluster.ts';
import { type Ran, windlass } from '../helpers/io.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { startPuller } from '../helpers/puller.ts';
import { messagesIn } from '../helpers/sqs.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { type InstallWorld, installWorld, kubectl } from './install-world.ts';

const config = `windlass: 1
clusters: { test: {}, other: {} }
syncs:
  shop: { cluster: test, path: shop }
  far: { cluster: other, path: far }
`;
const files = {
  'windlass.yaml': config,
  'shop/namespace.yaml': namespace('shop'),
  'shop/settings.yaml': configMap('shop', 'settings', { mode: 'one' }),
  'far/namespace.yaml': namespace('far'),
};

/** Asks the puller of the world's cluster, with the config repo where it is in the test. */
function ask({ kubeconfig, dir }: InstallWorld, ...more: string[]): Promise<Ran> {
  const repo = more.includes('--wait') || /^[a-z]/.test(more[0] ?? '-') ? ['--repo', dir] : [];
  return windlass(['sync', '--kubeconfig', kubeconfig, ...repo, ...more]);
}

describeWithCluster('windlass sync says which puller is installed', () => {
  it('as the cluster has it: none, a CronJob, one that is suspended, one that watches, one without a pod', async () => {
    const world = await installWorld(files);
    const none = await ask(world);
    expect(none).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('windlass install') });

    const installed = await world.install('--yes', '--cluster', 'test');
    expect(installed.code).toBe(0);
    const cron =
      'the puller is a CronJob: a commit is live within a minute, and its roll-out; nothing can wake it sooner\n';
    expect(installed.stdout.endsWith(cron)).toBe(true);
    expect((await world.install('--yes', '--cluster', 'test')).stdout).toContain(`as they should be\n${cron}`);
    expect(await ask(world)).toEqual({ code: 0, stdout: cron, stderr: '' });
    const json = JSON.parse((await ask(world, '--json')).stdout);
    expect(json).toEqual({
      puller: {
        ...{ mode: 'cron', object: 'batch/CronJob/windlass-system/windlass-puller', schedule: '* * * * *' },
        ...{ ready: true, cluster: 'test', branch: 'main' },
      },
      ...{ woken: false, wakeQueue: null, head: null, syncs: null },
    });
    const queue = 'https://sqs.eu-west-1.amazonaws.com/123456789012/wake';
    expect(await ask(world, '--wake-queue', queue)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nothing wakes a CronJob'),
    });

    const patch = (spec: object) =>
      kubectl(world, ['patch', 'cronjob', 'windlass-puller', '-n', 'windlass-system', '-p', JSON.stringify({ spec })]);
    patch({ schedule: '*/5 * * * *' });
    expect((await ask(world)).stdout).toContain('by the schedule "*/5 * * * *"');
    patch({ suspend: true });
    expect(await ask(world)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('is suspended') });

    expect((await world.install('--yes', '--cluster', 'test', '--mode', 'watch')).stdout).toContain(
      'live within seconds',
    );
    const watches = await ask(world);
    expect(watches).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('the puller watches: a commit is live within seconds'),
    });
    expect(watches.stdout).toContain('it has no wake queue');
    kubectl(world, ['scale', 'deployment', 'windlass-puller', '-n', 'windlass-system', '--replicas', '0']);
    expect(await ask(world)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('has no replicas') });
  });

  it('and knows the syncs of its cluster', async () => {
    const world = await installWorld(files);
    expect((await world.install('--yes', '--cluster', 'test')).code).toBe(0);
    expect(await ask(world, 'shop')).toMatchObject({ code: 0, stderr: '' });
    expect(await ask(world, 'shp')).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "shop"?') });
    expect(await ask(world, 'far')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('belongs to the cluster other'),
    });
    expect(await ask(world, 'shop', 'far')).toMatchObject({ code: 2, stderr: expect.stringContaining('one target') });
    expect(await ask(world, 'shop', '--wait', '--timeout', 'soon')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--timeout soon'),
    });

    // Nobody runs it here.
    const late = await ask(world, '--wait', '--timeout', '2s');
    expect(late).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('not there in time: it was not pulled yet'),
    });
    await world.commit({
      'suspends/shop.1a2b3c4d.yaml': 'sync: shop\nwho: ada\nwhy: the database moves\n',
    });
    const suspended = { code: 2, stderr: expect.stringContaining('is suspended by ada: the database moves') };
    expect(await ask(world, 'shop', '--wait')).toMatchObject(suspended);
    const all = await ask(world, '--wait', '--json');
    expect(all.code).toBe(2);
    expect(JSON.parse(all.stdout).syncs).toMatchObject([{ sync: 'shop', result: 'suspended' }]);
  });
});

await describeWithMiniStack('with a wake queue', () => {
  let aws: MiniStack;
  let sqs: SQSClient;
  beforeAll(async () => {
    aws = await startMiniStack();
    sqs = new SQSClient({ endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
    vi.stubEnv('AWS_ACCESS_KEY_ID', aws.credentials.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', aws.credentials.secretAccessKey);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    sqs?.destroy();
    await aws?.stop();
  });

  describeWithCluster('windlass sync', () => {
    it('wakes the puller that watches, and waits until the cluster is as the head says, or cannot be', async () => {
      const world = await installWorld(files);
      const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'wake' }));
      const watch = ['--yes', '--cluster', 'test', '--mode', 'watch', '--region', aws.region];
      expect((await world.install(...watch, '--wake-queue', url)).code).toBe(0);

      expect(await ask(world)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`it was told to pull now, by ${url}`),
      });
      expect(await ask(world, 'shop')).toMatchObject({ code: 0, stderr: '' });
      const messages = (await messagesIn(sqs, url)).map((body) => wakeSchema.parse(JSON.parse(body)));
      expect(messages.map(({ why, sync }) => [why, sync])).toEqual([
        ['asked for by windlass sync', undefined],
        ['asked for by windlass sync', 'shop'],
      ]);

      // What the Deployment would run, as a process: its pods are simulated here.
      const puller = await startPuller({
        ...{ KUBECONFIG: world.kubeconfig, WINDLASS_MODE: 'watch', WINDLASS_REPO: world.dir },
        ...{ WINDLASS_WAKE_QUEUE: url, AWS_REGION: aws.region },
        AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
      });
      await puller.line('first pull', ({ sync, result }) => sync === 'shop' && result === 'synced');
      const head = await world.commit({ 'shop/settings.yaml': configMap('shop', 'settings', { mode: 'two' }) });
      const followed = await ask(world, 'shop', '--wait');
      expect(followed.stdout).toContain(`shop at ${head.slice(0, 12)}: synced`);
      expect(followed).toMatchObject({ code: 0, stderr: '' });
      expect(await world.live('ConfigMap/shop/settings')).toMatchObject({ data: { mode: 'two' } });

      // The head is the same: the puller pulls all the same.
      const pulls = () => puller.lines().filter(({ sync, revision }) => sync === 'shop' && revision === head).length;
      const before = pulls();
      expect((await ask(world)).code).toBe(0);
      await expect.poll(pulls).toBeGreaterThan(before);

      const broken = await world.commit({ 'shop/settings.yaml': 'kind: ConfigMap\napiVersion: v1\nmetadata: {' });
      const failed = await ask(world, '--wait', '--json');
      expect(failed.code).toBe(2);
      expect(JSON.parse(failed.stdout)).toMatchObject({
        ...{ woken: true, wakeQueue: url, head: broken },
        syncs: [{ sync: 'shop', result: 'failed', message: expect.stringContaining('unexpected end of the stream') }],
      });
      puller.child.kill('SIGTERM');
      expect(await puller.ended()).toBe(0);
    });

    it('tells of a queue that it cannot write to, and only notes it where it waits', async () => {
      const world = await installWorld(files);
      const absent = `${aws.endpoint}/${aws.account}/none`;
      const watch = ['--yes', '--cluster', 'test', '--mode', 'watch', '--region', aws.region];
      expect((await world.install(...watch, '--wake-queue', absent)).code).toBe(0);
      expect(await ask(world)).toMatchObject({ code: 2, stderr: expect.stringContaining('check its URL') });
      const waited = await ask(world, '--wait', '--timeout', '2s');
      expect(waited).toMatchObject({ code: 3, stderr: expect.stringContaining('the puller looks by itself') });
      expect(waited.stdout).toContain('it could not be woken');
      const wrong = await world.install('--yes', '--cluster', 'test', '--mode', 'watch', '--wake-queue', 'wake');
      expect(wrong).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--wake-queue: "wake" is not the URL of an SQS queue'),
      });
    });
  });
});
