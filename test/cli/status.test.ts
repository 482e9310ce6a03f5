import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalRecords, startRecords } from '../../lib/adapters/local/records.ts';
import { openStateDir, type StateDir } from '../../lib/adapters/local/state-dir.ts';
import { main } from '../../lib/cli/main.ts';
import { ago, statusLines } from '../../lib/cli/output/status.ts';
import { type StatusFacts, type SystemStatus, systemStatus } from '../../lib/cli/status/system-status.ts';
import { type AuditRecord, recordId } from '../../lib/model/audit-record.ts';
import type { Incident } from '../../lib/model/incident.ts';
import type { ImageState, SyncState } from '../../lib/model/state.ts';
import { waitFor } from '../helpers/cluster.ts';
import { windlass } from '../helpers/io.ts';
import { commitChange, git } from '../helpers/loop.ts';

const file = `windlass: 1
images:
  web: { image: registry.example.com/shop/web, semver: ">=1.0.0" }
  worker: { image: registry.example.com/shop/worker, semver: ">=1.0.0" }
environments:
  staging: { cluster: dev }
  prod: { cluster: live }
clusters: { dev: {}, live: {} }
syncs:
  shop: { in: [staging, prod], path: "apps/{env}" }
  infra: { cluster: live, path: infra }
`;
const manifest = `image: registry.example.com/shop/web:1.4.0 # {"$imagepolicy": "web"}\n`;
const hold = 'image: web\ntag: 1.4.0\npast: 1.5.0\nwho: Ada\nwhy: it loses orders\n';
const begun = Date.now();
const secondsAgo = (seconds: number) => new Date(begun - seconds * 1000).toISOString();

let dir: string;
let clone: string;
let state: StateDir;
let local: LocalRecords;
let first: string;

/** A record of a sync, so many seconds ago. */
function record(seconds: number, summary: string, more: Partial<AuditRecord> = {}): AuditRecord {
  const fact = { at: secondsAgo(seconds), kind: 'synced' as const, actor: 'windlass pull', subjects: ['sync:infra'] };
  return { id: recordId(summary, fact.at), ...fact, result: 'ok', summary, ...more };
}

const syncState = (sync: string, cluster: string, more: Partial<SyncState>): SyncState => ({
  ...{
    sync,
    cluster,
    pulledAt: secondsAgo(20),
    checkedAt: secondsAgo(10),
    health: [],
    errors: [],
    drifted: 0,
    unknown: [],
  },
  ...more,
});

/** A stack of which all that was recorded is well, and whose Git cannot be read. */
const quiet: StatusFacts = {
  ...{
    shown: 'the stack',
    source: { repo: 'github:acme/config', branch: 'main' },
    images: [],
    incidents: [],
    timeline: [],
  },
  git: { broken: false, problem: 'Git cannot be read' },
  syncs: [syncState('infra', 'live', { revision: 'a', result: 'synced' })],
  clusters: [
    {
      ...{ cluster: 'live', checkedAt: secondsAgo(10), syncs: ['infra'], objects: 1, blindChecks: 0, stopped: [] },
      limits: { puller: 1800, checker: 1800, held: 604_800 },
    },
  ],
};

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'windlass-test-status-')));
  state = await openStateDir(join(dir, 'loop'), { ephemeral: false });
  local = await startRecords({
    onUnreadable: (error) => {
      throw error;
    },
  });
  const bare = join(dir, 'repo.git');
  clone = join(dir, 'clone');
  await git(dir, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  await git(dir, 'clone', '--quiet', bare, clone);
  await git(clone, 'commit', '--quiet', '--allow-empty', '-m', 'Begin');
  await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  await git(clone, 'branch', '--quiet', '--set-upstream-to=origin/main');
  first = await commitChange(clone, { 'windlass.yaml': () => file, 'apps/prod/web.yaml': () => manifest }, 'First');
  await state.announce({
    ...{ url: 'http://127.0.0.1:1/', kubeconfig: '/nowhere', records: local.endpoint },
    source: { repo: bare, branch: 'main' },
  });
  const health = (healthy: boolean) => [
    { object: 'apps/Deployment/shop/web', status: 'Current' as const, reason: 'available' },
    {
      object: 'apps/Deployment/shop/api',
      status: healthy ? ('Current' as const) : ('Failed' as const),
      reason: 'crash',
    },
  ];
  await local.records.saveSyncState(
    syncState('shop-staging', 'dev', { revision: first, result: 'synced', health: health(true) }),
  );
  await local.records.saveSyncState(
    syncState('shop-prod', 'live', { revision: first, result: 'synced', health: health(true) }),
  );
  await local.records.saveSyncState(syncState('infra', 'live', { revision: first, result: 'synced' }));
  await local.records.saveClusterState({
    ...{
      cluster: 'live',
      checkedAt: secondsAgo(10),
      syncs: ['shop-prod', 'infra'],
      objects: 2,
      blindChecks: 0,
      stopped: [],
    },
    limits: { puller: 1800, checker: 1800, held: 604_800 },
  });
  await local.records.saveImages([
    {
      ...{ policy: 'web', repository: 'registry.example.com/shop/web', rule: 'semver >=1.0.0' },
      ...{ current: ['1.4.0'], newest: '1.4.0', holds: [], at: secondsAgo(30) },
    },
  ]);
  await local.records.append([
    record(300, 'infra synced'),
    record(200, 'web went from 1.3.0 to 1.4.0', { kind: 'bumped', subjects: ['image:web'], revision: first }),
  ]);
});

