import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { openStateDir, type StateDir } from '../../lib/adapters/local/state-dir.ts';
import { time } from '../../lib/cli/output/metrics.ts';
import { dashboard } from '../../lib/dashboard/app.ts';
import type { DriftMetrics } from '../../lib/model/drift-figures.ts';
import type { Incident } from '../../lib/model/incident.ts';
import { windlass } from '../helpers/io.ts';
import { openRecords } from '../report/records.ts';

const begun = Date.now();
const ago = (seconds: number) => new Date(begun - seconds * 1000).toISOString();
const hour = 3_600;
const day = 24 * hour;

/** Drift that was told some seconds ago; made and over so many seconds before and after. */
const incident = (opened: number, made?: number, over?: number, more: Partial<Incident> = {}): Incident => {
  const object = `ConfigMap/shop/at-${opened}`;
  return {
    ...{ key: `${ago(opened)}-drift-${opened}`, kind: 'drift', cluster: 'prod', sync: 'shop-prod', object },
    title: `${object} was changed`,
    drift: { object, state: 'changed', fields: [] },
    ...{ openedAt: ago(opened), changedAt: ago(opened), contentHash: 'x' },
    ...(made !== undefined && { madeAt: ago(opened + made) }),
    ...(over !== undefined && { resolvedAt: ago(opened - over), resolution: 'converged by pull' as const }),
    ...more,
  };
};

const keys = ['AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION'] as const;

describe('windlass metrics of a table', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let counter: Awaited<ReturnType<typeof startCounter>>;
  const kept = Object.fromEntries(keys.map((key) => [key, process.env[key]]));

  beforeAll(async () => {
    let client: DynamoDBClient;
    ({ records, client, close } = await openRecords());
    const { hostname, port } = (await client.config.endpoint!()) as { hostname: string; port?: number };
    counter = await startCounter(hostname, port!);
    const env = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_REGION: '' };
    Object.assign(process.env, env, { AWS_ENDPOINT_URL_DYNAMODB: counter.url });
    delete process.env['AWS_REGION'];
    const infra = { sync: 'infra' };
    for (const one of [
      ...[incident(hour, 10, 60), incident(2 * hour, 20, 30), incident(3 * hour, 90)],
      ...[incident(4 * hour, undefined, 600, infra), incident(40 * day, 5, 5, infra)],
    ])
      await records.saveIncident(one);
  }, 60_000);
  afterAll(async () => {
    for (const key of keys) {
      if (kept[key] === undefined) delete process.env[key];
      else process.env[key] = kept[key];
    }
    counter?.server.close();
    await close?.();
  });
  const metrics = (...args: string[]) => windlass(['metrics', '--table', 'state', '--region', 'local', ...args]);

  it('are a line for each sync and one for all, and say what is not counted', async () => {
    const { code, stdout } = await metrics();
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.replace(/\d{4}-\d\d-\d\d/g, 'DAY'))).toEqual([
      'drift that was told in the last 30 days (DAY to DAY)',
      '           incidents  detect: mean  p50   p95      recover: mean  p50     p95',
      'infra      1          -             -     -        10 min         10 min  10 min',
      'shop-prod  3          40 s          20 s  1.5 min  45 s           30 s    1 min',
      'overall    4          40 s          20 s  1.5 min  3.8 min        1 min   10 min',
      'not counted:',
      '  1 incident still open: without a time to recover',
      '  1 incident of which nobody knows when the change was made (deleted, removed, many at once): without a time to detect',
      '  drift that was over within its grace period, and incidents that opened before',
      '',
    ]);
  });

  it('are JSON, of the days that were asked for', async () => {
    const { stdout } = await metrics('--json', '--days', '90');
    const read = JSON.parse(stdout) as DriftMetrics;
    expect(read.overall).toMatchObject({ incidents: 5, open: 1, notTimed: 1 });
    expect(read.syncs['shop-prod']?.recover).toEqual({ count: 2, mean: 45, p50: 30, p95: 60 });
    expect(Date.parse(read.to) - Date.parse(read.from)).toBe(90 * day * 1000);
    expect((await metrics('--json', '--days', '1')).stdout).toContain('"incidents": 4');
  });

  it('are read by one query, and by no scan', async () => {
    counter.calls.length = 0;
    await metrics();
    expect(counter.calls).toEqual(['DynamoDB_20120810.Query']);
  });

  it('of a table that is not there, of no region, or of a wrong question are refused with what to do', async () => {
    const missing = await windlass(['metrics', '--table', 'nowhere', '--region', 'local']);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('no DynamoDB table nowhere')]);
    for (const [args, text] of [
      [['--days', '0'], '--days "0" is not a number of days'],
      [['--days', 'x'], '1 to 3650'],
      [['--table', 'state', '--dir', 'x'], 'give one'],
      [['--region', 'local'], 'give --table, too'],
      [['--dir', '/nowhere'], 'no loop runs on /nowhere'],
    ] as const) {
      const { code, stderr } = await windlass(['metrics', ...args]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
    }
  });
});

describe('windlass metrics of a running loop', () => {
  let state: StateDir;
  let server: Server;
  let asked: number[];

  beforeAll(async () => {
    state = await openStateDir(await mkdtemp(join(tmpdir(), 'windlass-test-')), { ephemeral: false });
    asked = [];
    const figures = { incidents: 0, open: 0, notTimed: 0 };
    server = createServer(async (from, to) => {
      const { port } = server.address() as AddressInfo;
      const app = dashboard(
        {
          state: async () => Promise.reject(new Error('it was asked')),
          metrics: async (days) => {
            asked.push(days);
            return { from: ago(days * day), to: ago(0), overall: figures, syncs: {}, classes: {} };
          },
          async *changes() {},
          asset: async () => new Uint8Array(),
        },
        port,
      );
      const headers = { host: from.headers.host! };
      const answer = await app(new Request(`http://127.0.0.1:${port}${from.url}`, { headers }));
      to.writeHead(answer.status, Object.fromEntries(answer.headers));
      to.end(await answer.text());
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    await state.announce({ url: `http://127.0.0.1:${port}`, kubeconfig: '/k' });
  });
  afterAll(async () => {
    server?.close();
    await state?.release();
    if (state !== undefined) await rm(state.path, { recursive: true, force: true });
  });

  it('are asked of it, where it said that it is', async () => {
    const { code, stdout } = await windlass(['metrics', '--dir', state.path, '--days', '7']);
    expect(code).toBe(0);
    expect(stdout).toContain('no drift was told in the last 7 days');
    expect(asked).toEqual([7]);
    expect((await windlass(['metrics', '--dir', state.path, '--json'])).stdout).toContain('"incidents": 0');
    expect(asked).toEqual([7, 30]);
  });
});

describe('a time', () => {
  it('is written so that a person can read it', () => {
    const written = [0, 0.44, 9.96, 45.4, 60, 754, 3_600, 11_520, 172_800].map(time);
    expect(written).toEqual(['0 s', '0.4 s', '10.0 s', '45 s', '1 min', '13 min', '1 h', '3.2 h', '2 d']);
  });
});

/** Passes requests on to DynamoDB's API, and counts them by their operation. */
async function startCounter(hostname: string, port: number) {
  const calls: string[] = [];
  const server = createServer((from: IncomingMessage, to) => {
    calls.push(String(from.headers['x-amz-target']));
    const passed = request({ hostname, port, path: from.url, method: from.method, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(to);
    });
    passed.on('error', () => to.destroy());
    from.pipe(passed);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { calls, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
