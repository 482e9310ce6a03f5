import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueCertificate } from '../../lib/adapters/local/control-plane/certificate.ts';
import { type ExistingCluster, startExistingCluster } from '../helpers/existing-cluster.ts';
import {
  commitChange,
  describeLoop,
  git,
  isSettled,
  type Loop,
  makeDir,
  output,
  removeDir,
  runWindlass,
  startLoop,
  subjects,
} from '../helpers/loop.ts';
import { type GitServer, serveGit } from '../standins/git-https.ts';
import { makeSshKey, type SshServer, serveGitBySsh } from '../standins/git-ssh.ts';
import { hosted } from './local-repos.ts';

const password = 'canary-of-the-password';
const validFrom = new Date(Date.now() - 3600_000);
const authority = issueCertificate({ commonName: 'test', use: 'authority', validFrom, days: 2 });
const certificate = issueCertificate(
  { commonName: '127.0.0.1', use: 'server', hosts: ['127.0.0.1'], validFrom, days: 2 },
  authority,
);
const person = { GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.com' };

describeLoop('with a config repo on another machine', () => {
  let dir: string;
  let there: ExistingCluster;
  let env: Record<string, string>;

  beforeAll(async () => {
    dir = await makeDir();
    await writeFile(join(dir, 'ca.pem'), authority.certPem);
    env = { GIT_SSL_CAINFO: join(dir, 'ca.pem'), ...person };
    there = await startExistingCluster(join(dir, 'existing'));
  });
  afterAll(async () => {
    await there?.stop();
    await removeDir(dir);
  });

  const start = (state: string, more: string[], extra: Record<string, string> = {}) =>
    startLoop({
      dir: join(dir, state),
      args: ['--port', '0', '--kubeconfig', there.kubeconfig, '--yes', ...more],
      env: { ...env, ...extra },
      cwd: dir,
    });
  const refused = async (...args: string[]) => {
    const ended = await runWindlass(['local', '--port', '0', '--dir', join(dir, 'state-refused'), ...args], {
      cwd: dir,
      env,
    });
    expect({ code: ended.code, output: output(ended) }).toMatchObject({ code: 2 });
    expect(output(ended)).not.toContain(password);
    return ended.stderr;
  };
  const replicas = (name: string) =>
    there.kubectl('-n', name, 'get', `deploy/${name}`, '-o', 'jsonpath={.spec.replicas}');

  describe('by https', () => {
    let server: GitServer;
    let address: string;
    let url: string;
    let bare: string;
    let clone: string;

    beforeAll(async () => {
      const root = join(dir, 'https');
      await mkdir(root);
      ({ bare, clone } = await hosted(root, 'byhttps'));
      server = await serveGit({ root: join(root, 'host'), user: 'ada', password, certificate });
      address = `${server.url}/config.git`;
      url = address.replace('https://', `https://ada:${password}@`);
    });
    afterAll(() => server?.close());

    describe('that is only read', () => {
      let loop: Loop;
      beforeAll(async () => {
        loop = await start('state-read', ['--repo', url]);
      });
      afterAll(() => loop?.stop());

      it('says so, and applies what is pushed there', async () => {
        const first = await loop.until('a healthy deployment', isSettled);
        expect(first.repo).toMatchObject({ url: address, branch: 'main', readOnly: true });
        expect(loop.output()).toContain(`config repo: ${address}, branch main (only read: no bump commits)`);
        await commitChange(clone, { 'deploy/web.yaml': (text) => text.replace('replicas: 2', 'replicas: 3') }, 'Three');
        const then = await loop.until('three', (now) => now.commits.length === 2 && isSettled(now));
        expect(then.commits[0]).toMatchObject({ subject: 'Three' });
        expect(await replicas('byhttps')).toBe('3');
      });

      it('takes no pretended push', async () => {
        const pushed = await runWindlass(['local', 'push', '--dir', loop.dir, 'acme/byhttps:1.1.0']);
        expect(pushed).toMatchObject({ code: 2 });
        expect(pushed.stderr).toContain(`only reads ${address}, branch main`);
        const posted = await fetch(new URL('/api/push', loop.url), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ repository: 'ghcr.io/acme/byhttps', tag: '1.1.0' }),
        });
        expect(posted.ok).toBe(false);
        expect(await subjects(bare)).toEqual(['Three', 'Begin']);
      });

      it('shows the password nowhere, and pushed nothing', async () => {
        const shown = [loop.output(), JSON.stringify(await loop.state())];
        for (const entry of await readdir(loop.dir, { recursive: true, withFileTypes: true }))
          if (entry.isFile()) shown.push(await readFile(join(entry.parentPath, entry.name), 'latin1'));
        expect(shown.length).toBeGreaterThan(5);
        for (const text of shown) expect(text).not.toContain(password);
        expect(server.requests.filter((request) => request.includes('receive-pack'))).toEqual([]);
      });
    });

    describe('that bump may push to', () => {
      it('asks first, and says as whom', async () => {
        const said = await refused('--repo', url, '--kubeconfig', there.kubeconfig, '--push');
        expect(said).toContain(`bump pushes commits to ${address}, branch main`);
        expect(said).toContain('as Ada <ada@example.com>, with your credentials');
        expect(said).toContain(`and push commits to ${address}, branch main?`);
        expect(said).toContain('give --yes');
      });

      it('gets the commits of bump', async () => {
        const before = await subjects(bare);
        const loop = await start('state-push', ['--repo', url, '--push']);
        try {
          await loop.until('a healthy deployment', isSettled);
          await loop.push('acme/byhttps:1.2.0');
          await loop.until('1.2.0', (now) => now.commits.length === before.length + 1 && isSettled(now));
        } finally {
          expect(await loop.stop()).toMatchObject({ code: 0 });
        }
        expect(await subjects(bare)).toEqual(['Bump byhttps to 1.2.0', ...before]);
        expect(await git(bare, 'log', '-1', '--format=%an <%ae>', 'main')).toBe('Ada <ada@example.com>');
        expect(loop.output()).not.toContain(password);
      });
    });

    it('says that a branch is missing, and which there are', async () => {
      expect(await refused('--repo', url, '--branch', 'trunk')).toContain('has no branch trunk (it has main)');
    });

    it('says that windlass.yaml is missing', async () => {
      await git(clone, 'switch', '--quiet', '--create', 'bare');
      await git(clone, 'rm', '--quiet', 'windlass.yaml');
      await git(clone, 'commit', '--quiet', '-m', 'Take it away');
      await git(clone, 'push', '--quiet', 'origin', 'bare');
      await git(clone, 'switch', '--quiet', 'main');
      expect(await refused('--repo', url, '--branch', 'bare')).toMatch(/windlass\.yaml: there is no such file/);
    });

    it('says that it is not let in', async () => {
      expect(await refused('--repo', address.replace('https://', 'https://ada:wrong@'))).toMatch(
        /check the key or token/,
      );
      expect(await refused('--repo', `${url.slice(0, -10)}other.git`)).toMatch(/not found|no Git repository/);
    });
  });

  describe('by ssh', () => {
    it('is followed with the keys of the user', async () => {
      const root = join(dir, 'ssh');
      await mkdir(root);
      const { clone } = await hosted(root, 'byssh');
      const key = makeSshKey();
      const server: SshServer = await serveGitBySsh({ root: join(root, 'host'), key });
      const [keyFile, hosts] = [join(root, 'key'), join(root, 'known_hosts')];
      await writeFile(keyFile, key.private, { mode: 0o600 });
      await writeFile(hosts, `${server.knownHost}\n`);
      const ssh = `ssh -F none -i ${keyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${hosts} -o BatchMode=yes`;
      const loop = await start('state-ssh', ['--repo', server.url, '--branch', 'main'], { GIT_SSH_COMMAND: ssh });
      try {
        const first = await loop.until('a healthy deployment', isSettled);
        expect(first.repo).toMatchObject({ url: server.url, readOnly: true });
        await commitChange(clone, { 'deploy/web.yaml': (text) => text.replace('replicas: 2', 'replicas: 1') }, 'One');
        await loop.until('one', (now) => now.commits.length === 2 && isSettled(now));
        expect(await replicas('byssh')).toBe('1');
        expect(new Set(server.ran)).toEqual(new Set(["git-upload-pack '/config.git'"]));
      } finally {
        expect(await loop.stop()).toMatchObject({ code: 0 });
        await server.close();
      }
    });
  });

  it('says which options do not go together, and which addresses are none', async () => {
    expect(await refused('--push')).toContain('--push is for a remote config repo');
    expect(await refused('--repo', 'https://example.com/a', '--registry', 'ghcr.io')).toContain('without --push');
    expect(await refused('--repo', 'github:acme/config')).toContain('https://github.com/OWNER/NAME');
    expect(await refused('--repo', 'http://example.com/a')).toContain('http is not allowed');
  });
});
