import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import type { SQSBatchResponse } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { DriftRun } from '../../functions/handlers/drift-on-schedule.ts';
import { pushEvent } from '../../lib/bump/push-event.ts';
import type { CheckReported, Notice, WhoWanted } from '../../lib/model/messages.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { pushTo } from '../helpers/push-image.ts';
import { notice } from '../notify/notices.ts';
import { changed, check, pull } from '../report/reports.ts';
import { createGitHub, type GitHub } from '../standins/github.ts';
import { type SlackStandIn, startSlack } from '../standins/slack.ts';
import {
  fromFunctions,
  fromPuller,
  listen,
  makeSurroundings,
  type Surroundings,
  sandbox,
  sqsEvent,
} from './surroundings.ts';

const registry = '000000000000.dkr.ecr.eu-west-1.amazonaws.com';
const windlassFile = `windlass: 1
images:
  web: { image: ${registry}/shop/web, semver: "*" }
clusters:
  prod: { eks: acme-prod, region: eu-west-1, auditLog: true }
  spare: { eks: acme-spare, region: eu-west-1 }
syncs:
  shop-prod: { cluster: prod, path: apps }
  spare: { cluster: spare, path: apps }
notify:
  routes:
    - { on: [drift], slack: { channel: "#oncall", secret: slack-bot } }
    - { on: [unhealthy], sns: deploys }
`;
const files = {
  'windlass.yaml': windlassFile,
  'apps/web.yaml': `image: ${registry}/shop/web:1.0.0 # {"$imagepolicy": "web"}\n`,
};
const allDone = { batchItemFailures: [] };
const canary = 'ghs_canaryOfTheGitHubToken';

