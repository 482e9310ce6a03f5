import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectDrift } from '../../lib/model/drift.ts';
import type { DriftFound, Report, SyncReported } from '../../lib/model/messages.ts';
import { changed, check, missing, pull, time } from './reports.ts';
import { workIn } from './work-in.ts';

const web = 'apps/Deployment/shop-prod/web';
const grace = { graceSeconds: 60 };
const checked = (at: number, drift: ObjectDrift[] = [], more: Partial<DriftFound> = {}) =>
  check(at, drift, { ...grace, ...more });
const pulled = (from: number, to: number, drift: ObjectDrift[] = [], more: Partial<SyncReported> = {}) =>
  pull(from, to, drift, { ...grace, ...more });
const many = Array.from({ length: 30 }, (_, index) => missing(`m${String(index).padStart(2, '0')}`));

describe('with a grace period', () => {
  it('drift is told when a look as long after the first one still shows it, with when it was first seen', () => {
    const { told, open, quiet } = workIn([checked(0, [changed()]), checked(59, [changed()]), checked(60, [changed()])]);
    expect(told).toEqual([`opened ${web}`]);
    expect(open).toMatchObject([{ openedAt: time(60), firstSeenAt: time(0) }]);
    expect(quiet).toEqual([]);
  });

  it('drift that heals meanwhile is told to nobody, and is in the audit trail once, with how it ended', () => {
    const byHand = workIn([checked(0, [changed()]), checked(30), checked(30), checked(90, [])]);
    expect(byHand).toMatchObject({ told: [], quiet: [`${web}: undone by hand`], open: [] });
    expect(byHand.state?.pending).toBeUndefined();
    const healing = pulled(40, 41, [changed()], { healed: true });
    const byPull = workIn([checked(0, [changed()]), healing, healing, checked(50)]);
    expect(byPull).toMatchObject({ told: [], quiet: [`${web}: converged by pull`], open: [] });
    const byGit = workIn([checked(0, [changed()]), checked(30, [], { revision: 'bbbb' })]);
    expect(byGit).toMatchObject({ told: [], quiet: [`${web}: changed in Git`] });
  });

  it('a pull that sees and heals at once tells nobody', () => {
    const healing = pulled(5, 6, [changed()], { healed: true });
    expect(workIn([healing, checked(5.5, [changed()]), checked(10)])).toMatchObject({
      told: [],
      quiet: [`${web}: converged by pull`],
      open: [],
    });
  });

  it('what drifts again after it was well begins anew', () => {
    const { told } = workIn([checked(0, [changed()]), checked(30), checked(50, [changed()]), checked(80, [changed()])]);
    expect(told).toEqual([]);
    const healing = pulled(30, 31, [changed()], { healed: true });
    const again = workIn([checked(0, [changed()]), healing, checked(50, [changed()]), checked(80, [changed()])]);
    expect(again.told).toEqual([]);
  });

  it('what could not be read, or is left out, or was cut off meanwhile, did not heal', () => {
    const unread = { unknown: [{ object: 'apps/Deployment', reason: 'forbidden' }] };
    for (const more of [unread, { leftOut: ['apps/Deployment'] }, { cut: 3 }]) {
      const { told, quiet } = workIn([checked(0, [changed()]), checked(30, [], more), checked(60, [changed()])]);
      expect([told, quiet]).toEqual([[`opened ${web}`], []]);
    }
    const failed = pulled(30, 31, [], { result: 'failed' });
    expect(workIn([checked(0, [changed()]), failed, checked(60, [changed()])]).told[0]).toBe('opened sync-failed');
    expect(workIn([checked(0, [changed()]), failed, checked(60, [changed()])]).told).toContain(`opened ${web}`);
  });

  it('what could not be read and is put right by a pull is over, and told to nobody', () => {
    const unread = { unknown: [{ object: 'apps/Deployment', reason: 'forbidden' }] };
    const healing = pulled(40, 41, [changed()], { healed: true });
    const reports = [checked(0, [changed()]), checked(30, [], unread), healing, checked(45, [], unread), checked(90)];
    expect(workIn(reports)).toMatchObject({ told: [], quiet: [`${web}: converged by pull`], open: [] });
    expect(workIn(reports).state?.pending).toBeUndefined();
  });

  it('a pull that heals later than the grace opens and resolves', () => {
    const { told, quiet } = workIn([
      checked(0, [changed()]),
      pulled(70, 71, [changed()], { healed: true }),
      checked(80),
    ]);
    expect(told).toEqual([`opened ${web}`, `resolved ${web}: converged by pull`]);
    expect(quiet).toEqual([]);
  });

  it('an open incident changes at once, and nothing but its end is told of it', () => {
    const other = changed('web', 'web:other');
    const { told } = workIn([checked(0, [changed()]), checked(60, [changed()]), checked(70, [other]), checked(80)]);
    expect(told).toEqual([`opened ${web}`, `changed ${web}`, `resolved ${web}: undone by hand`]);
  });

  it('many objects are one incident after it, and those that begin to drift later are added after theirs', () => {
    const one = workIn([checked(0, many), checked(30, many), checked(60, many), checked(70, [...many, changed()])]);
    expect(one.told).toEqual(['opened drift']);
    expect(one.open).toMatchObject([
      { firstSeenAt: time(0), title: '30 objects of shop-prod drifted, 30 of them are missing' },
    ]);
    const later = workIn([
      ...[checked(0, many), checked(60, many), checked(70, [...many, changed()])],
      ...[checked(100, [...many, changed()]), checked(130, [...many, changed()]), checked(140, [])],
    ]);
    expect(later.told).toEqual(['opened drift', 'changed drift', 'resolved drift: undone by hand']);
  });

  it('many that heal within it are told to nobody', () => {
    const { told, quiet, state } = workIn([checked(0, many), checked(30, many.slice(0, 5)), checked(40)]);
    expect(told).toEqual([]);
    expect(quiet).toHaveLength(30);
    expect(state?.pending).toBeUndefined();
  });

  it('of thousands only some are kept, and all are told', () => {
    const thousands = Array.from({ length: 3_000 }, (_, index) => missing(`m${String(index).padStart(4, '0')}`));
    const { told, open, state } = workIn([checked(0, thousands), checked(30, thousands), checked(60, thousands)]);
    expect(told).toEqual(['opened drift']);
    expect(open[0]?.title).toBe('3000 objects of shop-prod drifted, 3000 of them are missing');
    expect(state?.pending?.objects).toHaveLength(500);
    expect(JSON.stringify(state).length).toBeLessThan(60_000);
  });

  it('the state keeps little of what is in an object', () => {
    const long = changed();
    long.fields = Array.from({ length: 50 }, (_, index) => ({ path: `data.k${index}`, live: 'x'.repeat(50_000) }));
    const { state } = workIn([checked(0, [long])]);
    expect(state?.pending?.objects[0]?.drift?.fields).toHaveLength(10);
    expect(JSON.stringify(state).length).toBeLessThan(5_000);
  });

  it('that is switched on or off meanwhile closes nothing that is open and forgets what waits', () => {
    const on = workIn([check(0, many), checked(30, many), checked(40, many.slice(0, 3))]);
    expect(on.told).toEqual(['opened drift']);
    const off = workIn([checked(0, [changed()]), check(30, [changed()])]);
    expect([off.told, off.state?.pending]).toEqual([[`opened ${web}`], undefined]);
  });
});

