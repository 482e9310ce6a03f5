import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { openSecrets } from '../../../lib/adapters/aws/notify-secret.ts';

afterEach(() => vi.unstubAllEnvs());

it('reads a secret as the profile that is named', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(/Credential=(\w+)/.exec(request.headers.authorization ?? '')?.[1] ?? 'nobody');
    response.setHeader('content-type', 'application/x-amz-json-1.1').end('{"SecretString":"s"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dir = await mkdtemp(join(tmpdir(), 'windlass-profile-'));
  try {
    const file = join(dir, 'credentials');
    const keys = ['default', 'prod'].map((of) => `[${of}]\naws_access_key_id = ${of}\naws_secret_access_key = k\n`);
    await writeFile(file, keys.join('\n'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    vi.stubEnv('AWS_CONFIG_FILE', join(dir, 'none'));
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const secrets = openSecrets({ region: 'eu-west-1', endpoint, profile: 'prod' });
    expect(await secrets.read('slack-bot')).toBe('s');
    secrets.close();
    expect(asked).toEqual(['prod']);
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(dir, { recursive: true });
  }
});
