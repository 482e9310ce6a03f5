import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { openGitConfigRepo } from '../../lib/adapters/git/config-repo.ts';
import { issueCertificate } from '../../lib/adapters/local/control-plane/certificate.ts';
import { UserError } from '../../lib/model/errors.ts';
import { testRepo } from '../adapters/git/repos.ts';
import { serveGit } from '../standins/git-https.ts';
import { makeAt } from './config-repo-git.ts';
import { configRepoSuite } from './config-repo-suite.ts';

const validFrom = new Date(Date.now() - 3600_000);
const authority = issueCertificate({ commonName: 'test', use: 'authority', validFrom, days: 2 });
const certificate = issueCertificate(
  { commonName: '127.0.0.1', use: 'server', hosts: ['127.0.0.1'], validFrom, days: 2 },
  authority,
);
const folder = mkdtempSync(join(tmpdir(), 'windlass-test-'));
const before = process.env['GIT_SSL_CAINFO'];
writeFileSync(join(folder, 'ca.pem'), authority.certPem);
process.env['GIT_SSL_CAINFO'] = join(folder, 'ca.pem');
afterAll(() => {
  if (before === undefined) delete process.env['GIT_SSL_CAINFO'];
  else process.env['GIT_SSL_CAINFO'] = before;
  rmSync(folder, { recursive: true });
});

/** A password with what a URL would read otherwise. */
const password = 'a/secret:that@needs%care';

async function serve(root: string): Promise<(user: string, pass: string) => string> {
  const server = await serveGit({ root, user: 'deploy', password, certificate });
  onTestFinished(server.close);
  return (user, pass) => {
    const url = new URL(`${server.url}/config.git`);
    url.username = user;
    url.password = encodeURIComponent(pass);
    return url.href;
  };
}

configRepoSuite(
  'a Git server by https',
  makeAt(async (repo) => {
    const url = await serve(repo.root);
    return { url: url('deploy', password), directory: repo.bare };
  }),
  { pulls: false, setsTime: true },
);

describe('a Git server by https', () => {
  it('refuses a wrong password, which no error shows', async () => {
    const repo = testRepo({ 'web.yaml': 'a\n' });
    const url = (await serve(repo.root))('deploy', 'wrong-password');
    const author = { name: 'Windlass', email: 'windlass@example.com' };
    const config = openGitConfigRepo({ url, branch: 'main', cacheDir: join(repo.root, 'cache'), author });
    const error = await config.head().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe('repo-access');
    expect(JSON.stringify([error, (error as Error).message, (error as Error).stack])).not.toContain('wrong-password');
  });
});