describe('with a grace period, in any order of delivery', () => {
  const step = fc.record({
    gap: fc.integer({ min: 1, max: 50 }),
    kind: fc.constantFrom('check', 'pull', 'healing pull'),
    drifting: fc.subarray(['a', 'b', 'c']),
  });
  const afternoon = fc.array(step, { maxLength: 8 }).map((steps) => {
    let now = 0;
    return steps.map(({ gap, kind, drifting }): Report => {
      now += gap;
      const drift = drifting.map((name) => missing(name));
      if (kind === 'check') return checked(now, drift);
      now += 1;
      return pulled(now - 0.5, now, drift, { healed: kind === 'healing pull' });
    });
  });
  const objects = (reports: Report[]) =>
    workIn(reports)
      .open.map(({ object }) => object)
      .sort();

  it('nothing is told or recorded twice for reports that come twice', () => {
    fc.assert(
      fc.property(afternoon, (reports) => {
        const [once, twice] = [workIn(reports), workIn(reports.flatMap((report) => [report, report]))];
        expect([twice.told, twice.quiet, twice.open]).toEqual([once.told, once.quiet, once.open]);
        expect(workIn([...reports, ...reports]).open).toEqual(once.open);
      }),
      { numRuns: 1_000 },
    );
  });

  it('the same is open as soon as what drifts was seen for as long as the grace', () => {
    const shuffled = afternoon.chain((reports) =>
      fc.tuple(fc.constant(reports), fc.shuffledSubarray([...reports, ...reports]), fc.subarray(['a', 'b', 'c'])),
    );
    fc.assert(
      fc.property(shuffled, ([inOrder, delivered, names]) => {
        const drift = names.map((name) => missing(name));
        const looks = [1_000, 1_060].map((at) => checked(at, drift));
        expect(objects([...delivered, ...looks])).toEqual(objects([...inOrder, ...looks]));
        expect(objects([...delivered, ...looks])).toEqual(drift.map(({ object }) => object));
      }),
      { numRuns: 1_000 },
    );
  });

  it('nothing is told that was not seen drifting for as long as the grace', () => {
    fc.assert(
      fc.property(afternoon, (reports) => {
        for (const { firstSeenAt, openedAt } of [...workIn(reports).open, ...workIn(reports).last])
          expect(Date.parse(openedAt) - Date.parse(firstSeenAt ?? openedAt)).toBeGreaterThanOrEqual(60_000);
      }),
      { numRuns: 1_000 },
    );
  });
});
