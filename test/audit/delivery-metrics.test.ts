import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveryMetrics } from '../../lib/audit/delivery-metrics.ts';
import { type ImageFact, imageFactOf, type TakenBack, takenBackOf } from '../../lib/audit/moves.ts';
import { type Pull, pullOf } from '../../lib/audit/pulls.ts';
import type { DeliveryFacts } from '../../lib/audit/timed-rollouts.ts';
import type { AuditRecord } from '../../lib/model/audit-record.ts';
import type { Incident } from '../../lib/model/incident.ts';

/** Minutes after midnight of the first day. */
const time = (minutes: number) => new Date(Date.UTC(2026, 10, 1) + minutes * 60_000).toISOString();
const day = 24 * 60;
const window = { from: time(0), to: time(10 * day) };

type Result = Pull['result'];

/** A pull that ended at a minute. */
const pull = (at: number, revision: string, brought = 1, result: Result = 'synced'): Pull => ({
  ...{ id: `pull-${at}-${revision}`, at: time(at), revision, brought, result },
});
const pushed = (at: number, tag: string, more: Partial<ImageFact & { kind: 'pushed' }> = {}): ImageFact => ({
  ...{ id: `push-${at}`, at: time(at), kind: 'pushed', events: [`e-${tag}`], tag },
  ...more,
});
const bumped = (at: number, revision: string, tag: string, events = [`e-${tag}`], digest?: string): ImageFact => ({
  ...{ id: `bump-${revision}`, at: time(at), kind: 'bumped', revision, tag, events, digest },
});
const back = (at: number, revision: string, reverted: string[], sync?: string, image = 'web'): ImageFact => ({
  ...{ id: `back-${revision}`, at: time(at), kind: 'rolled-back', revision },
  takenBack: { at: time(at), revision, image, reverted, ...(sync !== undefined && { sync }) },
});
const incident = (opened: number, over?: number, more: Partial<Incident> = {}): Incident => ({
  ...{ key: `${opened}-${more.sync ?? 'prod'}`, kind: 'unhealthy', sync: 'prod', title: 'prod is not healthy' },
  ...{ openedAt: time(opened), changedAt: time(opened), contentHash: 'x' },
  ...(over !== undefined && { resolvedAt: time(opened + over), resolution: 'healthy again' as const }),
  ...more,
});

/** What is known of the syncs `prod` and `staging` and the images `web` and `api`. */
interface Known {
  prod?: Pull[];
  staging?: Pull[];
  web?: ImageFact[];
  api?: ImageFact[];
  incidents?: Incident[];
  takenBack?: TakenBack[];
}

const factsOf = ({
  prod = [],
  staging = [],
  web = [],
  api = [],
  incidents = [],
  takenBack = [],
}: Known): DeliveryFacts => ({
  pulls: new Map(Object.entries({ prod, staging })),
  images: new Map(Object.entries({ web, api })),
  ...{ incidents, takenBack },
});
const measured = (known: Known) => deliveryMetrics(factsOf(known), window);

/** Before the window, so that nothing in it is the first of the sync. */
const earlier = pull(-60, 'a');
const minute = 60;

