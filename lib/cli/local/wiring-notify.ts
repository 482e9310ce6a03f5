import { notifyOnNotice } from '../../../functions/handlers/notify-on-notice.ts';
import { openSecrets } from '../../adapters/aws/notify-secret.ts';
import { type OwnSettings, ownSettings } from '../../adapters/aws/own-settings.ts';
import { openTopics } from '../../adapters/aws/sns.ts';
import { keptFile } from '../../adapters/local/kept-file.ts';
import { createQueue, type QueueHandler } from '../../adapters/local/queue.ts';
import { openSlack } from '../../adapters/slack/slack.ts';
import { RetryableError, UserError } from '../../model/errors.ts';
import type { Notice } from '../../model/messages.ts';
import { noticeId, storyOf } from '../../model/notice.ts';
import type { Slack, Topics } from '../../notify/ports.ts';
import type { Notices } from '../../report/ports.ts';
import type { Io } from '../command.ts';
import type { Closers } from './closers.ts';
import { keptNotices } from './kept-notices.ts';
import { secretVariable, slackOf } from './notify-settings.ts';
import type { Teller } from './teller.ts';
import type { Parts } from './wiring-parts.ts';

/** What is out of reach is tried for an hour. `pause`: milliseconds between two tries. */
const usualTries = { pause: 30_000, tries: 120 };

/** Prints every notice, and sends it to nobody. */
export function printNotices(teller: Teller): Notices {
  return { send: async (notice) => teller.print(teller.lines.notice(notice)) };
}

/**
 * Prints every notice, and sends it by the routes of the last valid windlass.yaml, through the same handler as on AWS. Whoever tells a notice waits for
 * nothing and hears of no trouble: that is told in the terminal. What was not sent when local mode ended is sent by the next start.
 */
export async function wireNotify(
  { heads, records, deliveries }: Pick<Parts, 'heads' | 'records' | 'deliveries'>,
  file: string,
  io: Pick<Io, 'env' | 'now'>,
  teller: Teller,
  closers: Closers,
  { pause, tries } = usualTries,
): Promise<Notices> {
  const kept = keptNotices(keptFile(file));
  const trouble = troubleTeller(teller);
  const settings = remembered(ownSettings);
  const slack = openSlack({ ...slackOf(io.env), readSecret: (name) => readSecret(name, io.env, settings) });
  const topics = ownTopics(settings);
  closers.push(async () => topics.close());
  const handler = notifyOnNotice({
    rules: async () => {
      const config = heads.config();
      if (config === undefined)
        throw new RetryableError('windlass.yaml was not read yet', {
          code: 'config-unknown',
          subject: 'windlass.yaml',
        });
      return config.notify;
    },
    deliveries,
    records: {
      append: async (facts) => {
        await records.append(facts);
        for (const fact of facts) teller.print(teller.lines.refused(fact));
        teller.changes.changed();
      },
    },
    ...watched(slack, topics, trouble),
    now: io.now,
  });
  const queue = createQueue({
    name: 'windlass-notices',
    handler: forgetSent(handler, (notice) => kept.remove(notice)),
    ...{ maxReceives: tries, backoff: pause },
    onDeadLetter: async ({ body }) => {
      const notice = JSON.parse(body) as Notice;
      teller.failed(`send "${notice.title}"`, `it was tried ${tries} times and is given up`, noticeId(notice));
      await kept.remove(notice);
    },
  });
  closers.push(() => queue.stop());
  const put = async (notice: Notice) =>
    void (await queue.send(JSON.stringify(notice), { groupId: storyOf(notice), deduplicationId: noticeId(notice) }));
  for (const notice of await kept.left()) await put(notice);
  return {
    send: async (notice) => {
      teller.print(teller.lines.notice(notice));
      await kept.add(notice).catch((error: unknown) => teller.failed('keep a notice', error));
      await put(notice);
    },
  };
}

/** What the handler does not name as failed is done. */
function forgetSent(handler: QueueHandler, done: (notice: Notice) => Promise<void>): QueueHandler {
  return async (event, context) => {
    const answer = await handler(event, context);
    const failed = new Set(answer?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { messageId, body } of event.Records)
      if (!failed.has(messageId)) await done(JSON.parse(body) as Notice).catch(() => {});
    return answer;
  };
}

/** The ways out, with their trouble told: once while it is the same. */
function watched(slack: Slack, topics: Topics, trouble: ReturnType<typeof troubleTeller>) {
  return {
    slack: {
      post: (to, message, thread) => trouble('send to Slack', () => slack.post(to, message, thread)),
      update: (to, message, at) => trouble('send to Slack', () => slack.update(to, message, at)),
    } satisfies Slack,
    topics: {
      publish: (topic, message) => trouble('send to SNS', () => topics.publish(topic, message)),
    } satisfies Topics,
  };
}

function troubleTeller(teller: Teller) {
  const told = new Map<string, string>();
  return async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      const result = await work();
      told.delete(what);
      return result;
    } catch (error) {
      // What a person must mend is told by its record.
      if (error instanceof RetryableError && told.get(what) !== error.message) teller.failed(what, error);
      if (error instanceof RetryableError) told.set(what, error.message);
      throw error;
    }
  };
}

async function readSecret(name: string, env: Io['env'], settings: () => Promise<OwnSettings>): Promise<string> {
  const variable = secretVariable(name);
  const own = env[variable];
  if (own !== undefined && own !== '') return own;
  const { region } = await settings().catch((cause: Error) => {
    const todo = `set ${variable}, or AWS credentials and a region with which Secrets Manager can be asked`;
    throw new UserError(`the secret ${name} is not known here\n${todo}`, {
      code: 'notify-secret',
      subject: name,
      cause,
    });
  });
  const secrets = openSecrets({ region });
  try {
    return await secrets.read(name);
  } finally {
    secrets.close();
  }
}

/** Topics of this machine's own account, by the name or the ARN. */
function ownTopics(settings: () => Promise<OwnSettings>): Topics & { close(): void } {
  const topics = openTopics({ region: '', account: '' });
  return {
    publish: async (topic, message) => topics.publish(await arnOf(topic, settings), message),
    close: () => topics.close(),
  };
}

async function arnOf(topic: string, settings: () => Promise<OwnSettings>): Promise<string> {
  if (topic.startsWith('arn:')) return topic;
  const { region, partition, account } = await settings();
  if (account !== undefined) return `arn:${partition}:sns:${region}:${account}:${topic}`;
  throw new UserError(
    `the AWS account of the topic ${topic} is not known here\nset AWS_ACCOUNT_ID, or write the topic's ARN in windlass.yaml`,
    { code: 'topic-account', subject: topic },
  );
}

/** Asks once; what failed is asked again. */
function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= ask().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}
