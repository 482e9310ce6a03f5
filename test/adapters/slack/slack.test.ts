import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSlack } from '../../../lib/adapters/slack/slack.ts';
import { messageOf, RetryableError, UserError } from '../../../lib/model/errors.ts';
import type { Slack, SlackMessage } from '../../../lib/notify/ports.ts';
import { type SlackStandIn, startSlack } from '../../standins/slack.ts';

const message = (text: string): SlackMessage => ({
  text,
  blocks: [{ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }],
});
const bot = { channel: '#oncall', secret: 'slack-bot' };
const hook = { secret: 'slack-hook' };

describe('Slack', () => {
  let standIn: SlackStandIn;
  let secrets: Record<string, string>;
  let reads: string[];
  let slack: Slack;

  beforeAll(async () => {
    standIn = await startSlack();
  });
  afterAll(() => standIn.close());
  beforeEach(() => {
    standIn.posts.length = 0;
    standIn.requests.length = 0;
    standIn.faults.length = 0;
    reads = [];
    secrets = { 'slack-bot': standIn.token, 'slack-hook': standIn.webhook };
    slack = openSlack({
      readSecret: async (name) => {
        reads.push(name);
        return secrets[name] ?? '';
      },
      api: standIn.api,
      hookHosts: [standIn.host],
    });
  });
  const failure = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof Error)) throw new Error('nothing was thrown');
    // Neither the token nor the address of the webhook is in any error.
    expect(`${messageOf(error)} ${JSON.stringify(error)}`).not.toMatch(/canary/i);
    return error as Error & { code: string };
  };

  it('posts as a bot, replies in the thread, and changes a message', async () => {
    const posted = await slack.post(bot, message('one'));
    expect(posted).toEqual({ channel: 'C0ONCALL', ts: '1700000000.000001' });
    await slack.post(bot, message('two'), posted);
    expect(await slack.update(bot, message('three'), posted!)).toBe(true);
    expect(standIn.posts.map(({ thread, edited, body }) => [body['text'], thread, edited])).toEqual([
      ['three', undefined, true],
      ['two', posted!.ts, false],
    ]);
    expect(reads).toEqual(['slack-bot']);
  });

  it('posts by an incoming webhook, which has neither threads nor changes', async () => {
    expect(await slack.post(hook, message('one'))).toBeUndefined();
    expect(await slack.post(hook, message('two'), { channel: 'C0ONCALL', ts: '1' })).toBeUndefined();
    expect(await slack.update(hook, message('three'), { channel: 'C0ONCALL', ts: '1' })).toBe(false);
    expect(standIn.requests).toEqual(['webhook', 'webhook']);
  });

  it.each(['{"token":"TOKEN"}', '\n TOKEN \n'])('takes a secret like %j', async (text) => {
    secrets['slack-bot'] = text.replace('TOKEN', standIn.token);
    expect(await slack.post(bot, message('one'))).toBeDefined();
  });

  it.each([
    '',
    'hunter2-canary',
    'xoxp-canary-of-a-person',
    '{"password":"canary"}',
    '{"token":7}',
    '{ canary',
    'https://canary.example/services/T/B/X',
    'http://hooks.slack.com/services/canary',
  ])('sends nothing with the secret %j, and does not repeat it', async (text) => {
    secrets['slack-bot'] = text;
    expect(await failure(slack.post(bot, message('one')))).toMatchObject({ name: 'UserError', code: 'slack-secret' });
    expect(standIn.requests).toEqual([]);
  });

  it('waits as long as Slack asks to, where that is short', async () => {
    standIn.faults.push({ retryAfter: 1 });
    const started = performance.now();
    expect(await slack.post(bot, message('one'))).toBeDefined();
    expect(performance.now() - started).toBeGreaterThan(900);
    expect(standIn.requests).toHaveLength(2);
  });

  it.each([
    [600, 600],
    [undefined, 30],
  ])(
    'lets the queue wait where Slack asks for %s s, and asks no more with that secret',
    async (retryAfter, seconds) => {
      standIn.faults.push({ retryAfter });
      expect(await failure(slack.post(bot, message('one')))).toMatchObject({
        name: 'RetryableError',
        retryAfter: seconds,
      });
      const again = await failure(slack.post({ ...bot, channel: '#shop' }, message('two')));
      expect(again).toMatchObject({ name: 'RetryableError', retryAfter: seconds });
      expect(standIn.requests).toHaveLength(1);
      await slack.post(hook, message('three'));
      expect(standIn.posts).toHaveLength(1);
    },
  );

  it.each<[string, object]>([
    ['a channel that does not exist', { channel: '#nowhere' }],
    ['no channel for a bot', { channel: undefined }],
  ])('says what to do about %s', async (_, change) => {
    const error = await failure(slack.post({ ...bot, ...change }, message('one')));
    expect(error).toBeInstanceOf(UserError);
    expect(error.code).toMatch(/^slack-(?:channel-not-found|no-channel)$/);
    expect(error.message).toContain('windlass.yaml');
  });

  it.each(['is_archived', 'not_in_channel', 'missing_scope', 'restricted_action', 'something_new'])(
    'is refused once by %s',
    async (error) => {
      standIn.faults.push({ error });
      const found = await failure(slack.post(bot, message('one')));
      expect(found).toBeInstanceOf(UserError);
      expect(found.message).toContain(error);
      expect(standIn.requests).toHaveLength(1);
    },
  );

  it.each<[string, Parameters<SlackStandIn['faults']['push']>[0]]>([
    ['an inner error', { error: 'internal_error' }],
    ['a status of 503', { status: 503 }],
    ['a broken connection', { hangUp: 'before' }],
    ['an answer that got lost', { hangUp: 'after' }],
  ])('may pass: %s', async (_, fault) => {
    standIn.faults.push(fault);
    expect(await failure(slack.post(bot, message('one')))).toBeInstanceOf(RetryableError);
  });

  it('reads a secret again that was replaced, and not for ever', async () => {
    await slack.post(bot, message('one'));
    const before = standIn.token;
    standIn.token = 'xoxb-2-canaryAfterRotation';
    try {
      secrets['slack-bot'] = standIn.token;
      await slack.post(bot, message('two'));
      expect(reads).toHaveLength(2);
      secrets['slack-bot'] = before;
      standIn.token = 'xoxb-3-canary';
      expect(await failure(slack.post(bot, message('three')))).toMatchObject({ code: 'slack-invalid-auth' });
      expect(reads).toHaveLength(3);
    } finally {
      standIn.token = before;
    }
  });

  it('says that a webhook is gone', async () => {
    secrets['slack-hook'] = `${standIn.url}/services/T0/B0/canaryOfAnother`;
    expect(await failure(slack.post(hook, message('one')))).toMatchObject({
      name: 'UserError',
      code: 'slack-no-service',
    });
  });

  it('sends the text alone where Slack does not like the blocks', async () => {
    const blocks: SlackMessage['blocks'] = [
      { type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3_001), verbatim: true } },
    ];
    await slack.post(bot, { text: 'one', blocks });
    expect(standIn.posts.map(({ body }) => [body['text'], body['blocks']])).toEqual([['one', undefined]]);
  });

  it('tells a thread that is gone from a message that cannot be changed', async () => {
    const gone = { channel: 'C0ONCALL', ts: '1' };
    expect(await failure(slack.post(bot, message('one'), gone))).toMatchObject({ code: 'slack-thread-gone' });
    expect(await slack.update(bot, message('one'), gone)).toBe(false);
  });
});
