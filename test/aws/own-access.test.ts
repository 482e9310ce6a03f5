import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempTree } from '../helpers/temp-tree.ts';

/** Answers who is there, and refuses the secret. */
const server = createServer((request, response) => {
  const target = request.headers['x-amz-target'];
  request.resume();
  if (target === undefined)
    return response.end(
      '<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ada</Arn></GetCallerIdentityResult>',
    );
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
  return response.end(JSON.stringify({ __type: 'AccessDeniedException', message: 'not authorized' }));
});
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

/** Runs the verification to its end, with nothing but this environment. */
async function verification(env: Record<string, string>): Promise<[code: number, said: string]> {
  const home = await tempTree({});
  const child = spawn(
    process.execPath,
    ['aws/verify/verify-aws.ts', '--repo', 'acme/config', '--region', 'eu-west-1'],
    {
      env: { PATH: process.env['PATH'], HOME: home, AWS_EC2_METADATA_DISABLED: 'true', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  return [code, said];
}

describe('a verification that cannot begin', () => {
  it('says without credentials what to do', async () =>
    expect(await verification({})).toEqual([
      2,
      expect.stringMatching(
        /^AWS does not say whose credentials these are: CredentialsProviderError: .*\nset AWS_PROFILE /,
      ),
    ]));

  it('names the secret that it may not read', async () => {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const keys = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_ENDPOINT_URL: endpoint };
    expect(await verification(keys)).toEqual([
      2,
      'cannot read the secret windlass/github in eu-west-1: AccessDeniedException: not authorized\nuse the credentials of an administrator: they must be allowed this\n',
    ]);
  });
});
