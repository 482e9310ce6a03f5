import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLocalRegistry } from '../../lib/adapters/local/registry.ts';
import { recordId } from '../../lib/model/audit-record.ts';
import { gitIn } from '../adapters/git/repos.ts';
import { recordedDesk } from './recorded-desk.ts';
import { desk } from './repos.ts';

const image = 'localhost:9/web';
const files: Record<string, string> = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${image}, semver: ">=1.0.0-0" }
clusters: { main: {} }
syncs:
  shop: { cluster: main, path: apps }
`,
  'apps/web.yaml': web('1.4.0'),
};

function web(tag: string): string {
  return `web: ${image}:${tag} # {"$imagepolicy": "web"}\n`;
}

const commands = [
  ['rollback', 'image/web', '--yes', '--no-render'],
  ['hold', 'image/web', '--why', 'x'],
  ['release', 'image/web'],
  ['suspend', 'image/web', '--why', 'x'],
  ['resume', 'image/web'],
];

/** A clone of the person's, in which everything can be let go. */
function clone() {
  const at = desk(files);
  at.git.push({
    'apps/web.yaml': web('1.5.0'),
    'holds/web.1.yaml': 'image: web\ntag: 1.5.0\npast: 1.5.0\nwho: ada\nwhy: x\n',
    'suspends/web.1.yaml': 'image: web\nwho: ada\nwhy: x\n',
  });
  gitIn(at.git.root, 'clone', '--quiet', at.git.bare, 'here');
  return { ...at, here: join(at.git.root, 'here') };
}

describe('a commit by hand', () => {
  it.each(commands)('in a clone is to be pushed, and says so: %s', async (...argv) => {
    const at = clone();
    if (argv[0] === 'suspend') await at.run('resume', 'image/web', '--repo', 'here');
    const done = await at.run(...argv, '--repo', 'here');
    expect(done.stderr).toBe('');
    expect(done.code).toBe(0);
    expect(done.stdout).toContain(`note committed in ${at.here} only: git -C ${at.here} push origin main\n`);
    gitIn(at.here, 'push', '--quiet', 'origin', 'main');
    expect(gitIn(at.here, 'rev-parse', 'HEAD')).toBe(at.git.git('rev-parse', 'main'));
  });

  it.each(commands)('in a repository that is no clone is where it belongs: %s', async (...argv) => {
    const at = clone();
    if (argv[0] === 'suspend') await at.run('resume', 'image/web', '--repo', 'config.git');
    const { code, stdout } = await at.run(...argv, '--json', '--repo', 'config.git');
    expect([code, JSON.parse(stdout).pushNeeded]).toEqual([0, false]);
  });

  it.each(commands)('says to run it again where the files of the clone are changed: %s', async (...argv) => {
    const at = clone();
    if (argv[0] === 'suspend') await at.run('resume', 'image/web', '--repo', 'here');
    writeFileSync(join(at.here, 'apps/web.yaml'), 'mine');
    const { code, stdout, stderr } = await at.run(...argv, '--repo', 'here');
    expect(code).toBe(2);
    expect(stderr).toContain('commit or stash them there, and run this again');
    expect(stdout).toBe('');
  });

  it.each(commands)('goes to the config repo of the running loop where none is named: %s', async (...argv) => {
    const at = await recordedDesk(files);
    at.git.push({ 'apps/web.yaml': web('1.5.0') }, 'Take 1.5.0');
    const { code, stderr } = await at.run(...argv);
    expect([code, stderr]).toEqual([0, '']);
  });

  it('asks for a config repo where nothing names one', async () => {
    const { code, stderr } = await desk(files).runWith(
      { AWS_REGION: '', AWS_EC2_METADATA_DISABLED: 'true' },
      ...['release', 'image/web', '--dir', 'nowhere'],
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining('nowhere')]);
  });

  it('asks the registry of the loop, and its records about what was never healthy', async () => {
    const at = await recordedDesk(files);
    const registry = openLocalRegistry(join(at.git.root, '.windlass', 'registry.json'));
    for (const tag of ['1.4.0', '1.5.0-broken', '1.6.0-broken', '1.6.1-broken'])
      await registry.push(image, tag, new Date('2026-11-22T10:00:00Z'));
    const bad = at.git.push({ 'apps/web.yaml': web('1.5.0-broken') });
    at.git.push({ 'apps/web.yaml': web('1.6.0-broken') });
    await at.records.append([
      {
        ...{ id: recordId('a'), at: '2026-11-22T10:05:00.000Z', kind: 'synced', actor: 'windlass pull' },
        ...{ subjects: ['sync:shop', `revision:${bad}`], revision: bad, result: 'ok', summary: 'shop was applied' },
        details: { result: 'unhealthy' },
      },
    ]);
    const { stdout, stderr } = await at.run('rollback', 'image/web', '--yes', '--no-render');
    expect(stderr).toBe('');
    expect(stdout).toContain('  web: 1.6.0-broken -> 1.4.0\n');
    expect(stdout).toContain('a hold keeps web on 1.4.0, until there is a tag after 1.6.1-broken\n');
    expect(stdout).toContain(
      'note 1.5.0-broken is passed over: shop never was healthy with it (2026-11-22T10:05:00.000Z)\n',
    );
    expect(stdout).not.toContain('was not asked');
    expect((await at.run('release', 'image/web', '--dry-run')).stdout).toContain(
      'note the next bump takes 1.6.1-broken, which a released hold was against, unless something else keeps it back\n',
    );
  });
});

it('asks a registry that is real for the loop, also of what was pretended before', async () => {
  const server = createServer((request, response) => {
    const isTags = request.url?.startsWith('/v2/web/tags/list');
    response.writeHead(isTags ? 200 : 404, { 'content-type': 'application/json' });
    response.end(isTags ? '{"name":"web","tags":["1.4.0","1.7.0"]}' : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const inHost = Object.entries(files).map(([path, text]) => [path, text.replaceAll('localhost:9', host)]);
  const at = await recordedDesk(Object.fromEntries(inHost), { registries: [`http://${host}`] });
  const registry = openLocalRegistry(join(at.git.root, '.windlass', 'registry.json'));
  await registry.push(`${host}/web`, '9.9.9', new Date('2026-11-22T10:00:00Z'));
  const { stdout, stderr } = await at.run('hold', 'image/web', '--why', 'x', '--json');
  expect(stderr).toBe('');
  expect(JSON.parse(stdout).holds).toMatchObject([{ tag: '1.4.0', past: '1.7.0' }]);
});

describe('who asks', () => {
  it.each([
    ['rollback', 'image/web', '--no-render'],
    ['hold', 'image/web', '--why', 'x'],
  ])('is asked for after the name was found, and not in a dry run: %s', async (...argv) => {
    const at = clone();
    const nobody = { HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' };
    const run = (...more: string[]) => at.runWith(nobody, ...more, '--repo', 'config.git');
    expect((await run(...argv, '--dry-run')).code).toBe(1);
    expect((await run(...argv)).stderr).toContain('who asks for it?');
    const wrong = argv.map((one) => (one === 'image/web' ? 'image/wbe' : one));
    expect((await run(...wrong)).stderr).toContain('did you mean "image/web"?');
  });
});
