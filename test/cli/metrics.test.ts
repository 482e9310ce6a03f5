import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalRecords, startRecords } from '../../lib/adapters/local/records.ts';
import { openStateDir, type StateDir } from '../../lib/adapters/local/state-dir.ts';
import { time } from '../../lib/cli/output/seconds.ts';
import { sparkline } from '../../lib/cli/output/sparkline.ts';
import { type AuditRecord, recordId } from '../../lib/model/audit-record.ts';
import type { Metrics } from '../../lib/model/delivery-figures.ts';
import type { Incident } from '../../lib/model/incident.ts';
import { report } from '../../lib/report/report.ts';
import { windlass } from '../helpers/io.ts';
import { pull } from '../report/reports.ts';

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

/** A bump of an image that was pushed ten seconds before. */
const bump = (revision: string, seconds: number, more: Record<string, unknown> = {}, image = 'web'): AuditRecord[] => [
  {
    ...{ id: recordId('push', revision), at: ago(seconds + 10), kind: 'push-received', actor: 'push event' },
    ...{ subjects: [`event:${revision}`, `image:${image}`], result: 'ok', summary: `${image} was pushed` },
  },
  {
    ...{ id: recordId('bumped', revision, image), at: ago(seconds), kind: 'bumped', actor: 'windlass bump', revision },
    ...{ subjects: [`image:${image}`, `revision:${revision}`, `event:${revision}`], result: 'ok' },
    ...{ summary: `${image} went to 2`, details: { to: '2', ...more } },
  },
];

