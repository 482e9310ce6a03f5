import { Logger } from '@aws-lambda-powertools/logger';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context, SQSEvent } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { notifyOnNotice } from '../../functions/handlers/notify-on-notice.ts';
import { openDeliveries } from '../../lib/adapters/aws/delivery-store.ts';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { lambdaContext, sqsRecord } from '../../lib/adapters/local/sqs-record.ts';
import { openSlack } from '../../lib/adapters/slack/slack.ts';
import type { NotifyRules } from '../../lib/config/config.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import type { Notice } from '../../lib/model/messages.ts';
import { storyOf } from '../../lib/model/notice.ts';
import type { Deliveries, TopicMessage } from '../../lib/notify/ports.ts';
import { notice } from '../notify/notices.ts';
import { openRecords, tables } from '../report/records.ts';
import { type SlackStandIn, startSlack } from '../standins/slack.ts';

const context: Context = lambdaContext('windlass-notify');
const allDone = { batchItemFailures: [] };
const oncall = { slack: { channel: '#oncall', secret: 'slack-bot' } };
const shop = { slack: { channel: '#shop', secret: 'slack-bot' } };
const hook = { slack: { secret: 'slack-hook' } };

const event = (...bodies: unknown[]): SQSEvent => ({
  Records: bodies.map((body, index) =>
    sqsRecord('notices', {
      messageId: `message-${index}`,
      groupId: typeof body === 'string' ? `none-${index}` : storyOf(body as Notice),
      deduplicationId: `message-${index}`,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      sentAt: Date.parse('2026-11-22T12:00:00Z'),
      receives: 1,
    }),
  ),
});
const failed = (...indices: number[]) => ({
  batchItemFailures: indices.map((index) => ({ itemIdentifier: `message-${index}` })),
});

