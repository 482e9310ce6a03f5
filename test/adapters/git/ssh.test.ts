import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { SshAccess } from '../../../lib/adapters/git/access.ts';
import { openGitSource } from '../../../lib/adapters/git/source.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import { makeSshKey, type SshServer, type SshServerOptions, serveGitBySsh } from '../../standins/git-ssh.ts';
import { visibleOfChildren } from './processes.ts';
import { type TestRepo, testRepo } from './repos.ts';

const key = makeSshKey();
// A directory with what a shell and ssh's configuration would read otherwise.
const temporary = mkdtempSync(join(tmpdir(), "windlass test's 100%h-"));
const before = process.env['TMPDIR'];
beforeAll(() => {
  process.env['TMPDIR'] = temporary;
});
afterAll(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  rmSync(temporary, { recursive: true, force: true });
});
let repo: TestRepo;
beforeEach(() => {
  repo = testRepo({ 'a.yaml': 'kind: A\n' });
});

async function serve(options: Partial<SshServerOptions> = {}): Promise<SshServer> {
  const server = await serveGitBySsh({ root: repo.root, key, ...options });
  onTestFinished(server.close);
  return server;
}

function open(url: string, access: Partial<SshAccess> = {}) {
  return openGitSource({
    url,
    branch: 'main',
    cacheDir: join(repo.root, 'cache'),
    access: { kind: 'ssh', privateKey: async () => key.private, knownHosts: '', ...access },
  });
}

async function failure(work: Promise<unknown>): Promise<UserError | RetryableError> {
  const thrown = await work.catch((error: unknown) => error);
  if (thrown instanceof UserError || thrown instanceof RetryableError) return thrown;
  throw thrown;
}

