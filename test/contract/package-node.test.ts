import { execFile, spawn } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheDir } from '../../lib/adapters/local/cache-dir.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { type BuiltPackage, builtPackage } from '../helpers/built-package.ts';
import { waitFor } from '../helpers/cluster.ts';
import { describeLoop, kill } from '../helpers/loop.ts';

const exec = promisify(execFile);
const offline = process.env['WINDLASS_OFFLINE'] === '1';
const suffix = offline ? ' (skipped: WINDLASS_OFFLINE is set)' : '';

let built: BuiltPackage;
/** The package's bin in a project that has nothing else. */
let program: string;
/** Node by its major version. */
const nodes = new Map<string, string>();
/** npm's own settings (a registry, a cache) are not the home's that is tested. */
let npm: Record<string, string>;

beforeAll(async () => {
  if (offline) return;
  built = await builtPackage();
  program = join(await built.install('project', [built.tarball]), 'node_modules/windlass/bin/windlass.js');
  nodes.set('24', process.execPath);
  const own = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  nodes.set('22', join(await built.install('node22', [`${own}@22`]), 'node_modules', own, 'bin/node'));
  const setting = async (name: string) => (await exec('npm', ['config', 'get', name])).stdout.trim();
  npm = { npm_config_userconfig: await setting('userconfig'), npm_config_cache: await setting('cache') };
});
afterAll(() => built?.remove());

/** An empty directory, and an environment whose home is empty and whose `node` is the one that is asked for. */
async function emptyPlace(major: string, name: string): Promise<{ cwd: string; env: Record<string, string> }> {
  const [cwd, home] = [
    join(dirname(built.tarball), `${name}-${major}`),
    join(dirname(built.tarball), `home-${name}-${major}`),
  ];
  await mkdir(cwd);
  await mkdir(home);
  const path = `${dirname(nodes.get(major)!)}:${process.env['PATH'] ?? ''}`;
  return { cwd, env: { ...npm, HOME: home, PATH: path } };
}

describe.skipIf(offline).each(['22', '24'])(`the package on Node %s${suffix}`, (major) => {
  let place: { cwd: string; env: Record<string, string> };
  beforeAll(async () => {
    place = await emptyPlace(major, 'work');
  });
  const windlass = async (...args: string[]) =>
    await exec(nodes.get(major)!, [program, ...args], place).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
    );

  it('runs by npx in an empty directory with an empty home', async () => {
    const { cwd, env } = await emptyPlace(major, 'npx');
    const seen = await exec('node', ['--version'], { cwd, env });
    expect(seen.stdout).toMatch(new RegExp(`^v${major}\\.`));
    const args = ['--yes', '--prefer-offline', `--package=${built.tarball}`, 'windlass', '--version'];
    const { stdout } = await exec('npx', args, { cwd, env });
    expect(stdout).toBe(`${packageJson.version}\n`);
    expect(await readdir(cwd)).toEqual([]);
  });

  it('can load every command', async () => {
    const { code, stdout, stderr } = await windlass('completion', 'bash');
    expect([code, stderr]).toEqual([0, '']);
    await exec('bash', ['-c', 'source /dev/stdin <<<"$1"; complete -p windlass', 'bash', stdout]);
  });

  it('makes a new config repo that is valid, and names what it has', async () => {
    const image = 'registry.example.com/shop/web:1.0.0';
    const made = await windlass('init', 'config', '--image', image, '--clusters', 'prod=acme-prod:eu-west-1', '--yes');
    expect([made.code, made.stderr]).toEqual([0, expect.not.stringContaining('error')]);
    expect(await readFile(join(place.cwd, 'config/windlass.yaml'), 'utf8')).toContain('windlass: 1');
    expect(await windlass('validate', '--repo', 'config')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/valid\n$/),
    });
    expect((await windlass('completion', 'names', '--repo', 'config')).stdout).toMatch(/^image\/\S+$/m);
  });

  it('says what is wrong without a stack of its own', async () => {
    const { code, stderr } = await windlass('local', 'push', 'shop/web:1.0.0');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: no loop runs on /)]);
    expect(stderr).not.toContain('    at ');
  });
});

describeLoop(`the loop out of the package${suffix}`, () => {
  it.skipIf(offline).each(['22', '24'])('runs on Node %s, with its page and its example', async (major) => {
    const { cwd, env } = await emptyPlace(major, 'loop');
    // The programs of the control plane are downloaded or built once a machine.
    const all = { ...env, WINDLASS_CACHE: cacheDir(process.env) };
    const args = [program, 'local', '--ephemeral', '--port', '0'];
    const loop = spawn(nodes.get(major)!, args, { cwd, env: all, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [loop.stdout, loop.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
    const ended = new Promise<number | null>((resolve) => loop.once('close', resolve));
    try {
      const page = await waitFor(async () => /page +(http:\S+)/.exec(printed)?.[1], {
        what: 'the welcome',
      });
      const html = await (await fetch(page)).text();
      expect(html).toContain('<title>Windlass');
      const state = (await (await fetch(new URL('/api/state', page))).json()) as { commits: { files: string[] }[] };
      expect(state.commits.length).toBeGreaterThan(0);
    } catch (error) {
      throw new Error(`${String(error)}\n${printed}`);
    } finally {
      kill(loop.pid!, 'SIGINT');
    }
    expect([await ended, printed]).toEqual([0, expect.not.stringMatching(/bug:|Error/)]);
  });
});
