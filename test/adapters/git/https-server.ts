import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { issueCertificate } from '../../../lib/adapters/local/control-plane/certificate.ts';
import { type GitServer, serveGit } from '../../standins/git-https.ts';

const validFrom = new Date(Date.now() - 3600_000);
const authority = issueCertificate({ commonName: 'test', use: 'authority', validFrom, days: 2 });
const certificate = issueCertificate(
  { commonName: '127.0.0.1', use: 'server', hosts: ['127.0.0.1'], validFrom, days: 2 },
  authority,
);

/** Lets git in this file's tests trust the servers that `serve` starts. */
export function trustServers(): void {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-test-'));
  const before = process.env['GIT_SSL_CAINFO'];
  beforeAll(() => {
    writeFileSync(join(folder, 'ca.pem'), authority.certPem);
    process.env['GIT_SSL_CAINFO'] = join(folder, 'ca.pem');
  });
  afterAll(() => {
    if (before === undefined) delete process.env['GIT_SSL_CAINFO'];
    else process.env['GIT_SSL_CAINFO'] = before;
    rmSync(folder, { recursive: true });
  });
}

/** Serves the repositories of a directory by https until the test ends. */
export async function serve(
  root: string,
  password: string | (() => string),
  more: { user?: string; onRequest?: (request: IncomingMessage) => void; redirectTo?: string } = {},
): Promise<GitServer> {
  const server = await serveGit({ user: 'x-access-token', ...more, root, password, certificate });
  onTestFinished(server.close);
  return server;
}
