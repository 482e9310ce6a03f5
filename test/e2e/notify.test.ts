import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../helpers/cluster.ts';
import {
  checkedTwice,
  commitChange,
  describeLoop,
  git,
  incidents,
  isSettled,
  type Loop,
  makeDir,
  removeDir,
  startLoop,
} from '../helpers/loop.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { type SlackStandIn, startSlack } from '../standins/slack.ts';

const web = 'apps/Deployment/shop-staging/web';
const image = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1.4.2';
const routes = `
notify:
  routes:
    - { on: [drift], slack: { channel: "#oncall", secret: slack-bot } }
    - { on: [drift], sns: deploys }
`;

let hasMiniStack = false;
await describeWithMiniStack('AWS for local mode', () => {
  hasMiniStack = true;
  it('can be had', () => expect(hasMiniStack).toBe(true));
});

describeLoop('local mode with --notify', () => {
  let dir: string;
  let slack: SlackStandIn;
  let aws: MiniStack | undefined;
  let sqs: SQSClient;
  let queue: string;
  let loop: Loop;
  let printed = '';

  const start = async (...more: string[]) => {
    const { endpoint = 'http://127.0.0.1:1', region = 'eu-west-1', account = '000000000000' } = aws ?? {};
    const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_ACCOUNT_ID: account };
    const secret = { WINDLASS_SLACK_API: slack.api, WINDLASS_SECRET_SLACK_BOT: slack.token };
    const env = { ...keys, ...secret, AWS_REGION: region, AWS_ENDPOINT_URL: endpoint };
    return await startLoop({ dir, args: ['--port', '0', ...more], env });
  };
  const stop = async () => {
    const { code } = await loop.stop();
    expect(code).toBe(0);
    printed += loop.output();
  };
  const setImage = (to: string) => loop.kubectl('-n', 'shop-staging', 'set', 'image', 'deployment/web', `web=${to}`);
  /** Waits until Slack has so many messages; more than that is a failure. */
  const posts = async (count: number) => {
    await waitFor(async () => (slack.posts.length >= count ? true : undefined), {
      what: `${count} messages in Slack`,
    });
    expect(slack.posts).toHaveLength(count);
    return slack.posts;
  };

  beforeAll(async () => {
    dir = await makeDir();
    slack = await startSlack();
    if (hasMiniStack) {
      aws = await startMiniStack();
      const { endpoint, region, credentials } = aws;
      const sns = new SNSClient({ endpoint, region, credentials });
      sqs = new SQSClient({ endpoint, region, credentials });
      const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'deploys' }));
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'heard' }));
      queue = QueueUrl!;
      const asked = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
      const Attributes = { RawMessageDelivery: 'true' };
      const Endpoint = asked.Attributes!['QueueArn'];
      await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes }));
      sns.destroy();
    }
    loop = await start();
    await loop.until('a healthy shop', isSettled);
    const clone = `${dir}/clone`;
    await git(dir, 'clone', '--quiet', loop.repo, clone);
    const head = await commitChange(
      clone,
      { 'windlass.yaml': (text) => `${text.replace('wait: 5m', 'wait: 5m, selfHeal: false')}${routes}` },
      'Tell the team, and heal nothing',
    );
    await loop.until('the new windlass.yaml in use', (now) => now.repo.head === head && isSettled(now));
  });
  afterAll(async () => {
    await removeDir(dir);
    sqs?.destroy();
    await aws?.stop();
    await slack?.close();
  });

  it('sends nothing without it, and says so', async () => {
    await setImage('example.com/mine:1');
    await loop.prints(/alert .*shop-staging\/web was changed by kubectl-set/);
    await setImage(image);
    await loop.prints(/fixed .*shop-staging\/web was changed by kubectl-set/);
    await stop();
    expect(slack.requests).toEqual([]);
    loop = await start();
    expect(loop.stdout()).toContain('the routes of windlass.yaml are not followed without --notify');
    await stop();
  });

  it('says where notices go, and that a hand edit was made: once', async () => {
    loop = await start('--notify');
    expect(loop.stdout()).toContain('sent to Slack #oncall (secret slack-bot of WINDLASS_SECRET_SLACK_BOT)');
    expect(loop.stdout()).toContain('SNS deploys');
    await loop.until('a settled shop', isSettled);
    await setImage('example.com/mine:2');
    const [post] = await posts(1);
    expect(post).toMatchObject({ channel: 'C0ONCALL', edited: false });
    expect(post!.thread).toBeUndefined();
    expect(JSON.stringify(post!.body)).toContain('example.com/mine:2');
    await loop.prints(/alert .*shop-staging\/web was changed by kubectl-set/);
    await checkedTwice(loop, 'shop-staging');
    await posts(1);
  });

  it('tells nothing twice after a restart', async () => {
    await stop();
    loop = await start('--notify');
    await checkedTwice(loop, 'shop-staging');
    await posts(1);
    expect(incidents(await loop.state(), { kind: 'drift', object: web })[0]?.resolvedAt).toBeUndefined();
  });

  it('writes the end into the first message, and into its thread', async () => {
    await setImage(image);
    const [first, reply] = await posts(2);
    await waitFor(async () => (slack.posts[0]!.edited ? true : undefined), { what: 'the end in the first message' });
    expect(JSON.stringify(first!.body)).toContain('undone by hand');
    expect(reply).toMatchObject({ channel: 'C0ONCALL', thread: first!.ts, edited: false });
    await checkedTwice(loop, 'shop-staging');
    await posts(2);
  });

  it('tells the topic the same, once each', async ({ skip }) => {
    if (aws === undefined) return skip('no MiniStack');
    const heard = await waitFor(
      async () => {
        const request = { QueueUrl: queue, MaxNumberOfMessages: 10, VisibilityTimeout: 1, WaitTimeSeconds: 2 };
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(request));
        return Messages.length >= 2 ? Messages : undefined;
      },
      { what: 'two messages of the topic' },
    );
    const bodies = heard.map(({ Body }) => JSON.parse(Body!) as Record<string, unknown>);
    expect(bodies.map(({ state }) => state).toSorted()).toEqual(['opened', 'resolved']);
    expect(bodies[0]).toMatchObject({ kind: 'drift', cluster: 'main', sync: 'shop-staging' });
  });

  it('never shows the token', async () => {
    const state = JSON.stringify(await loop.state());
    await stop();
    expect(printed + state).not.toContain(slack.token);
  });
});