describe('a config repo opened with a deploy key', () => {
  it('is read from a host that is known', async () => {
    const server = await serve();
    const source = open(server.url, { knownHosts: server.knownHost });
    const tree = await source.open(await source.head());
    expect(new TextDecoder().decode(await tree.read('a.yaml'))).toBe('kind: A\n');
    await tree.close();
    expect(new Set(server.ran)).toEqual(new Set(["git-upload-pack '/config.git'"]));
    expect(new Set(server.tried.filter((method) => method !== 'none'))).toEqual(new Set(['publickey']));
  });

  it('is read with a key whose lines end as Windows ends them, or not at all', async () => {
    const server = await serve();
    const knownHosts = `# the git server\r\n${server.knownHost}`;
    const privateKey = async () => key.private.trim().replaceAll('\n', '\r\n');
    await open(server.url, { knownHosts, privateKey }).head();
  });

  it('knows the history by ssh as well', async () => {
    const server = await serve();
    const source = open(server.url, { knownHosts: server.knownHost });
    const first = await source.head();
    const second = repo.push({ 'a.yaml': 'kind: B\n' });
    expect(await source.isAncestor(first, second)).toBe(true);
    expect(await source.isAncestor(second, first)).toBe(false);
  });

  it.each([true, false])('opens what was the head a moment ago (old protocol: %s)', async (oldProtocol) => {
    const server = await serve({ oldProtocol });
    const source = open(server.url, { knownHosts: server.knownHost });
    const before = await source.head();
    const next = repo.push({ 'a.yaml': 'kind: B\n' });
    const tree = await source.open(before);
    expect(new TextDecoder().decode(await tree.read('a.yaml'))).toBe('kind: A\n');
    await tree.close();
    const later = await source.open(next);
    expect(new TextDecoder().decode(await later.read('a.yaml'))).toBe('kind: B\n');
    await later.close();
    expect(await source.isAncestor(before, next)).toBe(true);
    expect(await source.isAncestor('f'.repeat(40), next)).toBe(false);
  });

  it('is refused with another key', async () => {
    const server = await serve();
    const other = makeSshKey();
    const source = open(server.url, { knownHosts: server.knownHost, privateKey: async () => other.private });
    const error = await failure(source.head());
    expect(error.code).toBe('repo-access');
    expect(error.message).toContain('check the key or token');
    expect(server.ran).toEqual([]);
  });

  it('is refused with a key that is none, and no error quotes it', async () => {
    const server = await serve();
    const broken = key.private.replace(/\n[^\n]{20}/, '\n');
    const error = await failure(
      open(server.url, { knownHosts: server.knownHost, privateKey: async () => broken }).head(),
    );
    expect(error.code).toBe('repo-access');
    const lines = broken.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));
    for (const line of lines) expect(JSON.stringify([error, error.message, error.stack])).not.toContain(line);
  });

  it('sends no key to a host that is not known', async () => {
    const server = await serve();
    const error = await failure(open(server.url).head());
    expect(error).toBeInstanceOf(UserError);
    expect(error.code).toBe('repo-host-key');
    expect(server.tried).toEqual([]);
  });

  it('sends no key to a host whose key has changed', async () => {
    const known = await serve();
    const port = Number(new URL(known.url).port);
    await known.close();
    const server = await serve({ port });
    const error = await failure(open(server.url, { knownHosts: known.knownHost }).head());
    expect(error).toBeInstanceOf(UserError);
    expect(error.code).toBe('repo-host-key');
    expect(error.message).toContain('IDENTIFICATION HAS CHANGED');
    expect(server.tried).toEqual([]);
  });

  it('may be tried again when the host is down', async () => {
    const server = await serve();
    await server.close();
    const error = await failure(open(server.url, { knownHosts: server.knownHost }).head());
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.code).toBe('repo-unreachable');
  });

  it('uses no key, agent, host or option of the user who runs Windlass', async () => {
    const home = join(repo.root, 'home');
    mkdirSync(join(home, '.ssh'), { recursive: true });
    writeFileSync(join(home, '.ssh', 'id_ed25519'), key.private, { mode: 0o600 });
    const server = await serve();
    writeFileSync(join(home, '.ssh', 'known_hosts'), `${server.knownHost}\n`);
    const socket = join(repo.root, 'agent');
    const agent = /SSH_AGENT_PID=(\d+)/.exec(execFileSync('ssh-agent', ['-a', socket], { encoding: 'utf8' }))![1]!;
    onTestFinished(() => void process.kill(Number(agent)));
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    execFileSync('ssh-add', [join(home, '.ssh', 'id_ed25519')], { env, stdio: 'ignore' });
    const saved = { HOME: process.env['HOME'], SSH_AUTH_SOCK: process.env['SSH_AUTH_SOCK'] };
    Object.assign(process.env, { HOME: home, SSH_AUTH_SOCK: socket, GIT_SSH_COMMAND: 'false' });
    try {
      expect((await failure(open(server.url).head())).code).toBe('repo-host-key');
      const other = makeSshKey();
      const access = { knownHosts: server.knownHost, privateKey: async () => other.private };
      expect((await failure(open(server.url, access).head())).code).toBe('repo-access');
    } finally {
      for (const [name, value] of Object.entries({ ...saved, GIT_SSH_COMMAND: undefined })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it.skipIf(!existsSync('/proc/self/environ'))(
    'shows the key in no argument and no environment, and keeps it in a file of its owner that goes afterwards',
    async () => {
      const seen: string[] = [];
      const files: { mode: number; directory: number }[] = [];
      const server = await serve({
        onRun: () => {
          seen.push(...visibleOfChildren());
          for (const name of readdirSync(temporary).filter((each) => each.startsWith('windlass-ssh-'))) {
            const directory = join(temporary, name);
            const modeOf = (path: string) => statSync(path).mode & 0o777;
            for (const file of readdirSync(directory)) {
              files.push({ mode: modeOf(join(directory, file)), directory: modeOf(directory) });
            }
          }
        },
      });
      const source = open(server.url, { knownHosts: server.knownHost });
      await (await source.open(await source.head())).close();
      const lines = key.private.split('\n').filter((line) => line.length > 20 && !line.startsWith('-----'));
      expect(lines.length).toBeGreaterThan(1);
      expect(seen.filter((text) => text.includes('ssh -F')).length).toBeGreaterThan(0);
      for (const line of lines) expect(seen.filter((text) => text.includes(line))).toEqual([]);
      expect(files.length).toBeGreaterThanOrEqual(6);
      expect(files.filter(({ mode, directory }) => mode !== 0o600 || directory !== 0o700)).toEqual([]);
      expect(readdirSync(temporary).filter((name) => name.startsWith('windlass-ssh-'))).toEqual([]);
    },
  );
});
