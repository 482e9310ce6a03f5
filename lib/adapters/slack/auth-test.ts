import { UserError } from '../../model/errors.ts';
import { askSlack } from './ask.ts';
import { readCredential } from './credential.ts';

/** Seconds to wait where Slack asks to. */
const patience = 5;

/**
 * Asks Slack whom the text of a secret belongs to (https://docs.slack.dev/reference/methods/auth.test); nothing is posted. Of an incoming webhook only the form is
 * looked at: it can do nothing but post. Throws `UserError` where the text is no credential or Slack does not take it, `RetryableError` where it does not answer.
 */
export async function slackUserOf(text: string, secret: string, api = 'https://slack.com/api/'): Promise<string> {
  const credential = readCredential(text, secret);
  if ('webhook' in credential)
    return 'an incoming webhook, which can be tried by a message alone (windlass bootstrap sends one)';
  const where = `with the secret ${secret}`;
  const answer = await askSlack({ url: new URL('auth.test', api), token: credential.token, body: {}, where }, patience);
  if ('error' in answer)
    throw new UserError(
      `Slack does not take the token in ${secret}: ${answer.error}\nstore the token of a bot that is installed (docs/notify.md)`,
      {
        code: 'slack-auth',
        subject: secret,
      },
    );
  return `${nameIn(answer.value['user'])} of ${nameIn(answer.value['team'])}`;
}

function nameIn(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 80) : 'somebody';
}
