import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSecretText } from '../../lib/adapters/aws/git-secret.ts';
import { openReportQueue } from '../../lib/adapters/aws/report-queue.ts';
import { freePort } from '../../lib/adapters/local/control-plane/free-port.ts';
import type { SyncReported } from '../../lib/model/messages.ts';
import { reportSchema } from '../../lib/model/messages-schema.ts';
import { serve, trustServers } from '../adapters/git/https-server.ts';
import { describeWithCluster, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { clusterOfPullers, pullOnce, repository, startPuller } from '../helpers/puller.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { reportOf } from '../pull/reports.ts';

trustServers();

const inCluster = clusterOfPullers();
const { core } = inCluster;
const canary = { token: 'ghp_canaryTokenOfTheRepository', value: 'canary-value-of-a-secret' };

function ownSync(): string {
  return `puller-${randomBytes(4).toString('hex')}`;
}

const config = (name: string) =>
  `windlass: 1\nclusters: { test: {} }\nsyncs: { ${name}: { cluster: test, path: app } }\n`;
const mode = (name: string, value: string) => ({ 'app/a.yaml': configMap(name, 'settings', { mode: value }) });

await describeWithMiniStack('with AWS', () => {
  let aws: MiniStack;
  let sqs: SQSClient;
  beforeAll(async () => {
    aws = await startMiniStack();
    sqs = new SQSClient({ endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
  });
  afterAll(async () => {
    sqs?.destroy();
    await aws?.stop();
  });

  const keys = () => ({
    AWS_REGION: aws.region,
    AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
  });
  const queue = async (fifo: boolean): Promise<string> => {
    const name = `q-${randomBytes(4).toString('hex')}${fifo ? '.fifo' : ''}`;
    const attributes = fifo ? { Attributes: { FifoQueue: 'true' } } : {};
    return (await sqs.send(new CreateQueueCommand({ QueueName: name, ...attributes }))).QueueUrl!;
  };
  /** Takes all messages off a queue, in order. */
  const drained = async (url: string): Promise<Message[]> => {
    const all: Message[] = [];
    for (;;) {
      const request = { QueueUrl: url, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All' as const] };
      const { Messages: some = [] } = await sqs.send(new ReceiveMessageCommand(request));
      if (some.length === 0) return all;
      all.push(...some);
      // While one is in flight, SQS gives no other of its group.
      for (const { ReceiptHandle } of some) await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    }
  };
  const pullsIn = (messages: Message[]) =>
    messages
      .map(({ Body }) => reportSchema.parse(JSON.parse(Body!)))
      .filter((one): one is SyncReported => one.type === 'SyncReported');

  describeWithCluster('the reports of the puller', () => {
    it('go to the FIFO queue, in a group of their sync, and the key of the repo is nowhere', async () => {
      const name = ownSync();
      const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: ${name} }\nstringData: { password: ${canary.value} }\n`;
      const broken = `apiVersion: v1\nkind: Secret\nmetadata: { name: b, namespace: ${name} }\ndata: { password: "${canary.value}!" }\n`;
      const files = {
        'app/ns.yaml': namespace(name),
        'app/s.yaml': secret,
        'app/b.yaml': broken,
        ...mode(name, 'one'),
      };
      const { dir, revision } = await repository({ 'windlass.yaml': config(name), ...files });
      await rename(join(dir, '.git'), join(dir, 'config.git'));
      const server = await serve(dir, canary.token);
      const keyDir = await temporaryFolder();
      await writeFile(join(keyDir, 'token'), `${canary.token}\n`);
      const url = await queue(true);
      const env = {
        ...inCluster.env(),
        ...keys(),
        WINDLASS_REPO: `${server.url}/config.git`,
        WINDLASS_REPORT_QUEUE: url,
        WINDLASS_GIT_KEY_DIR: keyDir,
        GIT_SSL_CAINFO: process.env['GIT_SSL_CAINFO']!,
      };
      const round = await pullOnce(env);
      const messages = await drained(url);
      expect(pullsIn(messages)).toMatchObject([{ sync: name, revision, result: 'failed', counts: { created: 3 } }]);
      expect(messages.map(({ Attributes }) => Attributes?.MessageGroupId)).toEqual(['config', name]);
      expect(round.lines()).toContainEqual(expect.objectContaining({ sync: name, result: 'failed' }));
      const refused = await pullOnce({ ...env, WINDLASS_REPO: `${server.url}/nothing.git` });
      expect(refused.code).toBe(1);
      await writeFile(join(keyDir, 'token'), `${canary.token}Wrong\n`);
      const wrong = await pullOnce(env);
      expect(wrong.output()).toMatch(/could not look at the head: .*(?:denied|Authentication|401|403|refused)/);
      const seen = [round.output(), refused.output(), wrong.output(), JSON.stringify(messages)].join('\n');
      for (const secretText of [canary.token, Buffer.from(`x-access-token:${canary.token}`).toString('base64')])
        expect(seen).not.toContain(secretText);
      expect(seen).not.toContain(canary.value);
    });

    it('are kept while AWS is away, and sent later, in order, without holding up a pull', async () => {
      const name = ownSync();
      const files = { 'windlass.yaml': config(name), 'app/ns.yaml': namespace(name), ...mode(name, 'one') };
      const { dir, revision, commit } = await repository(files);
      const gone = `http://127.0.0.1:${await freePort()}/000000000000/reports.fifo`;
      const away = { ...inCluster.env(), ...keys(), WINDLASS_REPO: dir, WINDLASS_REPORT_QUEUE: gone };
      const first = await pullOnce(away);
      expect(first.code).toBe(0);
      expect(first.output()).toContain('could not send a report, it is kept');
      const second = await commit(mode(name, 'two'));
      expect((await pullOnce(away)).code).toBe(0);
      const live = await core().readNamespacedConfigMap({ namespace: name, name: 'settings' });
      expect(live.data).toEqual({ mode: 'two' });
      const third = await commit(mode(name, 'three'));
      const url = await queue(true);
      expect((await pullOnce({ ...away, WINDLASS_REPORT_QUEUE: url })).code).toBe(0);
      expect(pullsIn(await drained(url)).map((report) => report.revision)).toEqual([revision, second, third]);
      const after = await pullOnce({ ...away, WINDLASS_REPORT_QUEUE: url });
      expect(after.code).toBe(0);
      expect(pullsIn(await drained(url)).map((report) => report.revision)).toEqual([third]);
    });

    it('are kept on disk in watch mode, and sent by the next process', async () => {
      const name = ownSync();
      const files = { 'windlass.yaml': config(name), 'app/ns.yaml': namespace(name), ...mode(name, 'one') };
      const { dir, revision } = await repository(files);
      const gone = `http://127.0.0.1:${await freePort()}/000000000000/reports.fifo`;
      const WINDLASS_STATE_DIR = await temporaryFolder();
      const env = { ...inCluster.env(), ...keys(), WINDLASS_STATE_DIR, WINDLASS_MODE: 'watch', WINDLASS_REPO: dir };
      const before = await startPuller({ ...env, WINDLASS_REPORT_QUEUE: gone });
      const { run } = await before.line('first pull', ({ sync, result }) => sync === name && result === 'synced');
      before.child.kill('SIGTERM');
      expect(await before.ended()).toBe(0);
      const url = await queue(true);
      const after = await startPuller({ ...env, WINDLASS_REPORT_QUEUE: url });
      await after.line('pull', ({ sync, result }) => sync === name && result === 'synced');
      after.child.kill('SIGTERM');
      expect(await after.ended()).toBe(0);
      const sent = pullsIn(await drained(url));
      expect(sent.map((report) => report.revision)).toEqual([revision, revision]);
      expect(sent[0]?.run).toBe(run);
    });
  });

  describeWithCluster('a message on the wake queue', () => {
    it('makes the puller look, whatever is in it, and is deleted after the round', async () => {
      const name = ownSync();
      const files = { 'windlass.yaml': config(name), 'app/ns.yaml': namespace(name), ...mode(name, 'one') };
      const { dir, commit } = await repository(files);
      const url = await queue(false);
      const env = {
        ...inCluster.env(),
        ...keys(),
        WINDLASS_MODE: 'watch',
        WINDLASS_REPO: dir,
        WINDLASS_WAKE_QUEUE: url,
      };
      const puller = await startPuller(env);
      await puller.line('first pull', ({ sync, result }) => sync === name && result === 'synced');
      const head = await commit(mode(name, 'two'));
      await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'no JSON: {' }));
      await puller.line('pull', ({ revision, result }) => revision === head && result === 'synced');
      await waitFor(
        async () => {
          const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
          const { Attributes: left = {} } = await sqs.send(
            new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] }),
          );
          return names.every((one) => left[one] === '0');
        },
        { what: 'the message is deleted' },
      );
      puller.child.kill('SIGTERM');
      expect(await puller.ended()).toBe(0);
    });
  });

  it('delivers a report that is sent twice once, and tells of a queue that is not there', async () => {
    const url = await queue(true);
    Object.assign(process.env, keys());
    const reports = openReportQueue({ url, region: aws.region });
    await reports.send(reportOf({ run: 'one', errors: [{ code: 'c', message: '\uFFFE\u0000' }] }));
    await reports.send(reportOf({ run: 'one' }));
    await reports.send(reportOf({ run: 'two' }));
    reports.close();
    expect(pullsIn(await drained(url)).map(({ run }) => run)).toEqual(['one', 'two']);
    const absent = openReportQueue({ url: url.replace('/q-', '/none-'), region: aws.region });
    await expect(absent.send(reportOf())).rejects.toMatchObject({ code: 'queue-access' });
    absent.close();
  });

  it('gives the key of the repo out of Secrets Manager', async () => {
    Object.assign(process.env, keys());
    const secrets = new SecretsManagerClient({
      endpoint: aws.endpoint,
      region: aws.region,
      credentials: aws.credentials,
    });
    const made = await secrets.send(new CreateSecretCommand({ Name: 'windlass/git', SecretString: '{"token":"abc"}' }));
    secrets.destroy();
    expect(await readSecretText(made.ARN!, { endpoint: aws.endpoint })).toBe('{"token":"abc"}');
    const absent = made.ARN!.replace('windlass/git', 'windlass/none');
    await expect(readSecretText(absent, { endpoint: aws.endpoint })).rejects.toMatchObject({ code: 'git-key' });
  });
});