afterAll(async () => {
  await local?.stop();
  await state?.release();
  await rm(dir, { recursive: true, force: true, maxRetries: 10 });
});

const at = (...args: string[]) => [...args, '--dir', state.path];
async function status(): Promise<{ code: number; now: SystemStatus; text: string }> {
  const json = await windlass(at('status', '--json'));
  expect(json.stderr).toBe('');
  const { code, stdout } = await windlass(at('status'));
  expect(code).toBe(json.code);
  return { code, now: JSON.parse(json.stdout) as SystemStatus, text: stdout };
}

it('says among how many records it looked for bumps, where there are others before', () => {
  const synced = Array.from({ length: 300 }, (_, index) => record(index, `pulled ${index}`));
  const shown = (timeline: AuditRecord[]) => {
    const io = { stdout: new PassThrough(), env: {} } as unknown as Parameters<typeof statusLines>[0];
    return statusLines(io, systemStatus({ ...quiet, timeline }, new Date(begun))).join('\n');
  };
  expect(shown(synced)).toContain('none among the last 300 records');
  const bumped = record(301, 'web to 1.5.0', { kind: 'bumped' });
  expect(shown([...synced.slice(1), bumped])).toMatch(/web to 1\.5\.0\n.*no others among the last 300 records/);
  expect(shown(synced.slice(1))).not.toContain('among the last');
});

