import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectDrift } from '../../lib/model/drift.ts';
import type { Incident } from '../../lib/model/incident.ts';
import type { ObjectHealth, Report } from '../../lib/model/messages.ts';
import type { SyncState } from '../../lib/model/state.ts';
import { noTransitions } from '../../lib/report/draft.ts';
import { nextIncidents } from '../../lib/report/incidents.ts';
import { recordsFor } from '../../lib/report/records.ts';
import { nextState } from '../../lib/report/state.ts';
import { added, changed, check, missing, pull, time } from './reports.ts';

/** Works reports in one after the other, as the flow does, and keeps what people would be told. */
function workIn(reports: Report[]) {
  let state: SyncState | undefined;
  let open: Incident[] = [];
  let last: Incident[] = [];
  const told: string[] = [];
  for (const report of reports) {
    const next = nextIncidents({ state, open, last }, report);
    told.push(
      ...next.opened.map((one) => `opened ${one.object ?? one.kind}`),
      ...next.changed.map((one) => `changed ${one.object ?? one.kind}`),
      ...next.resolved.map((one) => `resolved ${one.object ?? one.kind}: ${one.resolution}`),
    );
    const ended = next.resolved.map((one) => one.key);
    open = [
      ...open.filter((one) => !next.changed.some((other) => other.key === one.key)),
      ...next.opened,
      ...next.changed,
    ];
    open = open.filter((one) => !ended.includes(one.key));
    last = [...last, ...next.resolved];
    state = nextState(state, report);
  }
  return { open, told, state, last };
}

const web = 'apps/Deployment/shop-prod/web';

describe('incidents of drift that checks find, whatever a puller says', () => {
  const minutes = (count: number) => count * 60;
  const checkEach = (minute: number) => check(minutes(minute), [changed()]);

  it('open though pulls that come first say each time that they looked later and nothing drifts', () => {
    const ahead = (minute: number) => pull(minutes(minute) + 14 * 60, minutes(minute) + 14 * 60 + 1);
    const upTo = (last: number) =>
      workIn(
        [0, 10, 20, 30].filter((minute) => minute <= last).flatMap((minute) => [ahead(minute), checkEach(minute)]),
      );
    expect(upTo(10).told).toEqual([]);
    expect(upTo(20)).toMatchObject({
      told: [`opened ${web}`],
      open: [{ openedAt: time(minutes(20)), firstSeenAt: time(0) }],
      state: { drifted: 1, seenAt: time(minutes(34)) },
    });
    // What it says to be over is told anew by the next check.
    expect(upTo(30).told).toEqual([`opened ${web}`, `resolved ${web}: undone by hand`, `opened ${web}`]);
  });

  it('end with a check that pulls outran where nobody declared what it found: no pull looks for that', () => {
    const pod: ObjectDrift = { object: 'Pod/shop-prod/debug', state: 'unmanaged', fields: [] };
    const ahead = pull(minutes(20), minutes(21));
    expect(workIn([check(0, [pod]), ahead, check(minutes(10))]).open).toEqual([]);
    expect(workIn([checkEach(0), pull(minutes(20), minutes(21), [changed()]), check(minutes(10))]).open).toHaveLength(
      1,
    );
    expect(workIn([check(minutes(11), [pod]), check(minutes(10))]).open).toHaveLength(1);
  });

  it('open though pulls say each time that they put it right since', () => {
    const healing = (minute: number) => pull(minutes(minute) + 1, minutes(minute) + 2, [changed()], { healed: true });
    const { open } = workIn([0, 10, 20].flatMap((minute) => [healing(minute), checkEach(minute)]));
    expect(open).toMatchObject([{ object: web, openedAt: time(minutes(20)) }]);
  });

  it('open with a grace period, too, as soon as checks find it for as long', () => {
    const grace = { graceSeconds: minutes(25) };
    const clean = (minute: number) => pull(minutes(minute) - 1, minutes(minute) - 0.5, [], grace);
    const upTo = (last: number) =>
      [0, 10, 20, 30]
        .filter((minute) => minute <= last)
        .flatMap((minute) => [clean(minute), check(minutes(minute), [changed()], grace)]);
    expect(workIn(upTo(20)).open).toEqual([]);
    expect(workIn(upTo(30)).open).toMatchObject([{ object: web, firstSeenAt: time(0) }]);
  });

  it('stay shut for what one check between did not find, and for a check that comes again', () => {
    const healing = pull(minutes(20) + 1, minutes(20) + 2, [changed()], { healed: true });
    const gone = workIn([checkEach(0), check(minutes(10)), healing, checkEach(20)]);
    expect(gone.open).toEqual([]);
    const again = workIn([checkEach(0), checkEach(20), healing, checkEach(20)]);
    expect(again.told).toEqual([`opened ${web}`, `resolved ${web}: converged by pull`]);
  });

  it('stay as they are in a state that an older Windlass left', () => {
    const { state } = workIn([pull(minutes(25), minutes(26)), checkEach(0)]);
    delete state?.found;
    expect(nextIncidents({ state, open: [], last: [] }, checkEach(20)).opened).toEqual([]);
    expect(nextState(state, checkEach(20)).found).toEqual([{ object: web, since: time(minutes(20)) }]);
  });

  it('keep what a check could not read, or cut off, among what checks find', () => {
    const unknown = [{ object: 'apps/Deployment', reason: 'forbidden' }];
    for (const more of [{ unknown }, { cut: 3 }]) {
      const { state } = workIn([checkEach(0), check(minutes(10), [], more)]);
      expect(state?.found).toEqual([{ object: web, since: time(0) }]);
    }
    expect(workIn([checkEach(0), check(minutes(10))]).state?.found).toBeUndefined();
  });
});