describe('the metrics of delivery', () => {
  it('are how often roll-outs become healthy, and how long that takes from the push and from the commit', () => {
    const { overall, syncs, images } = measured({
      prod: [earlier, pull(10, 'b', 1, 'progressing'), pull(12, 'b', 0), pull(1_510, 'c')],
      staging: [pull(-50, 'a'), pull(9, 'b')],
      web: [pushed(1, '1.1'), bumped(4, 'b', '1.1'), pushed(1_500, '1.2'), bumped(1_505, 'c', '1.2')],
    });
    // prod b: 11 and 8 minutes, prod c: 10 and 5, staging b: 8 and 5.
    expect(overall).toMatchObject({
      ...{ rollouts: 3, deployments: 3, perDay: 0.3, failed: 0, failureRate: 0, undecided: 0 },
      ...{ notBumped: 0, notPushed: 0 },
      leadFromPush: { count: 3, mean: (29 / 3) * minute, p50: 10 * minute, p95: 11 * minute },
      leadFromCommit: { count: 3, mean: 6 * minute, p50: 5 * minute, p95: 8 * minute },
    });
    expect(overall).not.toHaveProperty('restore');
    expect(syncs['prod']).toMatchObject({ deployments: 2, leadFromPush: { p95: 11 * minute } });
    expect(syncs['staging']).toMatchObject({ deployments: 1, leadFromCommit: { mean: 5 * minute } });
    expect(images).toEqual({ web: overall });
  });

  it('time a commit that moves several images by the one that was pushed first, and each by its own push', () => {
    const { overall, images } = measured({
      prod: [earlier, pull(20, 'b')],
      web: [pushed(5, '1.1'), bumped(15, 'b', '1.1')],
      api: [pushed(10, '2.1'), bumped(15, 'b', '2.1')],
    });
    expect(overall).toMatchObject({ deployments: 1, leadFromPush: { count: 1, mean: 15 * minute } });
    expect(images['web']!.leadFromPush!.mean).toBe(15 * minute);
    expect(images['api']!.leadFromPush!.mean).toBe(10 * minute);
  });

  it('are timed from the commit that an image was built of, where the image said when that was', () => {
    const from = (minutes: number, fact: ImageFact): ImageFact => ({ ...fact, sourceAt: time(minutes) }) as ImageFact;
    const { overall, images } = measured({
      prod: [earlier, pull(20, 'b'), pull(1_520, 'c'), pull(1_540, 'd')],
      web: [from(3, bumped(15, 'b', '1.1')), from(-30, bumped(1_510, 'c', '1.2')), bumped(1_530, 'd', '1.3')],
      api: [from(1, bumped(15, 'b', '2.1')), bumped(1_510, 'c', '2.2')],
    });
    expect(overall).toMatchObject({ deployments: 3, noSourceTime: 1 });
    expect(overall.leadFromSource).toMatchObject({ count: 2, p50: 19 * minute, p95: 1_550 * minute });
    expect(overall.periods.map(({ leadFromSource }) => leadFromSource).slice(0, 3)).toEqual([
      ...[19 * minute, 1_550 * minute, undefined],
    ]);
    expect(images['web']).toMatchObject({ noSourceTime: 1, leadFromSource: { count: 2, p50: 17 * minute } });
    expect(images['api']).toMatchObject({ noSourceTime: 1, leadFromSource: { count: 1, mean: 19 * minute } });
  });

  it('count what cannot be timed, and guess nothing', () => {
    const { overall } = measured({
      // The first pull ever, a person's commit, a bump that a sweep made, one on the way, one that was overtaken.
      prod: [
        pull(5, 'a'),
        pull(10, 'by hand'),
        pull(20, 'b'),
        pull(30, 'c', 1, 'progressing'),
        pull(40, 'd', 1, 'progressing'),
      ],
      web: [bumped(4, 'a', '1.0'), bumped(15, 'b', '1.1', []), bumped(25, 'c', '1.2'), bumped(35, 'd', '1.3')],
    });
    expect(overall).toMatchObject({
      ...{ rollouts: 5, deployments: 3, undecided: 2, notBumped: 2, notPushed: 1 },
      leadFromCommit: { count: 1, mean: 5 * minute },
    });
    expect(overall).not.toHaveProperty('leadFromPush');
  });

  it('know the push of a bump that a gate made wait for a sweep by its tag and digest', () => {
    const lead = (web: ImageFact[]) => measured({ prod: [earlier, pull(100, 'b')], web }).overall.leadFromPush?.mean;
    const swept = bumped(90, 'b', '1.1', [], 'sha256:new');
    expect(lead([pushed(10, '1.1'), swept])).toBe(90 * minute);
    expect(lead([pushed(10, '1.0'), pushed(95, '1.1'), swept])).toBeUndefined();
    // A tag that moves: the same digest counts, and the last push of it.
    const of = (at: number, digest: string) => pushed(at, '1.1', { digest });
    expect(lead([of(10, 'sha256:new'), of(40, 'sha256:new'), of(50, 'sha256:old'), swept])).toBe(60 * minute);
    // The bump keeps whole seconds.
    expect(lead([{ ...pushed(90, '1.1'), at: time(90).replace('.000Z', '.700Z') }, swept])).toBeCloseTo(599.3);
  });

  it('are how many fail: unhealthy, not to be applied, or rolled back before the next one', () => {
    const { overall, images } = measured({
      prod: [
        ...[earlier, pull(10, 'b', 1, 'unhealthy'), pull(20, 'c'), pull(30, 'd', 0, 'failed'), pull(40, 'e')],
        ...[pull(50, 'f'), pull(60, 'g'), pull(70, 'h', 1, 'progressing')],
      ],
      web: [bumped(5, 'b', '1.1'), bumped(45, 'f', '1.2'), bumped(1, 'e', '1.1.5'), back(55, 'g', ['f', 'e'])],
    });
    // b, d and f of b, c, d, e, f and g; of what went back only the newest counts, and h has no verdict yet. b and d never became healthy.
    expect(overall).toMatchObject({
      rollouts: 7,
      deployments: 4,
      failed: 3,
      rolledBack: 1,
      undecided: 1,
      failureRate: 0.5,
    });
    expect(images['web']).toMatchObject({ rollouts: 4, deployments: 3, failed: 2, rolledBack: 1 });
  });

  it('take what was rolled back in one sync for a failure there alone, also where it moved no image', () => {
    const { syncs } = measured({
      prod: [earlier, pull(10, 'b'), pull(20, 'c')],
      staging: [pull(-50, 'a'), pull(11, 'b'), pull(21, 'by hand')],
      web: [bumped(5, 'b', '1.1'), back(15, 'c', ['b'], 'prod')],
      takenBack: [{ at: time(25), reverted: ['by hand'], sync: 'staging' }],
    });
    expect(syncs['prod']).toMatchObject({ rollouts: 2, failed: 1, rolledBack: 1 });
    expect(syncs['staging']).toMatchObject({ rollouts: 2, failed: 1, rolledBack: 1 });
  });

  it('take the rollback of one image of a commit for no failure of the other image, nor of a sync without it', () => {
    const known = {
      staging: [pull(-50, 'a'), pull(11, 'b'), pull(21, 'c')],
      web: [bumped(5, 'b', '1.1'), back(15, 'c', ['b'])],
      api: [bumped(5, 'b', '2.1')],
    };
    // The rollback brings prod nothing; a puller may also see it first in a later commit.
    for (const [prod, others] of [
      [[pull(20, 'c', 0)], 0],
      [[pull(16, 'b', 0), pull(20, 'd', 0), pull(30, 'e')], 1],
      [[], 0],
    ] as const) {
      const { syncs, images } = measured({ ...known, prod: [earlier, pull(10, 'b'), ...prod] });
      expect(syncs['prod']).toMatchObject({ rollouts: 1 + others, failed: 0, rolledBack: 0 });
      expect(syncs['staging']).toMatchObject({ rollouts: 2, failed: 1, rolledBack: 1 });
      expect(images['api']).toMatchObject({ rollouts: 2, failed: 0, rolledBack: 0 });
      expect(images['web']).toMatchObject({ rollouts: 3, failed: 1, rolledBack: 1 });
    }
    const { syncs } = measured({ ...known, prod: [earlier, pull(10, 'b'), pull(20, 'd'), pull(30, 'e', 0)] });
    expect(syncs['prod']).toMatchObject({ failed: 1, rolledBack: 1 });
  });

  it('are how long it takes to restore a sync, by the image whose roll-out was in force', () => {
    const ended = { resolvedAt: time(99), resolution: 'nothing waits any more' as const };
    const { overall, syncs, images } = measured({
      prod: [earlier, pull(10, 'b', 1, 'unhealthy'), pull(20, 'c')],
      web: [bumped(5, 'b', '1.1')],
      incidents: [
        ...[incident(10, 10), incident(100, 30, { kind: 'sync-failed', resolution: 'synced again' }), incident(200)],
        ...[incident(300, 5, { sync: 'staging' }), incident(400, 5, { kind: 'drift' }), incident(-5, 1)],
        incident(50, undefined, ended),
      ],
    });
    expect(overall.restore).toEqual({ count: 3, mean: 15 * minute, p50: 10 * minute, p95: 30 * minute });
    expect(overall.down).toBe(1);
    expect(syncs['prod']!.restore!.count).toBe(2);
    expect(syncs['staging']).toMatchObject({ rollouts: 0, restore: { count: 1, mean: 5 * minute } });
    expect(images['web']!.restore).toMatchObject({ count: 1, mean: 10 * minute });
  });

  it('are of the roll-outs that began in the window alone', () => {
    const { overall } = measured({
      prod: [
        pull(-10, 'a', 1, 'progressing'),
        pull(5, 'a', 3),
        pull(10 * day - 1, 'b', 1, 'progressing'),
        pull(10 * day, 'c'),
      ],
    });
    expect(overall).toMatchObject({ rollouts: 1, deployments: 0, undecided: 1 });
  });

  it('are of the roll-outs that moved an image alone, where one is asked for', () => {
    const facts = factsOf({
      prod: [earlier, pull(10, 'b'), pull(20, 'by hand')],
      web: [bumped(5, 'b', '1.1')],
      incidents: [incident(12, 1), incident(25, 1)],
    });
    const { overall } = deliveryMetrics(facts, window, { onlyMoved: true });
    expect(overall).toMatchObject({ rollouts: 1, deployments: 1, restore: { count: 1 } });
  });

  it('have a course by days, or by weeks that end with the window', () => {
    const known = { prod: [earlier, pull(10, 'b'), pull(20, 'c', 1, 'unhealthy'), pull(10 * day - 1, 'd')] };
    const { period, overall } = measured({ ...known, web: [bumped(6, 'b', '1.1')], incidents: [incident(20, 7)] });
    expect([period, overall.periods.length]).toEqual(['day', 10]);
    expect(overall.periods[0]).toEqual({
      ...{ from: time(0), deployments: 1, failed: 1, leadFromCommit: 4 * minute, restore: 7 * minute },
    });
    expect(overall.periods[9]).toEqual({ from: time(9 * day), deployments: 1, failed: 0 });
    const long = deliveryMetrics(factsOf(known), { from: time(-29 * day), to: time(10 * day) });
    expect(long.period).toBe('week');
    expect(long.overall.periods.map(({ from }) => from)).toEqual(
      [-29, -25, -18, -11, -4, 3].map((days) => time(days * day)),
    );
    expect(long.overall.periods.map(({ deployments }) => deployments)).toEqual([0, 0, 0, 0, 2, 1]);
  });

  it('do not depend on the order of the records, nor on whether one is there twice', () => {
    const revision = fc.constantFrom('a', 'b', 'c', 'd');
    const minutes = fc.integer({ min: -day, max: 11 * day });
    const pulls = fc.uniqueArray(
      fc.tuple(minutes, revision, fc.nat(2), fc.constantFrom<Result[]>('synced', 'progressing', 'unhealthy', 'failed')),
      { maxLength: 20, selector: ([at]) => at },
    );
    const facts = fc.uniqueArray(
      fc.oneof(
        fc.tuple(minutes, fc.constantFrom('1', '2')).map(([at, tag]) => pushed(at, tag)),
        fc.tuple(minutes, revision, fc.constantFrom('1', '2')).map(([at, of, tag]) => bumped(at, of, tag)),
        fc.tuple(minutes, revision, revision).map(([at, of, from]) => back(at, `back-${of}`, [from])),
      ),
      { maxLength: 12, selector: ({ id }) => id },
    );
    const incidents = fc.uniqueArray(
      fc.tuple(minutes, fc.option(fc.nat(500), { nil: undefined })).map(([at, over]) => incident(at, over)),
      { maxLength: 6, selector: ({ key }) => key },
    );
    fc.assert(
      fc.property(pulls, facts, incidents, fc.infiniteStream(fc.nat()), (rows, web, open, random) => {
        const prod = rows.map((row) => pull(...row));
        const shuffled = <T>(all: readonly T[]) =>
          [...all, ...all.slice(0, 3)]
            .map((one) => [random.next().value, one] as const)
            .sort(([a], [b]) => a - b)
            .map(([, one]) => one);
        const metrics = measured({ prod, web, incidents: open });
        expect(measured({ prod: shuffled(prod), web: shuffled(web), incidents: shuffled(open) })).toEqual(metrics);
        const { rollouts, deployments, failed, undecided, periods } = metrics.overall;
        expect(failed + undecided).toBeLessThanOrEqual(rollouts);
        expect(deployments + undecided).toBeLessThanOrEqual(rollouts);
        expect(deployments + failed + undecided).toBeGreaterThanOrEqual(rollouts);
        expect(periods.reduce((sum, one) => sum + one.deployments, 0)).toBe(deployments);
      }),
    );
  });
});