describe('windlass status', () => {
  it('says that all is well when it is, with what there is', async () => {
    const { code, now, text } = await status();
    expect([code, now.verdict]).toEqual([0, { is: 'good', text: 'all is well' }]);
    expect(now.repo).toMatchObject({ branch: 'main', head: first });
    expect(now.clusters).toEqual([
      { cluster: 'dev', pulledAt: secondsAgo(20), troubles: [] },
      { cluster: 'live', checkedAt: secondsAgo(10), pulledAt: secondsAgo(20), troubles: [] },
    ]);
    expect(now.syncs.map(({ sync, standing, behind }) => [sync, standing, behind])).toEqual([
      ['shop-staging', 'healthy', false],
      ['shop-prod', 'healthy', false],
      ['infra', 'healthy', false],
    ]);
    expect(now.images.map(({ image, standing }) => [image, standing])).toEqual([
      ['web', 'up to date'],
      ['worker', 'not looked at yet'],
    ]);
    expect(now.bumps).toEqual([
      { at: secondsAgo(200), kind: 'bumped', summary: 'web went from 1.3.0 to 1.4.0', revision: first },
    ]);
    expect(text.split('\n')[0]).toBe('All is well');
    expect(text).toMatch(/^ {2}shop-prod +live +[0-9a-f]{8} +healthy +2\/2$/m);
    expect(text).toMatch(/^ {2}dev +never checked +pulled \d+ s ago$/m);
  });

  it('shows what is behind, held and suspended', async () => {
    const head = await commitChange(
      clone,
      {
        'holds/web.0a1b2c3d.yaml': () => hold,
        'suspends/infra.0a1b2c3d.yaml': () => 'sync: infra\nwho: Ada\nwhy: the sale runs\n',
      },
      'Hold web',
    );
    const { code, now, text } = await status();
    expect([code, now.verdict.is, now.repo.head]).toEqual([0, 'busy', head]);
    expect(now.verdict.text).toBe('3 syncs: behind Git');
    expect(now.syncs.every(({ behind }) => behind)).toBe(true);
    expect(now.images[0]).toMatchObject({ standing: 'held', git: ['1.4.0'], holds: [{ past: '1.5.0', who: 'Ada' }] });
    expect(now.stopped.map(({ what, who }) => [what, who])).toEqual([
      ['image web, held at 1.4.0', 'Ada'],
      ['sync infra', 'Ada'],
    ]);
    expect(text).toContain('Ada keeps 1.4.0 until a tag after 1.5.0 is there: it loses orders');
    expect(text).toMatch(/^ {2}sync infra +the sale runs \(Ada\)$/m);
  });

  it('calls nothing well while a hold or suspend cannot be read: it stops bumps', async () => {
    await commitChange(clone, { 'holds/web.1.yaml': () => 'image: web\ntag: [\n' }, 'Break a hold');
    const { code, now } = await status();
    expect([code, now.verdict]).toEqual([1, { is: 'bad', text: 'holds/web.1.yaml cannot be read' }]);
    await git(clone, 'rm', '--quiet', 'holds/web.1.yaml');
    await git(clone, 'commit', '--quiet', '-m', 'Mend the hold');
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
    expect((await status()).now.verdict.is).toBe('busy');
  });

  it('returns 1 and says what is wrong when a person is needed', async () => {
    const crashing = [
      { object: 'apps/Deployment/shop/web', status: 'Failed' as const, reason: 'crash loop \u001b[31m' },
    ];
    const failed = { revision: first, result: 'unhealthy' as const, health: crashing, pulledAt: secondsAgo(5) };
    await local.records.saveSyncState(syncState('shop-prod', 'live', failed));
    await local.records.saveIncident({
      ...{ key: `${secondsAgo(5)}-unhealthy-1`, kind: 'unhealthy', cluster: 'live', sync: 'shop-prod' },
      ...{ title: 'shop-prod is not healthy', openedAt: secondsAgo(5), changedAt: secondsAgo(5), contentHash: 'x' },
    });
    const { code, now, text } = await status();
    expect([code, now.verdict]).toEqual([1, { is: 'bad', text: '1 open incident, shop-prod unhealthy' }]);
    expect(text).toContain('apps/Deployment/shop/web: crash loop');
    const { stdout } = await windlass(at('status'), { columns: 60 });
    expect(stdout.split('\n').filter((line) => line.length > 60)).toEqual([]);
    // Too narrow for it beside its columns, so it stands below them.
    expect(stdout).toMatch(/^ {4}behind Git; apps\/Deployment\/shop\/web: crash loop/m);
    expect(text).not.toContain('\u001b');
    expect(text).toMatch(/^open incidents\n {2}\d+ s ago {2}shop-prod is not healthy$/m);
    const [incident] = await local.records.openIncidents();
    for (const [reason, shown] of [
      ['crash loop \u001b[31m', ''],
      ['out of memory', ': apps/Deployment/shop/web: Failed, out of memory'],
    ] as const) {
      await local.records.saveIncident({ ...incident!, details: [`apps/Deployment/shop/web: Failed, ${reason}`] });
      // What the line of the sync tells is not told again.
      expect((await status()).text.split('\n')).toContainEqual(
        expect.stringMatching(new RegExp(`^ {2}\\d+ s ago {2}shop-prod is not healthy${shown}$`)),
      );
    }
  });

  it('shows what the records know where Git cannot be read, and says so', async () => {
    const { code, stdout } = await windlass(at('status', '--repo', join(dir, 'nowhere'), '--json'));
    const now = JSON.parse(stdout) as SystemStatus;
    expect([code, now.repo.problem]).toEqual([1, expect.stringContaining('Git cannot be read')]);
    expect(now.syncs.map(({ sync }) => sync)).toEqual(['infra', 'shop-prod', 'shop-staging']);
    expect(now.clusters.map(({ cluster }) => cluster)).toEqual(['dev', 'live']);
  });

  it.each([['status'], ['status', '--json'], ['image', 'list', '--json']])(
    'prints no password of the repo: %s',
    async (...words) => {
      const { stdout, stderr } = await windlass(at(...words, '--repo', 'https://me:hunter2@127.0.0.1:1/config.git'));
      expect(stdout).toContain('https://127.0.0.1:1/config.git');
      expect(stdout + stderr).not.toContain('hunter2');
    },
  );

  it('begins with a capital letter unless with a name', () => {
    const syncs = [syncState('infra', 'live', { revision: 'a', result: 'suspended' })];
    const shown = (facts: StatusFacts) => {
      const io = { stdout: new PassThrough(), env: {} } as unknown as Parameters<typeof statusLines>[0];
      return statusLines(io, systemStatus(facts, new Date(begun)))[0];
    };
    expect(shown({ ...quiet, syncs })).toBe('infra: suspended');
    expect(shown(quiet)).toMatch(/^All that is recorded/);
  });

  it('does not call well what nobody can know without Git', () => {
    expect(systemStatus(quiet, new Date(begun)).verdict).toEqual({
      is: 'busy',
      text: 'all that is recorded is well, but Git cannot be read',
    });
  });

  it('does not call well that an image cannot be bumped before somebody mends it', () => {
    const image: ImageState = {
      ...{
        policy: 'web',
        repository: 'registry.example.com/shop/web',
        rule: 'semver *',
        current: ['1.4.0'],
        holds: [],
      },
      ...{ at: secondsAgo(30), waiting: 'registry.example.com refuses the credentials', trouble: 'mend' },
    };
    const { verdict, images } = systemStatus({ ...quiet, images: [image] }, new Date(begun));
    expect(verdict).toEqual({ is: 'bad', text: 'web failing' });
    expect(images).toMatchObject([{ standing: 'failing', why: ['registry.example.com refuses the credentials'] }]);
    const later = systemStatus({ ...quiet, images: [{ ...image, trouble: 'later' }] }, new Date(begun));
    expect([later.verdict.is, later.images[0]?.standing]).toEqual(['busy', 'waiting']);
  });

  it('counts no object as healthy that is missing since the last pull', () => {
    const objects = ['ConfigMap/shop/a', 'ConfigMap/shop/b'];
    const health = objects.map((object) => ({ object, status: 'Current' as const, reason: 'there' }));
    const gone: Incident = {
      ...{ key: 'k', kind: 'drift', cluster: 'live', sync: 'infra', object: objects[0]!, title: 'a is missing' },
      ...{ openedAt: secondsAgo(5), changedAt: secondsAgo(5), contentHash: 'x' },
      drift: { object: objects[0]!, state: 'missing', fields: [] },
    };
    const syncs = [syncState('infra', 'live', { revision: 'a', result: 'suspended', health })];
    const { syncs: lines } = systemStatus({ ...quiet, syncs, incidents: [gone] }, new Date(begun));
    expect(lines).toMatchObject([{ objects: 2, healthy: 1 }]);
  });

  it('says why what is not healthy was not rolled back, of the revision that is there', () => {
    const syncs = [syncState('infra', 'live', { revision: 'b', result: 'unhealthy' })];
    const refused = (revision: string) =>
      record(5, 'infra was not rolled back: its last commit is no bump', { kind: 'rollback-refused', revision });
    const remarks = (timeline: AuditRecord[]) =>
      systemStatus({ ...quiet, syncs, timeline }, new Date(begun)).syncs[0]?.remarks;
    expect(remarks([refused('b')])).toEqual(['not rolled back: its last commit is no bump']);
    expect(remarks([refused('a')])).toEqual([]);
  });

  it('does not call well what nobody has looked at for long: where all is silent there is no incident', () => {
    const { verdict, clusters } = systemStatus(quiet, new Date(begun + 3 * 3_600_000));
    expect(verdict).toEqual({ is: 'bad', text: 'live: it is not checked' });
    expect(clusters).toMatchObject([{ cluster: 'live', troubles: ['it is not checked'] }]);
  });

  it('does not make a program of a screen', async () => {
    const { code, stderr } = await windlass(at('status', '--watch', '--json'));
    expect([code, stderr]).toEqual([2, expect.stringContaining('give one')]);
  });
});

