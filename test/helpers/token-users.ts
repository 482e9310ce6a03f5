import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './cluster.ts';

/** Who a token belongs to, as a TokenReview says it. */
export interface TokenUser {
  username: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

/**
 * Lets this process say who a token belongs to, as EKS's authenticator does: gives the flags for an API server. A text is the reason of a refusal. The server
 * asks while this process must not be blocked.
 */
export async function tokenUsers(userOf: (token: string) => TokenUser | string): Promise<Record<string, string>> {
  const authenticator = createServer(async (request, response) => {
    const { spec } = JSON.parse((await request.toArray()).join('')) as { spec: { token: string } };
    const user = userOf(spec.token);
    const status = typeof user === 'string' ? { authenticated: false, error: user } : { authenticated: true, user };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status }));
  });
  authenticator.listen(0, '127.0.0.1');
  await once(authenticator, 'listening');
  onTestFinished(() => {
    authenticator.closeAllConnections();
    authenticator.close();
  });
  const file = join(await temporaryFolder(), 'authenticator.json');
  const server = `http://127.0.0.1:${(authenticator.address() as AddressInfo).port}/`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'here', cluster: { server } }],
    users: [{ name: 'nobody', user: {} }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'nobody' } }],
    'current-context': 'here',
  };
  await writeFile(file, JSON.stringify(config));
  return {
    'authentication-token-webhook-config-file': file,
    'authentication-token-webhook-version': 'v1',
    'authentication-token-webhook-cache-ttl': '0s',
  };
}
