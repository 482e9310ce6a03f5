import type { NotifyDestination, NotifyRules } from '../../config/config.ts';
import { UserError } from '../../model/errors.ts';
import type { Io } from '../command.ts';

/** The environment variable that may hold a secret of a route, instead of Secrets Manager: `WINDLASS_SECRET_SLACK_BOT` for `slack-bot`. */
export function secretVariable(name: string): string {
  return `WINDLASS_SECRET_${name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`;
}

/**
 * Another Slack, where `WINDLASS_SLACK_API` names the address of its Web API: a stand-in for tests. Throws `UserError` for an address to which a token
 * would go without TLS to another machine.
 */
export function slackOf(env: Io['env']): { api?: string; hookHosts?: string[] } {
  const api = env['WINDLASS_SLACK_API'];
  if (api === undefined || api === '') return {};
  const url = URL.canParse(api) ? new URL(api) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === '127.0.0.1');
  if (url === undefined || !isSafe || !url.pathname.endsWith('/'))
    throw new UserError(
      'WINDLASS_SLACK_API is not the address of a Web API: https://HOST/api/, or http://127.0.0.1:PORT/api/',
      {
        code: 'usage',
      },
    );
  return { api, hookHosts: [url.host] };
}

/** Where the notices of a windlass.yaml go, for people, each once: `Slack #oncall (the secret slack-bot of WINDLASS_SECRET_SLACK_BOT)`. */
export function destinationsOf({ routes, default: rest }: NotifyRules, env: Io['env']): string[] {
  const all: NotifyDestination[] = [...routes, ...(rest === undefined ? [] : [rest])];
  return [...new Set(all.flatMap((one) => destination(one, env)))];
}

function destination({ slack, sns }: NotifyDestination, env: Io['env']): string[] {
  if (sns !== undefined) return [`SNS ${sns}`];
  if (slack === undefined) return [];
  const variable = secretVariable(slack.secret);
  const from = env[variable] ? variable : 'Secrets Manager';
  return [`Slack ${slack.channel ?? '(a webhook)'} (secret ${slack.secret} of ${from})`];
}