describe('windlass metrics', () => {
  let local: LocalRecords;
  let state: StateDir;
  let counter: Awaited<ReturnType<typeof startCounter>>;

  beforeAll(async () => {
    local = await startRecords({
      onUnreadable: (error) => {
        throw error;
      },
    });
    const { hostname, port } = new URL(local.endpoint);
    counter = await startCounter(hostname, Number(port));
    state = await openStateDir(await mkdtemp(join(tmpdir(), 'windlass-test-')), { ephemeral: false });
    const source = { repo: '/repo.git', branch: 'main' };
    await state.announce({ url: 'http://127.0.0.1:1', kubeconfig: '/k', records: counter.url, source });
    const { records } = local;
    const counts = { created: 0, configured: 1, unchanged: 3, pruned: 0, skipped: 0 };
    const changes = [{ object: 'apps/Deployment/shop/web', action: 'configured' as const }];
    const send = (revision: string, seconds: number, result: 'synced' | 'unhealthy' = 'synced') =>
      report(
        { ...pull(0, 1), run: revision, at: ago(seconds), revision, result, changes, counts },
        { records, notices: { send: async () => {} } },
      );
    await send('first', 50 * day);
    await report({ ...pull(0, 1), sync: 'infra', at: ago(49 * day) }, { records, notices: { send: async () => {} } });
    for (const [revision, seconds, lasts, result] of [
      ['b1', 2.5 * day, 20, 'synced'],
      ['b2', 2.5 * day - hour, 50, 'synced'],
      ['b3', 2 * hour, 80, 'unhealthy'],
      ['b4', 2 * hour - 600, 110, 'synced'],
    ] as const) {
      const source = revision === 'b1' ? { sourceTime: ago(2.5 * day + 2 * hour - 20) } : {};
      await records.append(bump(revision, seconds, source));
      await send(revision, seconds - lasts, result);
    }
    await records.saveImages([
      { policy: 'web', repository: 'shop/web', rule: 'semver *', current: ['2'], holds: [], at: ago(hour) },
    ]);
    const infra = { sync: 'infra' };
    for (const one of [
      ...[incident(hour, 10, 60), incident(2 * hour, 20, 30), incident(3 * hour, 90)],
      ...[incident(4 * hour, undefined, 600, infra), incident(40 * day, 5, 5, infra)],
    ])
      await records.saveIncident(one);
  });
  afterAll(async () => {
    counter?.server.close();
    await local?.stop();
    await state?.release();
    if (state !== undefined) await rm(state.path, { recursive: true, force: true });
  });
  const metrics = (args: string[] = [], env: Record<string, string> = {}, columns?: number) =>
    windlass(['metrics', '--dir', state.path, ...args], {
      env: { ...process.env, LC_ALL: 'C', ...env },
      ...(columns !== undefined && { columns }),
    });

  it('are one screen: over all with their course, a line for each sync and image, and what is not counted', async () => {
    const { code, stdout } = await metrics(['--days', '7'], { LC_ALL: 'de_DE.UTF-8' });
    expect(code).toBe(0);
    const lines = stdout
      .replace(/\d{4}-\d\d-\d\d/g, 'DAY')
      .replace(state.path, 'DIR')
      .split('\n');
    expect(lines).toEqual([
      'the last 7 days (DAY to DAY), by the records of the loop on DIR',
      'each mark is a day',
      '',
      'deployments            ▁▁▁▁█▁▅  3, 0.4 a day',
      'change failures        ▁▁▁▁▁▁█  1 of 4 roll-outs (25 %)',
      'lead time from source  ▁▁▁▁█▁▁  2 h, once',
      'lead time from push    ▁▁▁▁▃▁█  mean 1.2 min, p50 1 min, p95 2 min, of 3',
      'lead time from commit  ▁▁▁▁▂▁█  mean 1 min, p50 50 s, p95 1.8 min, of 3',
      'time to restore        ▁▁▁▁▁▁█  11 min, once',
      'drift                           4 incidents',
      '  time to detect                mean 40 s, p50 20 s, p95 1.5 min, of 3',
      '  time to recover               mean 3.8 min, p50 1 min, p95 10 min, of 3',
      '',
      '                deployed           failed  from push: p50  p95    restored: p50  p95     drift  recovered: p50',
      'sync/infra      0                  0       -               -      -              -       1      10 min',
      'sync/shop-prod  3         ▁▁▁▁█▁▅  1       1 min           2 min  11 min         11 min  3      30 s',
      'image/web       3         ▁▁▁▁█▁▅  1       1 min           2 min  11 min         11 min  -      -',
      '',
      'not counted:',
      '  2 deployments of images that do not say when their source was committed: without a lead time from it',
      '  1 incident of drift still open: without a time to recover',
      '  1 incident of drift of which nobody knows when the change was made (deleted, removed, many at once): without a time to detect',
      '  drift that was over within its grace period, and incidents that opened before',
      '',
    ]);
  });

  it('are of one sync or image alone, in ASCII where the terminal is not one of UTF-8', async () => {
    const { stdout } = await metrics(['image/web', '--days', '7']);
    expect(stdout).toMatch(/^image\/web: the last 7 days/);
    expect(stdout).toContain('deployments            ____#_=  3, 0.4 a day');
    expect(stdout).toContain('sync/shop-prod');
    expect(stdout).not.toContain('drift');
    const sync = await metrics(['sync/infra', '--days', '7']);
    expect(sync.stdout).toContain('drift                           1 incident\n');
    expect(sync.stdout).toContain('deployments            _______  -\n');
    expect(sync.stdout).not.toContain('shop-prod');
  });

  it('fit the width of a terminal: several days a mark, and fewer columns', async () => {
    const on = async (columns: number) => (await metrics([], {}, columns)).stdout.trimEnd().split('\n');
    const narrow = await on(80);
    expect(narrow.filter((line) => line.length > 80 && !line.includes(state.path))).toEqual([]);
    expect(narrow).toContain('each mark is 3 days');
    expect(narrow.find((line) => line.startsWith('deployments'))).toMatch(/^deployments {12}_{9}# {2}3, 0\.1 a day$/);
    const columns = narrow.find((line) => line.includes('deployed'))?.trim();
    expect(columns?.split(/ {2,}/)).toEqual(['deployed', 'failed', 'from push', 'restored', 'drift', 'recovered']);
    const wide = await on(120);
    expect(wide.filter((line) => line.length > 120)).toEqual([]);
    expect(wide).toContain('each mark is a day');
    expect(wide.find((line) => line.includes('deployed'))).toMatch(/from push: p50 {2}p95/);
  });

  it('are JSON, of the days that were asked for', async () => {
    const { stdout } = await metrics(['--json', '--days', '90']);
    const { from, to, delivery, drift } = JSON.parse(stdout) as Metrics;
    expect(drift!.overall).toMatchObject({ incidents: 5, open: 1, notTimed: 1 });
    expect(drift!.syncs['shop-prod']?.recover).toEqual({ count: 2, mean: 45, p50: 30, p95: 60 });
    expect(delivery).toMatchObject({ period: 'week', overall: { deployments: 4, failed: 1, notBumped: 1 } });
    expect(delivery.images['web']).toMatchObject({ deployments: 3, leadFromPush: { count: 3, mean: 70 } });
    expect(Date.parse(to) - Date.parse(from)).toBe(90 * day * 1000);
    expect((await metrics(['--json', '--days', '1'])).stdout).toContain('"incidents": 4');
  });

  it('are read by queries, one each for states, incidents, every sync and every image, and by no scan', async () => {
    counter.calls.length = 0;
    await metrics();
    expect(counter.calls).toEqual(Array(6).fill('DynamoDB_20120810.Query'));
  });

  it('of what there is not, or of a wrong question, are refused with what to do', async () => {
    for (const [args, text] of [
      [['--days', '0'], '--days "0" is not a number of days'],
      [['--days', 'x'], '1 to 3650'],
      [['--stack', 'x'], 'give one'],
      [['web'], 'did you mean sync/web or image/web?'],
      [['all-images'], 'all without either, and not "all-images"\n'],
      [['syncs/shop-prod'], 'did you mean sync/shop-prod?'],
      [['image/web', 'sync/infra'], 'image/NAME, or sync/NAME'],
      [['image/wep'], 'no image "wep", did you mean "web"?'],
      [['sync/shop'], 'the records have no sync "shop"'],
    ] as const) {
      const { code, stderr } = await metrics([...args]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
    }
    expect((await windlass(['metrics', '--dir', '/nowhere'])).stderr).toContain('no loop runs on /nowhere');
  });
});

describe('a sparkline', () => {
  it('is a mark for each value, as high as it is beside the greatest', () => {
    const utf8 = { LANG: 'en_US.UTF-8' };
    expect(sparkline([0, 1, 4, 8, 100], utf8)).toBe('▁▂▂▂█');
    expect(sparkline([0, 0], utf8)).toBe('▁▁');
    expect(sparkline([], utf8)).toBe('');
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], {})).toBe('_.:-=+*#');
  });

  it('is of blocks where the first setting of the locale that there is says UTF-8', () => {
    expect(sparkline([1], { LC_ALL: '', LC_CTYPE: 'C.utf8', LANG: 'C' })).toBe('█');
    expect(sparkline([1], { LC_ALL: 'C', LANG: 'C.UTF-8' })).toBe('#');
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