describe('windlass image list', () => {
  it('shows each policy with its places, and why Git does not follow it', async () => {
    const { code, stdout } = await windlass(at('image', 'list'));
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        'web     held',
        '  1.4.0 in Git, newest 1.4.0',
        '  registry.example.com/shop/web, semver >=1.0.0',
        '  Ada keeps 1.4.0 until a tag after 1.5.0 is there: it loses orders',
        '  apps/prod/web.yaml:1  registry.example.com/shop/web:1.4.0',
        'worker  not looked at yet',
        '  nothing in Git',
        '  registry.example.com/shop/worker, semver >=1.0.0',
        '  no marker or target names it',
        '',
      ].join('\n'),
    );
  });

  it('is asked about one of them, and says which may be meant', async () => {
    const { stdout } = await windlass(at('image', 'list', 'image/web', '--json'));
    const { images } = JSON.parse(stdout) as { images: { image: string; places: unknown }[] };
    expect(images).toMatchObject([
      { image: 'web', places: [{ file: 'apps/prod/web.yaml', line: 1, value: 'registry.example.com/shop/web:1.4.0' }] },
    ]);
    const { code, stderr } = await windlass(at('image', 'list', 'image/wep'));
    expect([code, stderr]).toEqual([2, expect.stringContaining('did you mean "web"?')]);
    expect((await windlass(at('image', 'list', 'web'))).stderr).toContain('write image/NAME');
  });

  it('says first that no loop runs, and then what AWS lacks', async () => {
    const env = { HOME: dir, PATH: process.env['PATH'], AWS_EC2_METADATA_DISABLED: 'true' };
    const { code, stderr } = await windlass(['image', 'list'], { cwd: dir, env });
    expect([code, stderr]).toEqual([2, expect.stringContaining('no loop runs on .windlass (--dir names')]);
  });

  it('breaks no words on a terminal', async () => {
    const { stdout } = await windlass(at('image', 'list'), { columns: 50 });
    expect(stdout).toContain('\n  registry.example.com/shop/web, semver >=1.0.0\n');
    expect(stdout).toMatch(/ {2}Ada keeps 1\.4\.0 until a tag after 1\.5\.0 is\n +there: it loses orders\n/);
  });

  it('says who suspended an image, beside the hold that it is under', async () => {
    const suspends = { 'suspends/web.1.yaml': () => 'image: web\nwho: Bo\nwhy: the sale runs\n' };
    await commitChange(clone, suspends, 'Suspend web');
    const { stdout } = await windlass(at('image', 'list', 'image/web', '--json'));
    expect(JSON.parse(stdout)).toMatchObject({
      images: [
        {
          standing: 'held',
          why: ['suspended by Bo: the sale runs', 'Ada keeps 1.4.0 until a tag after 1.5.0 is there: it loses orders'],
        },
      ],
    });
    await git(clone, 'rm', '--quiet', 'suspends/web.1.yaml');
    await git(clone, 'commit', '--quiet', '-m', 'Resume web');
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  });

  it('needs no records where the repo is named', async () => {
    // No loop runs in this directory, and no region or credentials lead to a stack.
    const alone = { cwd: dir, env: { HOME: dir, PATH: process.env['PATH'], XDG_CACHE_HOME: join(dir, 'cache') } };
    const { code, stdout } = await windlass(['image', 'list', '--repo', clone], alone);
    expect([code, stdout]).toEqual([0, expect.stringContaining('web     not looked at yet\n  1.4.0 in Git\n')]);
    const broken = join(dir, 'broken');
    await git(dir, 'clone', '--quiet', clone, broken);
    await writeFile(join(broken, 'windlass.yaml'), 'windlass: 1\nimages: [\n');
    await git(broken, 'commit', '--quiet', '--all', '-m', 'Break it');
    const { code: refused, stderr } = await windlass(['image', 'list', '--repo', broken], alone);
    expect([refused, stderr]).toEqual([2, expect.stringMatching(/windlass\.yaml is broken: windlass\.yaml:\d+:\d+: /)]);
  });
});

