import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../lib/cli/doctor/finding.ts';
import { serve, trustServers } from '../../adapters/git/https-server.ts';
import { testRepo } from '../../adapters/git/repos.ts';
import { windlass } from '../../helpers/io.ts';
import { desk } from '../repos.ts';

const image = '  web: { image: registry.example.com/web, semver: "1" }\n';
const files = {
  'windlass.yaml': `windlass: 1\nimages:\n${image}`,
  'web.yaml': 'image: registry.example.com/web:1.0.0 # {"$imagepolicy": "web"}\n',
};

async function found(tree: Record<string, string>): Promise<{ code: number; findings: Finding[] }> {
  const { run, git } = desk(tree);
  const { code, stdout, stderr } = await run('doctor', '--repo', git.bare, '--only', 'repo', '--json');
  expect(stderr).toBe('');
  return { code, findings: (JSON.parse(stdout) as { findings: Finding[] }).findings };
}

describe('the part repo', () => {
  it('is well with a repo that is', async () => {
    const { code, findings } = await found(files);
    expect(findings.map(({ what, result }) => `${what} ${result}`)).toEqual([
      'read ok',
      'windlass.yaml ok',
      'write ok',
    ]);
    expect(code).toBe(0);
  });

  it('shows where windlass.yaml is broken', async () => {
    const { code, findings } = await found({ ...files, 'windlass.yaml': 'windlass: 1\nimagse: {}\n' });
    expect(code).toBe(1);
    expect(findings.find(({ result }) => result === 'wrong')).toMatchObject({
      what: 'windlass.yaml',
      mend: expect.stringMatching(/^windlass\.yaml:2:1: [\s\S]*images[\s\S]*windlass validate/),
    });
  });

  it('names holds and suspends that cannot be read, are about nothing that can be, or are void', async () => {
    const { findings } = await found({
      ...files,
      'holds/web.1.yaml': 'image: web\n',
      'holds/web.v2.bad.yaml': 'image: web\n',
      'suspends/web.2.yaml': 'image: web\nwho: Ada\nwhy: a test\nuntil: 2020-01-01\n',
    });
    expect(findings.filter(({ result }) => result !== 'ok')).toMatchObject([
      {
        result: 'wrong',
        text: 'web is stopped by a file that cannot be read',
        mend: expect.stringContaining('holds/web.1.yaml'),
      },
      {
        result: 'wrong',
        text: 'web.v2 and web are stopped by a file that cannot be read',
        mend: expect.stringContaining('holds/web.v2.bad.yaml'),
      },
      { result: 'note', text: 'suspends/web.2.yaml is void: its time has passed', mend: 'delete the file' },
    ]);
  });

  it('names markers without a policy, and those that are not applied', async () => {
    const { findings } = await found({
      ...files,
      'api.yaml': 'image: registry.example.com/api:1.0.0 # {"$imagepolicy": "api"}\n',
    });
    expect(findings.find(({ what }) => what === 'markers')).toMatchObject({
      result: 'note',
      text: 'no policy has this name: api.yaml:1 names "api"',
    });
  });

  it('says that there is no such repository', async () => {
    const { run } = desk(files);
    const { code, stdout } = await run('doctor', '--repo', './gone', '--only', 'repo');
    expect(code).toBe(1);
    expect(stdout).toContain('wrong        read: ');
  });

  describe('by https', () => {
    trustServers();
    it('says that a server takes no push, and tells no password', async () => {
      const { root, name } = served();
      const seen: string[] = [];
      // Who may read and not push is known by the service that is asked for.
      const server = await serve(root, () => (seen.at(-1)?.includes('receive-pack') ? 'another' : 'letmein'), {
        onRequest: ({ url = '' }) => void seen.push(url),
      });
      const url = server.url.replace('https://', 'https://x-access-token:letmein@');
      const env = { PATH: process.env['PATH'], HOME: root, WINDLASS_CACHE: `${root}/cache` };
      const { code, stdout, stderr } = await windlass(
        ['doctor', '--repo', `${url}/${name}`, '--only', 'repo', '--json'],
        { env },
      );
      const { findings } = JSON.parse(stdout) as { findings: Finding[] };
      expect(
        findings.map(({ what, result }) => `${what} ${result}`),
        stderr,
      ).toEqual(['read ok', 'windlass.yaml ok', 'write wrong']);
      expect(findings.at(-1)?.mend).toContain('check the key or token and its rights');
      expect(code).toBe(1);
      expect(stdout).not.toContain('letmein');
    });
  });
});

function served(): { root: string; name: string } {
  const { root, bare } = testRepo(files);
  return { root, name: bare.slice(root.length + 1) };
}
