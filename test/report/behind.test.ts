import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DriftFound } from '../../lib/model/messages.ts';
import { check, pull, time } from './reports.ts';
import { workIn } from './work-in.ts';

const behind = (at: number, more: Partial<DriftFound> = {}) =>
  check(at, [], { head: 'bbbb', behindSeconds: 60, ...more });
const errors = [{ code: 'invalid', message: 'no such field' }];

it('a sync that stays behind Git is told once, though Git moves on, and ends when it is applied', () => {
  const reports = [behind(0), behind(60), behind(61), behind(70, { head: 'cccc' })];
  const { told, open } = workIn(reports);
  expect(told).toEqual(['opened behind']);
  expect(open).toMatchObject([{ kind: 'behind', sync: 'shop-prod', firstSeenAt: time(0), openedAt: time(61) }]);
  expect(open[0]?.details?.[0]).toBe(
    'the cluster has aaaa, Git is at bbbb; behind since 2026-11-22T12:00:00Z or longer',
  );
  const end = 'resolved behind: applied';
  expect(workIn([...reports, pull(80, 81, [], { revision: 'cccc' })]).told).toEqual(['opened behind', end]);
  expect(workIn([...reports, behind(80, { revision: 'cccc', head: 'cccc' })]).told).toEqual(['opened behind', end]);
});

it('a sync that moves on is not behind, however far Git is ahead', () => {
  const moving = [
    ...[behind(0), behind(50), pull(52, 53, [], { revision: 'bbbb' })],
    ...[behind(90, { revision: 'bbbb', head: 'cccc' }), behind(140, { revision: 'bbbb', head: 'cccc' })],
  ];
  expect(workIn(moving).told).toEqual([]);
  expect(workIn([...moving, behind(151, { revision: 'bbbb', head: 'cccc' })]).told).toEqual(['opened behind']);
});

it('a sync that moved on to what is not the head ends the incident, and begins another time', () => {
  const partly = behind(80, { revision: 'bbbb', head: 'cccc' });
  const { told, state } = workIn([behind(0), behind(61), partly]);
  expect(told).toEqual(['opened behind', 'resolved behind: applied']);
  expect(state?.behindSince).toBe(time(80));
});

it('a sync that is suspended, or has nothing applied, or whose Git does not answer, is not told as behind', () => {
  expect(workIn([behind(0), behind(61, { suspended: true })]).told).toEqual([]);
  expect(workIn([behind(0, { revision: undefined }), behind(61, { revision: undefined })]).told).toEqual([]);
  expect(workIn([behind(0, { head: undefined }), behind(61, { head: undefined })]).told).toEqual([]);
  expect(workIn([check(0, [], { head: 'bbbb' }), check(99, [], { head: 'bbbb' })]).told).toEqual([]);
  const suspended = workIn([behind(0), behind(61), behind(70, { suspended: true })]);
  expect(suspended.told).toEqual(['opened behind', 'resolved behind: the sync was suspended']);
});

it('a head that could not be read once does not begin the time anew', () => {
  expect(workIn([behind(0), behind(30, { head: undefined }), behind(61)]).told).toEqual(['opened behind']);
});

it('a sync whose pulls fail is told as that alone', () => {
  const failed = pull(10, 11, [], { result: 'failed', errors, revision: 'bbbb' });
  expect(workIn([behind(0), failed, behind(61)]).told).toEqual(['opened sync-failed']);
});

it('a sync that was suspended while it failed and was behind is told of one thing at a time', () => {
  const failed = (at: number) => pull(at, at + 1, [], { result: 'failed', errors, revision: 'bbbb' });
  const suspended = [{ code: 'suspended', message: 'sync shop-prod is suspended by ada: the sale runs' }];
  const { told } = workIn([
    ...[behind(0), behind(61), failed(70), behind(80)],
    ...[pull(90, 91, [], { result: 'failed', errors: suspended }), behind(100, { suspended: true })],
    ...[behind(200), failed(210), behind(300), pull(310, 311, [], { revision: 'bbbb' })],
    check(320, [], { revision: 'bbbb', head: 'bbbb', behindSeconds: 60 }),
  ]);
  expect(told).toEqual([
    ...['opened behind', 'opened sync-failed'],
    ...['resolved behind: the sync was suspended', 'resolved sync-failed: synced again'],
  ]);
});

it('a check that began before the pull ended says nothing about it', () => {
  const applied = pull(10, 20, [], { revision: 'bbbb' });
  expect(
    workIn([applied, behind(15), check(90, [], { revision: 'bbbb', head: 'bbbb', behindSeconds: 60 })]).told,
  ).toEqual([]);
  expect(workIn([applied, behind(15)]).state?.behindSince).toBeUndefined();
});

it('Git that went back ends it as well', () => {
  expect(workIn([behind(0), behind(61), behind(70, { head: 'aaaa' })]).told.at(-1)).toBe(
    'resolved behind: changed in Git',
  );
});

it('the order and repeats of checks change nothing about what is open', () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 6 });
  const delivered = times.chain((all) =>
    fc.tuple(
      fc.constant(all.sort((a, b) => a - b)),
      fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }),
    ),
  );
  fc.assert(
    fc.property(delivered, ([inOrder, any]) => {
      const last = behind(Math.max(...inOrder) + 61);
      const open = (all: number[]) => workIn([...all.map((at) => behind(at)), last]).open.map(({ kind }) => kind);
      expect(open(any)).toEqual(open(inOrder));
      expect(workIn(any.map((at) => behind(at))).state?.behindSince).toBe(time(inOrder[0]!));
    }),
    { numRuns: 500 },
  );
});