describe('incidents of drift', () => {
  it('open once, stay quiet while nothing changes, and resolve when a pull put things right', () => {
    const { told, open } = workIn([
      check(0),
      check(10, [changed()]),
      check(20, [changed()]),
      pull(25, 26, [changed()], { healed: true }),
      check(30),
    ]);
    expect(told).toEqual([`opened ${web}`, `resolved ${web}: converged by pull`]);
    expect(open).toEqual([]);
  });

  it('open and resolve at once when the pull sees the edit first', () => {
    const { told, last } = workIn([pull(5, 6, [changed()], { healed: true }), check(10)]);
    expect(told).toEqual([`opened ${web}`, `resolved ${web}: converged by pull`]);
    expect(last[0]).toMatchObject({ openedAt: time(5), resolvedAt: time(6) });
  });

  it('do not open again for a check that raced the pull and came late', () => {
    const { told } = workIn([
      pull(5, 6, [changed()], { healed: true }),
      check(5.5, [changed()]),
      check(4, [changed()]),
    ]);
    expect(told).toEqual([`opened ${web}`, `resolved ${web}: converged by pull`]);
  });

  it('are told once when the check saw the edit, and its end, before the waiting pull reported', () => {
    const { told } = workIn([
      check(0, [changed()]),
      check(15, [], { appliedAt: time(6) }),
      pull(5, 60, [changed()], { healed: true }),
      check(75),
    ]);
    expect(told).toEqual([`opened ${web}`, `resolved ${web}: converged by pull`]);
  });

  it('change when another edit is made, not when the time alone differs', () => {
    const later = changed();
    later.fields[0]!.time = '2026-11-22T12:02:00Z';
    const { told } = workIn([check(0, [changed()]), check(10, [later]), check(20, [changed('web', 'web:other')])]);
    expect(told).toEqual([`opened ${web}`, `changed ${web}`]);
  });

  it('say that a person undid the edit, or that Git was changed', () => {
    expect(workIn([check(0, [changed()]), check(10)]).told.at(-1)).toBe(`resolved ${web}: undone by hand`);
    const moved = workIn([check(0, [changed()]), check(10, [], { revision: 'bbbb' })]);
    expect(moved.told.at(-1)).toBe(`resolved ${web}: changed in Git`);
    const takesOver = { healed: true, notHealed: [], adopted: [web], revision: 'bbbb' };
    const adopted = workIn([check(0, [changed()]), pull(5, 6, [changed(), changed('api')], takesOver)]);
    expect(adopted.told).toContain('resolved apps/Deployment/shop-prod/api: converged by pull');
    expect(adopted.told).toContain(`resolved ${web}: changed in Git`);
  });

  it('stay open while the object cannot be read', () => {
    const unknown = [{ object: 'apps/Deployment', reason: 'forbidden' }];
    const { told, open } = workIn([check(0, [changed()]), check(10, [], { unknown }), check(20, [changed()])]);
    expect(told).toEqual([`opened ${web}`]);
    expect(open).toHaveLength(1);
    const all = [{ object: '*', reason: 'no answer' }];
    expect(workIn([check(0, [changed()]), check(10, [], { unknown: all })]).open).toHaveLength(1);
    const other = [{ object: 'apps/DaemonSet', reason: 'forbidden' }];
    expect(workIn([check(0, [changed()]), check(10, [], { unknown: other })]).open).toHaveLength(0);
  });

  it('stay open after a pull that failed before it could look', () => {
    const errors = [{ code: 'yaml-syntax', message: 'a tab' }];
    const failed = pull(5, 6, [], { result: 'failed', errors });
    expect(workIn([check(0, [changed()]), failed]).open.map((one) => one.kind)).toEqual(['drift', 'sync-failed']);
  });

  it('stay open for what a person added as long as it is there, though the pull healed the rest', () => {
    const drift = [added(), missing('a')];
    const { told, open } = workIn([
      check(0, drift),
      pull(5, 6, drift, { healed: true }),
      check(10, [added()]),
      pull(15, 16, [added()], { healed: true }),
      check(20, [added()]),
    ]);
    expect(told).toEqual([
      `opened ${web}`,
      'opened ConfigMap/shop-prod/a',
      'resolved ConfigMap/shop-prod/a: converged by pull',
    ]);
    expect(open).toHaveLength(1);
    const gone = pull(5, 6, [added()], { healed: true, changes: [{ object: web, action: 'configured' }] });
    expect(workIn([check(0, [added()]), gone]).open).toEqual([]);
  });

  it('end as healed one by one, though another one has what no apply can remove', () => {
    const label = { ...added(), object: 'PersistentVolumeClaim/shop-prod/data' };
    const drift = [added(), label, changed('api')];
    const changes = [added().object, changed('api').object].map((object) => ({
      object,
      action: 'configured' as const,
    }));
    const healing = pull(0, 1, drift, { changes, notHealed: [label.object] });
    const { told, open, state } = workIn([healing, check(10, [label])]);
    expect(told.slice(3)).toEqual([
      `resolved ${web}: converged by pull`,
      'resolved apps/Deployment/shop-prod/api: converged by pull',
    ]);
    expect(open.map(({ object }) => object)).toEqual([label.object]);
    expect(state?.drifted).toBe(1);
    // One that says that it left something does not heal it, though it wrote the object.
    const half = { ...healing, notHealed: [label.object, web] };
    expect(workIn([half]).open.map(({ object }) => object)).toEqual([web, label.object]);
  });

  it('are open, and stay so, with self-heal off', () => {
    const { told } = workIn([pull(0, 1, [changed()]), pull(10, 11, [changed()]), check(15, [changed()]), pull(20, 21)]);
    expect(told).toEqual([`opened ${web}`, `resolved ${web}: undone by hand`]);
  });

  it('are one for many objects, quiet while these come back one by one', () => {
    const many = Array.from({ length: 25 }, (_, index) => missing(`m${String(index).padStart(2, '0')}`));
    const { told, open } = workIn([
      check(0, many),
      check(10, many.slice(0, 22)),
      check(20, many.slice(0, 5)),
      check(30, [...many.slice(0, 5), changed()]),
    ]);
    expect(told).toEqual(['opened drift', 'changed drift']);
    expect(open.map((one) => [one.kind, one.object])).toEqual([['drift', undefined]]);
    expect(open[0]?.many?.objects).toContain('ConfigMap/shop-prod/m04 missing');
    const healed = workIn([check(0, many), pull(5, 6, many, { healed: true }), check(10)]);
    expect(healed.told).toEqual(['opened drift', 'resolved drift: converged by pull']);
    const first = workIn([pull(5, 6, many, { healed: true }), check(5.5, many), check(10)]);
    expect(first.told).toEqual(['opened drift', 'resolved drift: converged by pull']);
  });

  it('keep their own incident when many others drift', () => {
    const many = Array.from({ length: 25 }, (_, index) => missing(`m${index}`));
    const { open } = workIn([check(0, [changed()]), check(10, [changed(), ...many])]);
    expect(open.map((one) => one.object)).toEqual([web, undefined]);
  });

  it('have a key that is unique over time and sorts by it', () => {
    const { last } = workIn([check(0, [changed()]), check(10), check(20, [changed()]), check(30)]);
    const keys = last.map((one) => one.key);
    expect(new Set(keys).size).toBe(2);
    expect([...keys].sort()).toEqual(keys);
    expect(keys[0]).toMatch(/^2026-11-22T12:00:00\.000Z-drift-[0-9a-f]{16}$/);
  });
});