describe('windlass events', () => {
  it('shows the last records, the oldest first, and those that are wanted alone', async () => {
    const all = await windlass(at('events'));
    expect(all.stdout.indexOf('infra synced')).toBeLessThan(all.stdout.indexOf('web went from'));
    expect(all.stdout).toMatch(/^\d{4}-\d\d-\d\d UTC$/m);
    const { stdout } = await windlass(at('events', '--kind', 'bumped', '--image', 'web', '--json'));
    expect(JSON.parse(stdout)).toMatchObject({ events: [{ kind: 'bumped', revision: first }], more: false });
    const since = await windlass(at('events', '--since', '250s', '--json'));
    expect((JSON.parse(since.stdout) as { events: unknown[] }).events).toHaveLength(1);
    const none = await windlass(at('events', '--sync', 'shop-prod', '--kind', 'bumped'));
    expect([none.code, none.stdout]).toEqual([0, expect.stringMatching(/^nothing is recorded in the loop on/)]);
  });

  it('refuses what is no kind, no time, and nobody’s name', async () => {
    for (const [args, text] of [
      [['--kind', 'bump'], 'did you mean "bumped"?'],
      [['--since', 'yesterday'], '--since "yesterday" is no time'],
      [['--sync', 'shop-prd'], 'nothing is known of sync "shop-prd", did you mean "shop-prod"?'],
      [['--image', 'wep', '--json'], 'nothing is known of image "wep", did you mean "web"?'],
    ] as const) {
      const { code, stderr } = await windlass(at('events', ...args));
      expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
    }
  });

  it('follows what comes until it is told to stop, and ends with 0', async () => {
    const stop = new AbortController();
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    let text = '';
    stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    const running = main(at('events', '--follow', '--json'), {
      ...{ stdin: Readable.from([]), stdout, stderr, env: process.env, cwd: dir, now: () => new Date() },
      signal: stop.signal,
    });
    const seen = () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as AuditRecord).summary);
    try {
      await waitFor(async () => seen().length === 2, { what: 'the records that are there' });
      await local.records.append([record(1, 'one')]);
      await waitFor(async () => seen().includes('one'), { what: 'the first new record' });
      await local.records.append([record(60, 'one that is late'), record(0, 'two')]);
      await waitFor(async () => seen().includes('two'), { what: 'the next records' });
      expect(seen()).toEqual(['infra synced', 'web went from 1.3.0 to 1.4.0', 'one', 'one that is late', 'two']);
    } finally {
      stop.abort();
    }
    expect(await running).toBe(0);
  });
});

describe('a time ago', () => {
  it('is said as a person does', () => {
    expect([-5, 0, 119, 120, 7_199, 7_200, 172_800].map((seconds) => ago(secondsAgo(seconds), begun))).toEqual([
      ...['0 s ago', '0 s ago', '119 s ago', '2 min ago', '120 min ago', '2 h ago', '2 d ago'],
    ]);
  });
});
