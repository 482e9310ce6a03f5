import { UserError } from '../../model/errors.ts';

/** What a secret allows: to speak as a bot, or to post to the one channel of an incoming webhook. */
export type Credential = { token: string } | { webhook: URL };

/** Where incoming webhooks are. */
export const hookHosts: readonly string[] = ['hooks.slack.com', 'hooks.slack-gov.com'];

/**
 * Reads the text of a secret: a bot's token (`xoxb-...`) or the address of an incoming webhook, alone or as `token` or `webhook` of a JSON object.
 * Throws `UserError`, without a part of the text, for anything else: a wrong secret must not be sent anywhere.
 */
export function readCredential(text: string, secret: string, hosts = hookHosts): Credential {
  const value = valueIn(text.trim());
  if (/^xoxb-[A-Za-z0-9-]{4,}$/.test(value)) return { token: value };
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url !== undefined && hosts.includes(url.host) && isSafe(url)) return { webhook: url };
  throw new UserError(
    `the secret ${secret} holds neither the token of a Slack bot nor the address of an incoming webhook\nstore xoxb-... or https://hooks.slack.com/services/... in it`,
    { code: 'slack-secret', subject: secret },
  );
}

/** Only a stand-in on this machine is spoken to without TLS. */
function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && hostname === '127.0.0.1');
}

function valueIn(text: string): string {
  if (!text.startsWith('{')) return text;
  try {
    const { token, webhook } = JSON.parse(text) as { token?: unknown; webhook?: unknown };
    const value = token ?? webhook;
    return typeof value === 'string' ? value.trim() : '';
  } catch {
    return '';
  }
}