describe('incidents of failures', () => {
  const errors = [{ code: 'invalid', message: 'spec.replicas: -1 is not allowed (try 17)', object: web }];

  it('open when a sync fails, stay quiet while it fails alike, and end when it syncs', () => {
    const again = [{ ...errors[0]!, message: 'spec.replicas: -1 is not allowed (try 18)' }];
    const { told } = workIn([
      pull(0, 1, [], { result: 'failed', errors }),
      pull(10, 11, [], { result: 'failed', errors: again }),
      pull(20, 21, [], { result: 'failed', errors: [{ code: 'invalid', message: 'other' }] }),
      pull(30, 31),
    ]);
    expect(told).toEqual(['opened sync-failed', 'changed sync-failed', 'resolved sync-failed: synced again']);
  });

  it('are told once while several objects fail in another order each time', () => {
    const many = Array.from({ length: 250 }, (_, index) => ({
      code: 'invalid',
      message: 'no',
      object: `ConfigMap/a/m${index}`,
    }));
    const reports = [many, [...many].reverse(), [...many.slice(100), ...many.slice(0, 100)]].map((all, index) =>
      pull(index * 10, index * 10 + 1, [], { result: 'failed', errors: all }),
    );
    expect(workIn(reports).told).toEqual(['opened sync-failed']);
    const { state } = workIn(reports.slice(0, 1));
    expect(recordsFor(reports[1]!, state, noTransitions)).toEqual([]);
    const [first, ...rest] = many.slice(0, 20);
    const few = workIn([pull(0, 1, [], { result: 'failed', errors: [first!, ...rest] })]);
    const turned = pull(10, 11, [], { result: 'failed', errors: [...rest, first!] });
    expect(recordsFor(turned, few.state, noTransitions)).toEqual([]);
    expect(recordsFor({ ...turned, errors: rest }, few.state, noTransitions)).not.toEqual([]);
  });

  it('open when a sync is unhealthy and end when all is healthy, not before', () => {
    const health = [{ object: web, status: 'Failed' as const, reason: 'CrashLoopBackOff' }];
    const { told } = workIn([
      pull(0, 1, [], { result: 'unhealthy', health }),
      pull(10, 11, [], { result: 'progressing' }),
      pull(20, 21, [], { result: 'failed', errors }),
      pull(30, 31),
    ]);
    expect(told).toEqual([
      'opened unhealthy',
      'opened sync-failed',
      'resolved sync-failed: synced again',
      'resolved unhealthy: healthy again',
    ]);
  });

  it('tell of what failed alone, and once while it goes on failing', () => {
    const sick = (at: number, web: [ObjectHealth['status'], string], worker: ObjectHealth['status'] = 'Current') =>
      pull(at, at + 1, [], {
        result: 'unhealthy',
        health: [
          { object: 'web', status: web[0], reason: web[1] },
          { object: 'worker', status: worker, reason: 'its controller has not seen it yet' },
        ],
      });
    const crashing: [ObjectHealth['status'], string] = ['Failed', 'pod web-1: container web: CrashLoopBackOff'];
    const { told, open } = workIn([
      sick(0, crashing),
      sick(10, crashing, 'InProgress'),
      sick(20, ['InProgress', '0 of 1 replica is available']),
      sick(30, ['Failed', 'its progress deadline has passed']),
    ]);
    expect(told).toEqual(['opened unhealthy']);
    expect(open[0]?.details).toEqual(['web: Failed, pod web-1: container web: CrashLoopBackOff']);
    expect(workIn([sick(0, crashing), sick(10, ['Current', ''], 'InProgress')]).told).toEqual([
      'opened unhealthy',
      'changed unhealthy',
    ]);
    expect(workIn([sick(0, ['InProgress', 'late']), sick(10, crashing)]).told).toEqual([
      'opened unhealthy',
      'changed unhealthy',
    ]);
  });

  it('do not open for what pulls are writing, however long that takes, and end for what they only write', () => {
    const writing = [{ object: web, reason: 'a pull is writing it', beingWritten: true }];
    const forbidden = [{ object: 'apps/Deployment', reason: 'forbidden' }];
    const checks = (unknown: typeof forbidden, from: number) =>
      [0, 10, 20, 30, 40].map((at) => check(from + at, [], { unknown }));
    expect(workIn(checks(writing, 0)).told).toEqual([]);
    expect(workIn([...checks(writing, 0), ...checks([...writing, ...forbidden], 100)]).told).toEqual([
      'opened unknown',
    ]);
    expect(workIn(checks([...writing, ...forbidden], 0)).open[0]?.details).toEqual(['apps/Deployment: forbidden']);
    expect(workIn([...checks(forbidden, 0), ...checks(writing, 100)]).told).toEqual([
      'opened unknown',
      'resolved unknown: readable again',
    ]);
    // What drifted before and is being written stays open.
    expect(workIn([check(0, [changed()]), check(10, [], { unknown: writing })]).open).toHaveLength(1);
  });

  it('open for what cannot be read only when that lasts', () => {
    const unknown = [{ object: '*', reason: 'never pulled' }];
    const blind = [0, 10, 20, 30].map((at) => check(at, [], { unknown }));
    expect(workIn(blind.slice(0, 2)).told).toEqual([]);
    expect(workIn([...blind.slice(0, 2), check(25), check(30, [], { unknown })]).told).toEqual([]);
    expect(workIn([...blind, check(40)]).told).toEqual(['opened unknown', 'resolved unknown: readable again']);
  });
});

