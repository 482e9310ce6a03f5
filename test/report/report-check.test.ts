import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { CheckReported, Notice, SyncReported } from '../../lib/model/messages.ts';
import { report } from '../../lib/report/report.ts';
import { reportCheck } from '../../lib/report/report-check.ts';
import { openRecords } from './records.ts';
import { pull, time } from './reports.ts';

const limits = { puller: 1_800, checker: 1_800, held: 7 * 86_400 };
const hour = 3_600;
const day = 24 * hour;

/** A check of the cluster that ended at a second. */
const checked = (at: number, more: Partial<CheckReported> = {}): CheckReported => ({
  type: 'CheckReported',
  run: `check-${more.cluster ?? 'prod'}-${at}`,
  startedAt: time(at - 5),
  at: time(at),
  cluster: 'prod',
  syncs: ['shop-prod'],
  objects: 12,
  failed: [],
  stopped: [],
  limits,
  ...more,
});

describe('what pullers and checks tell of each other', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let notices: Notice[];
  const send = async (...messages: (CheckReported | SyncReported)[]) => {
    const deps = { records, notices: { send: async (notice: Notice) => void notices.push(notice) } };
    for (const one of messages) await (one.type === 'CheckReported' ? reportCheck(one, deps) : report(one, deps));
  };
  const told = () => notices.map(({ kind, title }) => `${kind.slice('incident-'.length)} ${title}`);

  beforeEach(async () => {
    ({ records, close } = await openRecords());
    notices = [];
  });
  afterEach(() => close());

  it('says nothing while both are at work, and keeps that the cluster was checked', async () => {
    await send(pull(0, 1), checked(60), pull(600, 601), checked(660));
    expect(notices).toEqual([]);
    expect(await records.clusterState('prod')).toEqual({
      ...{ cluster: 'prod', checkedAt: time(660), syncs: ['shop-prod'], objects: 12, limits, blindChecks: 0 },
      stopped: [],
    });
  });

  it('a puller that does not report is told once, and when it reports again', async () => {
    await send(pull(0, 1), checked(1_801), checked(1_802), checked(2_000));
    expect(told()).toEqual(['opened the puller of prod does not report']);
    expect(notices[0]).toMatchObject({ about: 'puller-silent', cluster: 'prod', at: time(1_802) });
    expect(notices[0]?.lines[0]).toContain('its last report is of 2026-11-22T12:00:01Z');
    await send(pull(2_100, 2_101), checked(2_200), checked(2_300));
    expect(told().slice(1)).toEqual([
      'resolved the puller of prod does not report: resolved, the puller reports again (open for 6 min)',
    ]);
  });

  it('a puller of several syncs is not silent while one of them reports', async () => {
    const syncs = ['shop-prod', 'infra'];
    await send(pull(0, 1), pull(1_700, 1_701, [], { sync: 'infra' }), checked(2_000, { syncs }));
    expect(notices).toEqual([]);
  });

  it('a cluster that nobody ever pulled, or that has no syncs any more, has no silent puller', async () => {
    await send(checked(9_000));
    expect(notices).toEqual([]);
    await send(pull(9_001, 9_002), checked(20_000), checked(20_100, { syncs: [] }));
    expect(told()).toEqual([
      'opened the puller of prod does not report',
      expect.stringContaining('resolved, changed in Git'),
    ]);
  });

  it('a silent puller whose syncs all gave way to new ones does not report again by that', async () => {
    await send(pull(0, 1), checked(2_000), checked(2_060, { syncs: ['cart-prod'] }));
    expect(told().at(-1)).toMatch(/does not report: resolved, changed in Git/);
  });

  it('a check that does not run any more is told by the pulls, once, and when it runs again', async () => {
    await send(checked(0), pull(1_799, 1_800));
    expect(notices).toEqual([]);
    // Several syncs, in any order.
    await send(pull(1_900, 1_901), pull(1_890, 1_891, [], { sync: 'infra' }), pull(2_500, 2_501));
    expect(told()).toEqual(['opened prod is not checked for drift any more']);
    expect(notices[0]).toMatchObject({ about: 'checker-stale', cluster: 'prod', at: time(1_800) });
    await send(checked(3_000), pull(3_100, 3_101));
    expect(told()[1]).toContain('resolved, the check runs again');
    expect(await records.openIncidents()).toEqual([]);
  });

  it('two pulls that find it at the same time tell the same notice', async () => {
    await send(checked(0));
    const both = [pull(1_900, 1_901), pull(1_890, 1_891, [], { sync: 'infra' })];
    await Promise.all(both.map((one) => send(one)));
    expect(new Set(notices.map(({ incident, at, kind }) => `${kind} ${incident} ${at}`)).size).toBe(1);
    expect(await records.openIncidents()).toHaveLength(1);
  });

  it('a team without a scheduled check hears nothing of it', async () => {
    await send(pull(0, 1), pull(9 * day, 9 * day + 1));
    expect(notices).toEqual([]);
  });

  it('a cluster that cannot be looked at is one incident, after three checks in a row, until it can', async () => {
    const unreachable = 'connect ETIMEDOUT 10.0.0.1:443';
    await send(pull(0, 1), checked(10, { unreachable }), checked(20, { unreachable }), checked(30));
    await send(checked(40, { unreachable }), checked(50, { unreachable }));
    expect(notices).toEqual([]);
    await send(checked(60, { unreachable }), checked(70, { unreachable: 'connect ETIMEDOUT 10.0.0.2:443' }));
    expect(told()).toEqual(['opened prod cannot be checked for drift']);
    expect(notices[0]).toMatchObject({ about: 'unknown', cluster: 'prod', lines: [unreachable] });
    await send(checked(80));
    expect(told()[1]).toContain('resolved, readable again');
  });

  it('a cluster that left windlass.yaml ends what is open about it, and nobody misses its checks', async () => {
    const clusters = ['dev', 'prod'];
    const dev = (at: number, more: Partial<CheckReported> = {}) => checked(at, { cluster: 'dev', syncs: [], ...more });
    await send(pull(0, 1), checked(2_000, { clusters }), dev(2_001, { clusters }));
    expect(told()).toEqual(['opened the puller of prod does not report']);
    // The heartbeat of the first cluster tells, and an old one does not.
    await send(dev(1_999, { clusters: ['dev'] }));
    expect(notices).toHaveLength(1);
    await send(dev(2_100, { clusters: ['dev'] }));
    expect(told().slice(1)).toEqual([
      expect.stringContaining('the puller of prod does not report: resolved, changed in Git'),
    ]);
    expect(await records.openIncidents()).toEqual([]);
    await send(pull(9_000, 9_001), dev(9_100, { clusters: ['dev'] }));
    expect(notices).toHaveLength(2);
    // It is back.
    await send(checked(9_200, { clusters }), pull(12_000, 12_001));
    expect(told().slice(2)).toEqual(['opened prod is not checked for drift any more']);
  });

  it('a cluster that left with nothing open about it is not missed either', async () => {
    const clusters = ['dev', 'prod'];
    await send(checked(10, { clusters }), checked(11, { cluster: 'dev', syncs: [], clusters }));
    await send(checked(2_000, { cluster: 'dev', syncs: [], clusters: ['dev'] }), pull(9_000, 9_001));
    expect(notices).toEqual([]);
  });

  it('syncs that could not be checked at all are named', async () => {
    const failed = [{ sync: 'shop-prod', reason: 'the role may not be assumed' }];
    await send(pull(0, 1), checked(10, { failed }), checked(20, { failed }), checked(30, { failed }));
    expect(notices).toMatchObject([
      { title: 'prod cannot be checked fully for drift', lines: ['shop-prod: the role may not be assumed'] },
    ]);
  });

  it('syncs that could not be checked are counted where they are too many to be named', async () => {
    const failed = Array.from({ length: 60 }, (_, index) => ({ sync: `shop-${index}`, reason: 'forbidden' }));
    const cut = { failed: 7 };
    await send(checked(10, { failed, cut }), checked(20, { failed, cut }), checked(30, { failed, cut }));
    const [incident] = await records.openIncidents();
    expect(incident?.details?.at(-1)).toBe('and 17 more');
  });

  it('the incidents of two clusters are apart', async () => {
    const dev = { cluster: 'dev', syncs: ['shop-dev'] };
    const pulled = [pull(0, 1), pull(0, 1, [], { cluster: 'dev', sync: 'shop-dev' })];
    await send(...pulled, checked(2_000), checked(2_000, dev));
    expect((await records.openIncidents()).map(({ cluster }) => cluster).sort()).toEqual(['dev', 'prod']);
    await send(pull(2_100, 2_101), checked(2_200));
    expect((await records.openIncidents()).map(({ cluster }) => cluster)).toEqual(['dev']);
  });

  it('what is stopped for long is told once whatever clusters are checked, and when it is released', async () => {
    const stop = { file: 'suspends/shop.1.yaml', what: 'sync shop', who: 'ada', why: 'the sale runs' };
    const stopped = [{ ...stop, at: time(0) }];
    await send(checked(7 * day, { stopped }), checked(7 * day + 1, { stopped }));
    await send(checked(7 * day + 2, { stopped, cluster: 'dev' }), checked(7 * day + 3, { stopped, cluster: 'dev' }));
    expect(told()).toEqual(['opened sync shop: stopped for long by ada']);
    expect(notices[0]).toMatchObject({ about: 'held-long' });
    expect(notices[0]?.lines).toEqual([
      'since 2026-11-22T12:00:00Z: the sale runs',
      'delete suspends/shop.1.yaml when it is no longer needed',
    ]);
    await send(checked(8 * day), checked(8 * day - 1, { stopped, cluster: 'dev' }));
    expect(told().slice(1)).toEqual([expect.stringContaining('resolved, released')]);
    expect(await records.openIncidents()).toEqual([]);
  });

  it('where a file does not say since when, the first check that saw it does', async () => {
    const stopped = [{ file: 'holds/web.1.yaml', what: 'image web, held at 1.4.0', who: 'ada', why: 'it leaks' }];
    await send(checked(0, { stopped }), checked(6 * day, { stopped }), checked(6.5 * day, { stopped: undefined }));
    expect(notices).toEqual([]);
    await send(checked(7 * day + 1, { stopped }));
    expect(notices[0]?.lines[0]).toBe('since 2026-11-22T12:00:00Z: it leaks');
  });

  it('what is stopped is told by the heartbeats of one cluster alone, which may come at the same time as those of others', async () => {
    const clusters = ['dev', 'prod'];
    const stopped = [{ file: 'suspends/shop.1.yaml', what: 'sync shop', who: 'ada', why: 'it rains', at: time(0) }];
    const deps = { records, notices: { send: async (notice: Notice) => void notices.push(notice) } };
    const beats = clusters.map((cluster, i) => checked(8 * day + i, { cluster, clusters, stopped }));
    await Promise.all(beats.map((beat) => reportCheck(beat, deps)));
    expect(told()).toEqual(['opened sync shop: stopped for long by ada']);
  });

  it('what is stopped is not released by a cluster that has seen the file for a short time', async () => {
    const stopped = [{ file: 'holds/web.1.yaml', what: 'image web', who: 'ada', why: 'it leaks' }];
    await send(checked(0, { stopped }), checked(8 * day, { stopped }));
    await send(checked(8 * day + 60, { stopped, cluster: 'dev' }));
    expect(told()).toEqual(['opened image web: stopped for long by ada']);
    expect(await records.openIncidents()).toHaveLength(1);
  });

  it('a head that could not be read releases nothing', async () => {
    const stopped = [{ file: 'holds/web.1.yaml', what: 'image web', who: 'ada', why: 'it leaks', at: time(0) }];
    await send(checked(8 * day, { stopped }), checked(8 * day + 60, { stopped: undefined }));
    expect(await records.openIncidents()).toHaveLength(1);
  });

  it('a message that comes again, or late, changes nothing', async () => {
    const all = [pull(0, 1), checked(2_000), pull(2_100, 2_101), checked(2_200)];
    await send(...all, checked(2_000), checked(1_900), checked(2_200));
    expect(told()).toHaveLength(2);
    expect(await records.openIncidents()).toEqual([]);
    expect((await records.clusterState('prod'))?.checkedAt).toBe(time(2_200));
  });

  it('one that broke off does the rest when it comes again, and tells the same notice', async () => {
    await send(pull(0, 1));
    const deps = { notices: { send: async (notice: Notice) => void notices.push(notice) } };
    const broken = new Proxy(records, {
      get: (target, key) => {
        if (key === 'saveClusterState') {
          return async () => {
            throw new RetryableError('the table is throttled', { code: 'records-throttled' });
          };
        }
        const value = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await expect(reportCheck(checked(2_000), { ...deps, records: broken })).rejects.toBeInstanceOf(RetryableError);
    await send(checked(2_000));
    expect(told()).toEqual(['opened the puller of prod does not report']);
    expect((await records.about('run:check-prod-2000', { limit: 10 })).map(({ kind }) => kind)).toEqual([
      'incident-opened',
    ]);
  });
});
