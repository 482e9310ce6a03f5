import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../lib/cli/commands/index.ts';
import { windlassProgram } from '../helpers/loop.ts';

/** What a command must not load before it knows what it has to do: the program would be slow to say what is wrong. */
const heavy = /^(?:@aws-sdk|@smithy|@octokit|@kubernetes|@middy|@aws-lambda-powertools)\/|^(?:dynalite|classic-level)$/;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'windlass-test-loading-'));
  // Node's own hook, which sees each module before it is run.
  await writeFile(
    join(dir, 'hook.mjs'),
    `import { appendFileSync } from 'node:fs';
     import { registerHooks } from 'node:module';
     registerHooks({ load(url, context, next) { appendFileSync(process.env.LOADED, url + '\\n'); return next(url, context); } });`,
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Runs the CLI, and gives its exit code and the packages and own files that it loaded. */
async function loadedBy(args: string[]): Promise<{ code: number; packages: string[]; own: string[] }> {
  const list = join(dir, `${args.join('-').replace(/\W+/g, '-')}.txt`);
  const program = ['--import', join(dir, 'hook.mjs'), windlassProgram, ...args];
  // Whoever asks AWS is answered at once, and by nobody.
  const aws = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' };
  const env = { ...process.env, ...aws, LOADED: list };
  const code = await promisify(execFile)(process.execPath, program, { env, cwd: dir }).then(
    () => 0,
    (error: { code: number }) => error.code,
  );
  const files = (await readFile(list, 'utf8')).split('\n').filter((url) => url.startsWith('file:'));
  const packages = files.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  return { code, packages: [...new Set(packages)], own: files.filter((url) => !url.includes('/node_modules/')) };
}

describe('what the CLI loads', () => {
  it.each([
    [['--version'], 0],
    [['--help'], 0],
    [[], 2],
    [['drfit'], 2],
    [['policy'], 2],
  ])('for "%s" is no package, and no command', async (args, expected) => {
    const { code, packages, own } = await loadedBy(args);
    expect([code, packages]).toEqual([expected, []]);
    expect(own.filter((url) => /\/lib\/cli\/commands\/(?!index\.ts$)/.test(url))).toEqual([]);
    expect(own.length).toBeGreaterThan(5);
    expect(own.length).toBeLessThan(30);
  });

  it.each(commands.map(({ name }) => [name]))('for an option that "%s" does not have is no SDK', async (name) => {
    const { code, packages } = await loadedBy([...name.split(' '), '--no-such-option']);
    expect([code, packages.filter((one) => heavy.test(one))]).toEqual([2, []]);
  });

  it('is seen: a command that asks AWS loads its SDK', async () => {
    const { packages } = await loadedBy(['metrics', '--stack', 'nowhere', '--region', 'eu-west-1']);
    expect(packages.some((one) => heavy.test(one))).toBe(true);
  });
});
