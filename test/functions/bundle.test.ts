import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleFunction, functionFiles } from '../../functions/bundle.ts';

/** Bytes. The aims are 1 MB for bump, which rolls back, too, and 2 MB for drift, which is well below it. */
const mostBytes = { 'bump-on-push': 1_000_000, 'drift-on-schedule': 1_100_000 } as Record<string, number>;
const mostOfOthers = 860_000;

const exec = promisify(execFile);

describe('the bundle of a function', () => {
  let folder: string;
  const bytes = new Map<string, number>();
  beforeAll(async () => {
    // Outside of the checkout: nothing is found in a node_modules above.
    folder = await mkdtemp(join(tmpdir(), 'windlass-test-bundles-'));
    for (const name of functionFiles) bytes.set(name, await bundleFunction(name, join(folder, name)));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is there for every entry file of the folder', async () => {
    const files = await readdir(fileURLToPath(new URL('../../functions/', import.meta.url)));
    const entries = files.filter((file) => file.endsWith('.ts') && file !== 'bundle.ts');
    expect(entries.map((file) => file.replace('.ts', '')).sort()).toEqual([...functionFiles].sort());
  });

  it.each(functionFiles)('%s stays small', (name) => {
    expect(bytes.get(name)).toBeLessThan(mostBytes[name] ?? mostOfOthers);
  });

  it.each(functionFiles)('%s runs alone, and says of an empty environment what it lacks', async (name) => {
    const context = { awsRequestId: 'request-1', functionName: name, getRemainingTimeInMillis: 30_000 };
    const script = `
      const { handler, ...others } = await import(${JSON.stringify(pathToFileURL(join(folder, name, 'index.mjs')).href)});
      const answer = await handler({ Records: [] }, ${JSON.stringify(context)}).catch((error) => error.message);
      process.stdout.write(JSON.stringify({ answer, others: Object.keys(others) }) + '\\n');`;
    const env = { PATH: process.env['PATH'] };
    const { stdout, stderr } = await exec(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      env,
    });
    expect(JSON.parse(stdout)).toEqual({
      answer: expect.stringMatching(/^the environment of the function \w+ is wrong$/),
      others: [],
    });
    const told = JSON.parse(stderr);
    expect(told).toMatchObject({ level: 'ERROR', function_request_id: 'request-1' });
    expect(told.problems).toContain('WINDLASS_REPO: it is not set');
  });

  it('traces an invocation, and what it failed with', async () => {
    const daemon = createSocket('udp4');
    const traced: { name: string; parent_id: string; annotations: object; cause?: object }[] = [];
    daemon.on('message', (message) => traced.push(JSON.parse(String(message).split('\n')[1]!)));
    await new Promise<void>((ready) => daemon.bind(0, '127.0.0.1', ready));
    const script = `
      const { handler } = await import(${JSON.stringify(pathToFileURL(join(folder, 'bump-on-push', 'index.mjs')).href)});
      const context = { awsRequestId: 'request-1', functionName: 'bump' };
      await handler({ Records: [] }, context);
      await handler({}, context).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 200));`;
    const env = {
      PATH: process.env['PATH'],
      AWS_REGION: 'eu-west-1',
      WINDLASS_REPO: 'acme/shop-config',
      WINDLASS_BRANCH: 'main',
      WINDLASS_GITHUB_SECRET: 'windlass/github',
      WINDLASS_AUDIT_TABLE: 'audit',
      WINDLASS_STATE_TABLE: 'state',
      WINDLASS_NOTICES_QUEUE: 'https://sqs.eu-west-1.amazonaws.com/123456789012/notices.fifo',
      WINDLASS_WAKE_QUEUES: '{}',
      AWS_LAMBDA_FUNCTION_NAME: 'bump',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      LAMBDA_TASK_ROOT: '/var/task',
      _HANDLER: 'index.handler',
      _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1',
      AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
    };
    await exec(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, env });
    daemon.close();
    expect(traced).toMatchObject([
      { name: '## index.handler', parent_id: '557abcec3ee5a047', annotations: { ColdStart: true } },
      { name: '## index.handler', cause: expect.anything() },
    ]);
    expect(traced[0]!.cause).toBeUndefined();
  });

  it('has a source map and the licences beside it, and no path of the machine in it', async () => {
    const inside = join(folder, 'bump-on-push');
    expect((await readdir(inside)).sort()).toEqual(['LICENSES.txt', 'index.mjs', 'index.mjs.map']);
    const [code, map, licenses] = await Promise.all(
      ['index.mjs', 'index.mjs.map', 'LICENSES.txt'].map((file) => readFile(join(inside, file), 'utf8')),
    );
    const root = fileURLToPath(new URL('../../', import.meta.url));
    for (const text of [code!, map!]) expect(text.includes(root)).toBe(false);
    expect(JSON.parse(map!).sources.filter((source: string) => source.startsWith('..'))).toEqual([]);
    expect(JSON.parse(map!).sources.some((source: string) => source === 'lib/bump/bump.ts')).toBe(true);
    for (const name of ['@aws-sdk/client-ecr', 're2js', 'zod']) expect(licenses).toContain(`${name} `);
  });

  it('is the same when it is made again, so that nothing is deployed anew', async () => {
    const read = () => readFile(join(folder, 'notify-on-notice', 'index.mjs'));
    const before = await read();
    await bundleFunction('notify-on-notice', join(folder, 'notify-on-notice'));
    expect((await read()).equals(before)).toBe(true);
  });
});