describe('a record', () => {
  const record = (more: Partial<AuditRecord> & Record<'kind', string>): AuditRecord =>
    ({
      ...{ id: 'x', at: time(0), actor: 'windlass', subjects: [], result: 'ok', summary: '', revision: 'a' },
      ...more,
    }) as AuditRecord;

  it('of a pull says what it brought, without what it only put right', () => {
    const counts = { created: 1, configured: 2, pruned: 1, unchanged: 7, skipped: 3 };
    const details = { result: 'progressing', counts, putRight: 2 };
    expect(pullOf(record({ kind: 'synced', details }))).toMatchObject({ result: 'progressing', brought: 2 });
    expect(pullOf(record({ kind: 'sync-failed', details: {} }))).toMatchObject({ result: 'failed', brought: 0 });
    expect(pullOf(record({ kind: 'sync-suspended', details }))).toBeUndefined();
  });

  it('of an image is a push, a bump or a way back', () => {
    const details = { to: '1.2@sha256:f', from: ['1.1'], sourceTime: time(-5) };
    const subjects = ['image:web', 'revision:a', 'event:e1', 'event:e2'];
    expect(imageFactOf(record({ kind: 'bumped', subjects, details }))).toMatchObject({
      ...{ kind: 'bumped', revision: 'a', tag: '1.2', digest: 'sha256:f', events: ['e1', 'e2'] },
      sourceAt: time(-5),
    });
    const reverts = ['image:web', 'sync:prod', 'revision:a', 'revision:b', 'revision:c'];
    expect(imageFactOf(record({ kind: 'rolled-back', subjects: reverts }))).toMatchObject({
      ...{
        kind: 'rolled-back',
        revision: 'a',
        takenBack: { at: time(0), revision: 'a', image: 'web', reverted: ['b', 'c'], sync: 'prod' },
      },
    });
    expect(takenBackOf(record({ kind: 'rolled-back', subjects: ['revision:a', 'revision:b'] }))).toEqual({
      ...{ at: time(0), revision: 'a', reverted: ['b'] },
    });
    expect(takenBackOf(record({ kind: 'synced', subjects: ['revision:b'] }))).toBeUndefined();
    expect(
      imageFactOf(record({ kind: 'push-received', subjects, revision: undefined, details: { tag: '1.2' } })),
    ).toMatchObject({ kind: 'pushed', tag: '1.2', events: ['e1', 'e2'] });
    expect(imageFactOf(record({ kind: 'bump-skipped', subjects }))).toBeUndefined();
  });
});
