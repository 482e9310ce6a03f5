import { gitKeyOfText } from '../../config/git-key.ts';
import { UserError } from '../../model/errors.ts';
import type { GitHubAuth } from './tokens.ts';

/**
 * Who Windlass is on GitHub, by the text of a secret: JSON with `appId`, `privateKey` and perhaps `installationId`, or with `token`. Throws `UserError`,
 * which never quotes the text, for anything else: a wrong secret must not be sent anywhere.
 */
export function gitHubAuthOf(text: string, secret: string): GitHubAuth {
  if (!text.trimStart().startsWith('{')) throw unusable(secret, text.trim() === '' ? 'it is empty' : 'it is not JSON');
  const key = gitKeyOfText(text, `the secret ${secret}`);
  if (key.kind === 'token') return { token: key.token };
  if (key.kind === 'ssh') throw unusable(secret, 'an ssh key is none for the API');
  const { appId: id, privateKey, installationId } = key;
  return { app: { id, privateKey, ...(installationId !== undefined && { installationId }) } };
}

function unusable(secret: string, why: string): UserError {
  return new UserError(
    `the secret ${secret} does not say who Windlass is on GitHub: ${why}\nstore {"appId": ..., "privateKey": "..."} of the GitHub App in it, or {"token": "..."}`,
    { code: 'github-credentials', subject: secret },
  );
}
