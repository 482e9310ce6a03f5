import { UserError } from '../../model/errors.ts';
import type { Posted, Slack, SlackChannel, SlackMessage } from '../../notify/ports.ts';
import { type Answer, askSlack, tooMuch } from './ask.ts';
import { type Credential, readCredential } from './credential.ts';
import { authFailures, badBlocks, notChangeable, threadGone, troubleOf } from './trouble.ts';

/** How Slack is reached. */
export interface SlackOptions {
  /** Reads the text of a secret by its name. */
  readSecret(name: string): Promise<string>;
  /** Seconds to wait for Slack where it asks to, in all for one message; 5 unless told. What takes longer comes again from the queue. */
  patience?: number;
  /** Another Slack: the address of its Web API, and the hosts of its incoming webhooks. */
  api?: string;
  hookHosts?: readonly string[];
}

/** Milliseconds that a secret is kept. */
const fresh = 5 * 60_000;
/** As little as possible is read into texts: no mentions, no links, no previews. */
const plain = { parse: 'none', link_names: false };
const quiet = { ...plain, mrkdwn: false, unfurl_links: false, unfurl_media: false };

/**
 * Slack by its Web API where the secret holds the token of a bot, else by an incoming webhook. While Slack wants no more messages, none is sent
 * with the same secret: `RetryableError` at once.
 */
export function openSlack(options: SlackOptions): Slack {
  const api = options.api ?? 'https://slack.com/api/';
  const secrets = new Map<string, { credential: Credential; until: number }>();
  const silences = new Map<string, number>();

  const credentialOf = async (secret: string, again: boolean): Promise<{ credential: Credential; kept: boolean }> => {
    const known = secrets.get(secret);
    if (known !== undefined && known.until > Date.now() && !again) return { credential: known.credential, kept: true };
    const credential = readCredential(await options.readSecret(secret), secret, options.hookHosts);
    secrets.set(secret, { credential, until: Date.now() + fresh });
    return { credential, kept: false };
  };

  const ask = async (to: SlackChannel, urlOf: (credential: Credential) => URL, body: object): Promise<Answer> => {
    const where = whereOf(to);
    const silence = (silences.get(to.secret) ?? 0) - Date.now();
    if (silence > 0) throw tooMuch(where, Math.ceil(silence / 1000));
    for (let again = false; ; again = true) {
      const { credential, kept } = await credentialOf(to.secret, again);
      const token = 'token' in credential ? { token: credential.token } : {};
      const question = { url: urlOf(credential), ...token, body, where };
      const answer = await askSlack(question, options.patience ?? 5).catch((error: { retryAfter?: number }) => {
        if (error.retryAfter !== undefined) silences.set(to.secret, Date.now() + error.retryAfter * 1000);
        throw error;
      });
      // It may have been replaced since it was read.
      if (!('error' in answer && authFailures.has(answer.error) && kept)) return answer;
    }
  };

  const send = async (to: SlackChannel, method: string, message: SlackMessage, more: object): Promise<Answer> => {
    const urlOf = (credential: Credential) => ('webhook' in credential ? credential.webhook : new URL(method, api));
    const answer = await ask(to, urlOf, { ...more, ...message });
    if (!('error' in answer && badBlocks.has(answer.error))) return answer;
    return ask(to, urlOf, { ...more, text: message.text });
  };

  const isWebhook = async ({ secret }: SlackChannel) => 'webhook' in (await credentialOf(secret, false)).credential;

  return {
    post: async (to, message, thread) => {
      const webhook = await isWebhook(to);
      const place = webhook ? {} : { channel: thread?.channel ?? channelOf(to) };
      const answer = await send(to, 'chat.postMessage', message, {
        ...quiet,
        ...place,
        ...(thread !== undefined && !webhook && { thread_ts: thread.ts }),
      });
      if (!('error' in answer)) return webhook ? undefined : postedOf(answer.value, to);
      if (thread !== undefined && threadGone.has(answer.error)) {
        throw new UserError(`the thread ${whereOf(to)} is gone`, { code: 'slack-thread-gone', subject: thread.ts });
      }
      throw troubleOf(answer.error, whereOf(to));
    },
    update: async (to, message, { channel, ts }) => {
      if (await isWebhook(to)) return false;
      const answer = await send(to, 'chat.update', message, { ...plain, channel, ts });
      if (!('error' in answer)) return true;
      if (notChangeable.has(answer.error)) return false;
      throw troubleOf(answer.error, whereOf(to));
    },
  };
}

function channelOf({ channel, secret }: SlackChannel): string {
  if (channel !== undefined) return channel;
  throw new UserError(
    `a bot has to be told a channel\nadd channel to the routes of windlass.yaml with the secret ${secret}`,
    {
      code: 'slack-no-channel',
      subject: secret,
    },
  );
}

function whereOf({ channel, secret }: SlackChannel): string {
  return `in ${channel ?? 'the channel of the webhook'} with the secret ${secret}`;
}

function postedOf({ channel, ts }: Record<string, unknown>, to: SlackChannel): Posted {
  if (typeof channel === 'string' && typeof ts === 'string') return { channel, ts };
  throw troubleOf('no_timestamp', whereOf(to));
}