await describeWithMiniStack('the functions as Lambda calls them', () => {
  let aws: MiniStack;
  let slack: SlackStandIn;
  let ecr: ECRClient;
  let github: GitHub;
  let tokens: string[];
  let around: Surroundings;
  let lines: string[];
  let closing: (() => unknown)[];

  beforeAll(async () => {
    aws = await startMiniStack();
    slack = await startSlack();
    const { endpoint, region, credentials } = aws;
    ecr = new ECRClient({ endpoint, region, credentials });
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'shop/web' }));
    const secrets = new SecretsManagerClient({ endpoint, region, credentials });
    await secrets.send(new CreateSecretCommand({ Name: 'slack-bot', SecretString: slack.token }));
    secrets.destroy();
  });
  afterAll(async () => {
    ecr?.destroy();
    await slack?.close();
    await aws?.stop();
  });

  beforeEach(async () => {
    tokens = [canary];
    github = await createGitHub({ files, access: { tokens } });
    const { url, close } = await github.listen();
    around = await makeSurroundings(aws, {
      githubUrl: `${url}/api/v3`,
      secret: JSON.stringify({ token: canary }),
    });
    closing = [close, () => around.close()];
    lines = listen();
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    for (const close of closing) await close();
    expect(lines.join('\n')).not.toContain(canary);
  });

  const push = async (tag: string) => {
    const digest = await pushTo(aws.endpoint, 'shop/web', tag, { labels: { tag } });
    const [account, region] = ['000000000000', 'eu-west-1'];
    return pushEvent({ id: `push-${tag}`, at: new Date(), account, region, repository: 'shop/web', tag, digest });
  };
  const inGit = () => /web:(\S+)/.exec(new TextDecoder().decode(github.show('apps/web.yaml')))?.[1];
  const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const kinds = async () => (await around.items('audit')).flatMap(({ kind }) => kind ?? []);

  const bump = () => sandbox<SQSBatchResponse>('bump-on-push', around.env);

  it('bump a push to a commit that GitHub makes, wake the puller and record it, and once', async () => {
    const handler = await bump();
    const event = sqsEvent(await push('1.1.0'));
    expect(await handler(event)).toEqual(allDone);
    expect(inGit()).toBe('1.1.0');
    expect(await around.messages('wake')).toMatchObject([{ type: 'Wake' }]);
    const recorded = await kinds();
    expect(recorded).toEqual(expect.arrayContaining(['push-received', 'bumped']));
    expect(await handler(event)).toEqual(allDone);
    expect(github.log()).toHaveLength(2);
    expect(await kinds()).toEqual(recorded);

    const metrics = logged().filter((line) => '_aws' in line);
    expect(metrics).toMatchObject([{ repo: 'acme/config@main', BumpLatency: expect.any(Number) }]);
    expect(metrics[0]).not.toHaveProperty('service');
    expect(logged()).toContainEqual(
      expect.objectContaining({ message: 'bump', outcome: 'committed', messages: ['m0'], events: ['push-1.1.0'] }),
    );
  });

  it('find by a sweep what no event told of, in one commit with a push, and spoil nothing by what is no event', async () => {
    const handler = await bump();
    await push('2.0.0');
    expect(await handler(sqsEvent({ type: 'Sweep', at: '2026-11-23T08:00:00Z' }))).toEqual(allDone);
    expect(inGit()).toBe('2.0.0');
    expect(await handler(sqsEvent({ type: 'Sweep', at: '2026-11-23T08:15:00Z' }))).toEqual(allDone);
    expect(github.log()).toHaveLength(2);

    const pushed = await push('2.1.0');
    expect(await handler(sqsEvent('{{', { type: 'Sweep', at: '2026-11-23T08:30:00Z' }, pushed))).toEqual(allDone);
    expect(inGit()).toBe('2.1.0');
    expect(github.log()).toHaveLength(3);
    expect(await kinds()).toContain('event-ignored');
  });

  it('send a push back while GitHub is away, but no sweep', async () => {
    const handler = await bump();
    github.faults.add({ trouble: 503, when: 'before' });
    const pushed = await push('2.2.0');
    const answer = await handler(sqsEvent({ type: 'Sweep', at: '2026-11-23T08:30:00Z' }, pushed));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
  });

  it('tell every problem of the environment at once, and work when it is mended', async () => {
    const handler = await sandbox<SQSBatchResponse>('bump-on-push', {
      ...around.env,
      ...{ WINDLASS_REPO: 'config', WINDLASS_STATE_TABLE: '', WINDLASS_WAKE_QUEUES: 'canary{' },
    });
    const event = sqsEvent(await push('3.0.0'));
    await expect(handler(event)).rejects.toThrow('the environment of the function bump is wrong');
    const [told] = logged().filter(({ level }) => level === 'ERROR');
    expect(told).toMatchObject({ message: 'the function cannot be set up', function_name: 'bump-on-push' });
    expect(told!['problems']).toEqual([
      'WINDLASS_REPO: it is no repository with its owner (acme/shop-config)',
      'WINDLASS_STATE_TABLE: it is not set',
      'WINDLASS_WAKE_QUEUES: it is not JSON',
    ]);
    for (const [name, value] of Object.entries(around.env)) vi.stubEnv(name, value);
    expect(await handler(event)).toEqual(allDone);
    expect(inGit()).toBe('3.0.0');
  });

  it.each([
    ['empty', '  ', 'it is empty'],
    ['no JSON', `token: ${canary}`, 'it is not JSON'],
    ['of another kind', JSON.stringify({ password: canary }), 'its JSON has neither'],
    ['half a key', JSON.stringify({ appId: 7 }), 'look at privateKey'],
  ])(
    'say of a secret that is %s what is wrong, without a part of it, and read it anew at the next event',
    async (_, secret, why) => {
      await around.setSecret(secret);
      const handler = await bump();
      const event = sqsEvent(await push('3.1.0'));
      // A person has to mend it: the event is not sent again until it is a dead letter.
      expect(await handler(event)).toEqual(allDone);
      const failures = (await around.items('audit')).filter(({ kind }) => kind === 'bump-failed');
      expect(JSON.stringify(failures)).toContain(why);
      expect(JSON.stringify(await around.items('audit'))).not.toContain(canary);
      await around.setSecret(JSON.stringify({ token: canary }));
      expect(await handler(sqsEvent({ type: 'Sweep', at: '2026-11-23T08:30:00Z' }))).toEqual(allDone);
      expect(inGit()).toBe('3.1.0');
    },
  );

  it('take the new token of the secret when GitHub refuses the one that was read', async () => {
    const handler = await bump();
    expect(await handler(sqsEvent(await push('4.0.0')))).toEqual(allDone);
    tokens[0] = `${canary}2`;
    await around.setSecret(JSON.stringify({ token: tokens[0] }));
    expect(await handler(sqsEvent(await push('4.1.0')))).toEqual(allDone);
    expect(inGit()).toBe('4.1.0');
  });

  it('report drift: records, a notice, an event, the question who it was, and what is no report is put on record', async () => {
    const handler = await sandbox<SQSBatchResponse>('report-on-sync', around.env);
    expect(await handler(fromFunctions(sqsEvent(check(0, [changed()]), 'no report'), around))).toEqual(allDone);
    expect(await around.messages<Notice>('notices')).toMatchObject([{ kind: 'incident-opened', about: 'drift' }]);
    expect(await kinds()).toContain('event-ignored');
    expect((await around.items('state')).map(({ pk }) => String(pk)).join(' ')).toContain('incident');
    expect(await around.delayed('questions')).toBe(1);
    expect(logged().filter(({ level }) => level === 'WARN')).toEqual([]);
  });

  it('believe no report about a cluster that another one sends', async () => {
    const handler = await sandbox<SQSBatchResponse>('report-on-sync', around.env);
    const spare = pull(0, 1, [], { cluster: 'spare', sync: 'spare' });
    expect(await handler(fromPuller(sqsEvent(spare, pull(0, 1))))).toEqual(allDone);
    const states = (await around.items('state')).filter(({ pk }) => pk === 'state#sync');
    expect(states.map(({ sk }) => sk)).toEqual(['shop-prod']);
    expect(await kinds()).toEqual(expect.arrayContaining(['event-ignored', 'synced']));
  });

  it('ask for a rollback where windlass.yaml does, in the one group of the branch', async () => {
    const [settled, revision] = ['a'.repeat(40), 'b'.repeat(40)];
    const reports = (minute: number) => [
      pull(minute, minute + 1, [], { revision: settled }),
      pull(minute + 2, minute + 3, [], {
        ...{ revision, result: 'unhealthy' },
        health: [{ object: 'apps/Deployment/shop-prod/web', status: 'Failed', reason: 'CrashLoopBackOff' }],
      }),
    ];
    const handler = await sandbox<SQSBatchResponse>('report-on-sync', around.env);
    expect(await handler(fromPuller(sqsEvent(...reports(0))))).toEqual(allDone);
    expect(await around.messages('pushes')).toEqual([]);
    const opted = windlassFile.replace('prod, path: apps }', 'prod, path: apps, rollback: automatic }');
    expect(opted).not.toBe(windlassFile);
    github.push({ 'windlass.yaml': opted });
    const later = await sandbox<SQSBatchResponse>('report-on-sync', around.env);
    expect(await later(fromPuller(sqsEvent(...reports(10))))).toEqual(allDone);
    expect(await around.messages('pushes')).toMatchObject([{ type: 'RollbackWanted', settled, revision }]);
    expect(logged().filter(({ level }) => level === 'WARN')).toEqual([]);
  });

  it('answer the question who it was: not granted, and why, as a report', async () => {
    const handler = await sandbox<SQSBatchResponse>('drift-on-incident', around.env);
    const wanted: WhoWanted = {
      ...{ type: 'WhoWanted', cluster: 'prod', sync: 'shop-prod', incident: 'incident-1' },
      until: '2026-11-22T12:05:00.000Z',
      objects: [{ object: 'ConfigMap/shop/settings', gone: true, untold: true, tools: [] }],
    };
    expect(await handler(sqsEvent(wanted, { ...wanted, cluster: 'spare' }))).toEqual(allDone);
    const answers = await around.messages('reports');
    expect(answers).toMatchObject([{ type: 'Attributed', incident: 'incident-1' }]);
    expect(JSON.stringify(answers)).toContain('the audit log of prod (acme-prod in eu-west-1) is not granted');
  });

  it('notify Slack and SNS by the routes of the head, and put on record what is not granted', async () => {
    const { endpoint, region, credentials } = aws;
    const sns = new SNSClient({ endpoint, region, credentials });
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'deploys' }));
    sns.destroy();
    const granted = { WINDLASS_NOTIFY_SECRETS: '["slack-bot"]', WINDLASS_SLACK_API: slack.api };
    const handler = await sandbox<SQSBatchResponse>('notify-on-notice', { ...around.env, ...granted });
    const unhealthy = notice('opened', 'unhealthy');
    expect(await handler(sqsEvent(notice('opened', 'drift'), unhealthy))).toEqual(allDone);
    expect(slack.posts).toHaveLength(1);
    const refused = JSON.stringify(await around.items('audit'));
    expect(refused).toContain('notify may not use the topic deploys');

    const topics = JSON.stringify({ deploys: TopicArn });
    const more = await sandbox<SQSBatchResponse>('notify-on-notice', {
      ...{ ...around.env, ...granted, WINDLASS_TOPICS: topics },
    });
    expect(await more(sqsEvent({ ...unhealthy, incident: 'another' }))).toEqual(allDone);
    const sent = (await around.items('state')).map(({ body }) => String(body)).filter((one) => one.includes('another'));
    expect(sent).toMatchObject([expect.stringContaining('"result":"sent"')]);
  });

  it('notify by the last valid windlass.yaml while the one of the head is broken, also in a new sandbox', async () => {
    const granted = { WINDLASS_NOTIFY_SECRETS: '["slack-bot"]', WINDLASS_SLACK_API: slack.api };
    const before = slack.posts.length;
    const handler = await sandbox<SQSBatchResponse>('notify-on-notice', { ...around.env, ...granted });
    expect(await handler(sqsEvent(notice('opened', 'drift')))).toEqual(allDone);
    github.push({ 'windlass.yaml': 'windlass: 2\n' });
    const next = await sandbox<SQSBatchResponse>('notify-on-notice', { ...around.env, ...granted });
    expect(await next(sqsEvent(notice('opened', 'drift', { incident: 'while broken' })))).toEqual(allDone);
    expect(slack.posts.length).toBe(before + 2);
  });

  it('send a notice back while there never was a windlass.yaml', async () => {
    github.push({ 'windlass.yaml': 'windlass: 2\n' });
    const handler = await sandbox<SQSBatchResponse>('notify-on-notice', around.env);
    const answer = await handler(sqsEvent(notice('opened', 'drift')));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
  });

  it('check clusters: one that is not there and one that nobody granted are told in their heartbeats', async () => {
    const handler = await sandbox<DriftRun>('drift-on-schedule', around.env);
    const run = await handler({});
    expect(run.map((one) => one.cluster)).toEqual(['prod', 'spare']);
    const heartbeats = await around.messages<CheckReported>('reports');
    const told = new Map(heartbeats.map(({ cluster, unreachable }) => [cluster, unreachable]));
    expect(told.get('prod')).toContain('EKS tells nothing of the cluster acme-prod');
    expect(told.get('spare')).toContain('is not granted: add its ARN to the prop clusters');
    const metrics = logged().filter((line) => '_aws' in line);
    expect(metrics).toMatchObject([{ repo: 'acme/config@main', ClustersChecked: 0, ClustersUnreachable: 2 }]);
    // The lease was given back.
    expect((await around.items('state')).filter(({ pk }) => String(pk).startsWith('lease#'))).toEqual([]);
  });
});