describe('any order of delivery', () => {
  // A made-up afternoon: at each step the objects that differ, looked at by a check or put right by a pull.
  const step = fc.record({
    gap: fc.integer({ min: 1, max: 20 }),
    lasts: fc.integer({ min: 0, max: 30 }),
    kind: fc.constantFrom('check', 'pull', 'healing pull'),
    drifting: fc.subarray(['a', 'b', 'c']),
  });
  const afternoon = fc.array(step, { maxLength: 8 }).map((steps) => {
    let now = 0;
    let pullEnds = 0;
    const reports = steps.map(({ gap, lasts, kind, drifting }): Report => {
      now += gap;
      const drift = drifting.map((name) => missing(name));
      if (kind === 'check') return check(now, drift);
      // Pulls of one sync follow each other; checks fall into them. No two times are the same.
      const from = Math.max(now, Math.ceil(pullEnds)) + 0.25;
      pullEnds = from + lasts + 0.35;
      return pull(from, pullEnds, drift, { healed: kind === 'healing pull' });
    });
    return reports.sort((a, b) => (a.at < b.at ? -1 : 1));
  });
  const openObjects = (reports: Report[]) =>
    workIn(reports)
      .open.map((one) => one.object)
      .sort();

  it('ends with the same open incidents', () => {
    const shuffled = afternoon.chain((reports) =>
      fc.tuple(
        fc.constant(reports),
        fc.shuffledSubarray([...reports, ...reports], { minLength: reports.length * 2, maxLength: reports.length * 2 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([inOrder, delivered]) => {
        expect(openObjects(delivered)).toEqual(openObjects(inOrder));
      }),
      { numRuns: 2_000 },
    );
  });

  it('tells nothing for a report that comes twice', () => {
    fc.assert(
      fc.property(afternoon, (reports) => {
        expect(workIn(reports.flatMap((report) => [report, report])).told).toEqual(workIn(reports).told);
        expect(workIn([...reports, ...reports]).open).toEqual(workIn(reports).open);
      }),
      { numRuns: 1_000 },
    );
  });

  it('resolves only what was opened, once each', () => {
    fc.assert(
      fc.property(
        afternoon.chain((reports) => fc.shuffledSubarray(reports)),
        (reports) => {
          const { told, open } = workIn(reports);
          const count = (word: string) => told.filter((line) => line.startsWith(word)).length;
          expect(count('opened')).toBe(count('resolved') + open.length);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