describe('the handler of the notify queue', () => {
  let slack: SlackStandIn;
  let records: DynamoRecords;
  let client: DynamoDBClient;
  let close: () => Promise<void>;
  let deliveries: Deliveries;
  let rules: NotifyRules;
  let published: [string, TopicMessage][];
  let publish: (topic: string, message: TopicMessage) => Promise<void>;
  let secrets: Record<string, string>;
  let log: string[];

  beforeAll(async () => {
    slack = await startSlack();
  });
  afterAll(() => slack.close());
  beforeEach(async () => {
    ({ records, client, close } = await openRecords());
    deliveries = openDeliveries(client, { table: tables.state });
    rules = { routes: [oncall] };
    for (const list of [slack.posts, slack.requests, slack.faults]) list.length = 0;
    published = [];
    publish = async (topic, message) => void published.push([topic, message]);
    secrets = { 'slack-bot': slack.token, 'slack-hook': slack.webhook };
    log = [];
  });
  afterEach(async () => {
    // Whatever was tried: no secret is told, logged or written down.
    const written = JSON.stringify([await records.timeline({ limit: 100 }), log, slack.posts, published]);
    expect(written).not.toMatch(/canary/i);
    await close();
  });

  const handler = () => {
    const write = (...parts: unknown[]) => void log.push(parts.map(String).join(' '));
    const logger = Object.assign(new Logger({ serviceName: 'test' }), {
      console: { ...console, warn: write, info: write, error: write },
    });
    return notifyOnNotice({
      rules: async () => rules,
      deliveries,
      records,
      slack: openSlack({
        readSecret: async (name) => secrets[name] ?? '',
        api: slack.api,
        hookHosts: [slack.host],
        patience: 0,
      }),
      topics: { publish: (topic, message) => publish(topic, message) },
      now: () => new Date('2026-11-22T12:30:00Z'),
      logger,
    });
  };
  const handle = (...bodies: unknown[]) => handler()(event(...bodies), context);
  const said = () =>
    slack.posts.map(({ channel, thread, edited, body }) => ({ channel, thread, edited, text: body['text'] }));
  const opened = notice('opened', 'drift');
  const changed = notice('changed', 'drift');
  const resolved = notice('resolved', 'drift', {
    title: `${opened.title}: resolved, converged by pull (open for 12 min)`,
  });

  it('tells an incident in one thread, and writes its end into the first message', async () => {
    expect(await handle(opened, changed)).toEqual(allDone);
    expect(await handle(resolved)).toEqual(allDone);
    const first = '1700000000.000001';
    expect(said()).toEqual([
      { channel: 'C0ONCALL', thread: undefined, edited: true, text: expect.stringContaining('🟢 Drift, resolved') },
      { channel: 'C0ONCALL', thread: first, edited: false, text: expect.stringContaining('Drift, changed') },
      { channel: 'C0ONCALL', thread: first, edited: false, text: expect.stringContaining('🟢 Drift, resolved') },
    ]);
    expect(JSON.stringify(slack.posts[0]!.body)).toContain(opened.lines[0]);
    expect(slack.requests).toEqual(['chat.postMessage', 'chat.postMessage', 'chat.update', 'chat.postMessage']);
  });

  it('tells by a webhook with a new message each time', async () => {
    rules = { routes: [hook] };
    expect(await handle(opened, resolved)).toEqual(allDone);
    expect(said().map(({ thread, edited }) => [thread, edited])).toEqual(Array(2).fill([undefined, false]));
  });

  it('tells once, however often a notice comes', async () => {
    rules = { routes: [oncall, { sns: 'deploys' }] };
    for (const bodies of [[opened, opened], [opened], [resolved, opened, resolved]]) {
      expect(await handle(...bodies)).toEqual(allDone);
    }
    expect(said()).toHaveLength(2);
    expect(published.map(([topic, { attributes }]) => [topic, attributes['state']])).toEqual([
      ['deploys', 'opened'],
      ['deploys', 'resolved'],
    ]);
  });

  it('keeps a thread for each channel', async () => {
    rules = { routes: [oncall, shop] };
    await handle(opened, resolved);
    expect(said().map(({ channel, thread }) => [channel, thread])).toEqual([
      ['C0ONCALL', undefined],
      ['C0SHOP', undefined],
      ['C0ONCALL', '1700000000.000001'],
      ['C0SHOP', '1700000000.000002'],
    ]);
  });

  it('begins another thread where the first message was deleted', async () => {
    await handle(opened);
    slack.posts.length = 0;
    expect(await handle(changed)).toEqual(allDone);
    expect(await handle(resolved)).toEqual(allDone);
    expect(said().map(({ thread, edited }) => [thread, edited])).toEqual([
      [undefined, true],
      ['1700000000.000001', false],
    ]);
  });

  it('serves the other destinations while one is out of reach, and that one when the notice comes again', async () => {
    rules = { routes: [oncall, shop, { sns: 'deploys' }] };
    slack.faults.push({ error: 'internal_error' });
    publish = async () => {
      throw new RetryableError('throttled', { code: 'topic-unreachable' });
    };
    expect(await handle(opened)).toEqual(failed(0));
    expect(said().map(({ channel }) => channel)).toEqual(['C0SHOP']);
    publish = async (topic, message) => void published.push([topic, message]);
    expect(await handle(opened)).toEqual(allDone);
    expect(said().map(({ channel }) => channel)).toEqual(['C0SHOP', 'C0ONCALL']);
    expect(published).toHaveLength(1);
    expect(await records.timeline({ limit: 5 })).toEqual([]);
  });

  it('holds back what follows of the same incident, and nothing else', async () => {
    const other = notice('opened', 'unhealthy');
    slack.faults.push({ status: 503 });
    expect(await handle(opened, other, resolved)).toEqual(failed(0, 2));
    expect(said().map(({ text }) => text)).toEqual([expect.stringContaining('Not healthy')]);
    expect(await handle(opened, resolved)).toEqual(allDone);
    expect(said()).toHaveLength(3);
  });

  it('sends nothing more to Slack while Slack wants nothing', async () => {
    slack.faults.push({ retryAfter: 90 });
    expect(await handle(opened, notice('opened', 'unhealthy'))).toEqual(failed(0, 1));
    expect(slack.requests).toHaveLength(1);
  });

  it('writes down once that a channel is wrong, and does not ask again', async () => {
    rules = { routes: [{ slack: { channel: '#nowhere', secret: 'slack-bot' } }, oncall] };
    expect(await handle(opened, opened)).toEqual(allDone);
    expect(await handle(opened)).toEqual(allDone);
    expect(slack.requests).toHaveLength(2);
    expect(said().map(({ channel }) => channel)).toEqual(['C0ONCALL']);
    expect(await records.about(`incident:${opened.incident}`, { limit: 5 })).toMatchObject([
      {
        kind: 'notify-failed',
        result: 'failed',
        summary: expect.stringContaining('channel_not_found'),
        details: { destination: 'slack:slack-bot:#nowhere', todo: expect.stringContaining('/invite') },
      },
    ]);
    expect(log.filter((line) => line.includes('a destination refuses notices'))).toHaveLength(1);
  });

  it('writes down that a secret is none of Slack, without its text', async () => {
    secrets['slack-bot'] = 'canary-of-something-else';
    expect(await handle(opened)).toEqual(allDone);
    expect(slack.requests).toEqual([]);
    expect(await records.timeline({ limit: 5 })).toMatchObject([
      { kind: 'notify-failed', details: { code: 'slack-secret' } },
    ]);
  });

  it('may tell twice only what was cut off between sending and writing', async () => {
    const save = deliveries.save;
    deliveries.save = async () => {
      throw new RetryableError('the table is throttled', { code: 'records-throttled' });
    };
    expect(await handle(opened)).toEqual(failed(0));
    deliveries.save = save;
    expect(await handle(opened)).toEqual(allDone);
    expect(await handle(opened)).toEqual(allDone);
    expect(said()).toHaveLength(2);
  });

  it('sends back what it cannot explain, and goes on', async () => {
    rules = {
      routes: [
        { on: ['drift'], sns: 'a' },
        { on: ['unhealthy'], ...oncall },
      ],
    };
    publish = async () => {
      throw new TypeError('a bug');
    };
    expect(await handle(opened, notice('opened', 'unhealthy'))).toEqual(failed(0));
    expect(said()).toHaveLength(1);
    expect(log.join('\n')).toContain('a bug');
  });

  it('records what is no notice, without repeating it, and goes on', async () => {
    const odd = JSON.stringify({ ...opened, kind: 'canary' });
    expect(await handle('canary', odd, opened)).toEqual(allDone);
    const kinds = (await records.timeline({ limit: 9 })).map(({ kind, result }) => [kind, result]);
    expect(kinds).toEqual(Array(2).fill(['event-ignored', 'skipped']));
    expect(said()).toHaveLength(1);
  });

  it('asks nobody where no route fits', async () => {
    rules = { routes: [{ on: ['bumped'], ...oncall }] };
    deliveries.of = () => Promise.reject(new Error('it was asked'));
    expect(await handle(opened)).toEqual(allDone);
    expect(slack.requests).toEqual([]);
  });
});

describe('the store of what was sent', () => {
  it('gives back what was saved of a story, in order, and says which item is broken', async () => {
    const { client, close } = await openRecords();
    try {
      const store = openDeliveries(client, { table: tables.state });
      const one = notice('opened', 'drift') as Notice;
      const delivery = {
        story: storyOf(one),
        notice: 'n1',
        destination: 'sns:a',
        at: '2026-11-22T12:00:01.000Z',
        result: 'sent' as const,
      };
      const thread = { posted: { channel: 'C', ts: '1.2' }, opening: { title: 't', lines: ['l'] } };
      await store.save({ ...delivery, notice: 'n2', at: '2026-11-22T12:00:02.000Z' });
      await store.save({ ...delivery, ...thread });
      await store.save({ ...delivery, story: 'another' });
      expect(await store.of(storyOf(one))).toEqual([
        { ...delivery, ...thread },
        { ...delivery, notice: 'n2', at: '2026-11-22T12:00:02.000Z' },
      ]);
      expect(await store.of('none')).toEqual([]);
      await store.save({ ...delivery, story: 'broken', result: 'lost' as 'sent' });
      await expect(store.of('broken')).rejects.toThrow(UserError);
    } finally {
      await close();
    }
  });
});
