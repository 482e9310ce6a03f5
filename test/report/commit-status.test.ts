import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectHealth, SyncReported } from '../../lib/model/messages.ts';
import { nextStatus, oneLine, worstOf } from '../../lib/report/commit-status.ts';
import type { ToldStatus } from '../../lib/report/ports.ts';
import { pull } from './reports.ts';

const prod = (more: Partial<SyncReported>) => pull(0, 1, [], { environment: 'prod', ...more });
const health = (...all: [object: string, status: ObjectHealth['status'], reason?: string][]): ObjectHealth[] =>
  all.map(([object, status, reason = status]) => ({ object, status, reason }));
const said = (told: ToldStatus | undefined, report: SyncReported) => {
  const status = nextStatus(told, report);
  return status && [status.state, status.description];
};
const synced = prod({ result: 'synced' });
const progressing = prod({ result: 'progressing' });
const web = 'apps/Deployment/shop/web';
const worker = 'apps/Deployment/shop/worker';
const crashing = prod({
  result: 'unhealthy',
  health: health([worker, 'InProgress', '0 of 1 ready'], [web, 'Failed', 'crashes: exit code 1']),
});
const broken = prod({
  result: 'failed',
  errors: [{ code: 'yaml', message: 'a tab\nand more', file: 'a.yaml', line: 3, column: 1, source: 'password: x' }],
});

describe('the status of a commit', () => {
  it.each<[string, SyncReported, string, string]>([
    ['healthy', synced, 'success', 'synced to prod, healthy'],
    ['on its way', progressing, 'pending', 'rolling out in prod'],
    ['what failed comes first', crashing, 'failure', `not healthy in prod: ${web}: crashes: exit code 1`],
    [
      'late',
      prod({ result: 'unhealthy', health: health([web, 'Current'], [worker, 'InProgress', '0 of 1 ready']) }),
      'failure',
      `not healthy in prod: ${worker}: 0 of 1 ready`,
    ],
    ['unhealthy without a reason', prod({ result: 'unhealthy' }), 'failure', 'not healthy in prod'],
    ['the first line of the first error', broken, 'error', 'could not be synced to prod: a.yaml:3:1: a tab'],
    [
      'an object that was refused',
      prod({ result: 'failed', errors: [{ code: 'apply-invalid', message: 'no such field', object: web }] }),
      'error',
      `could not be synced to prod: ${web}: no such field`,
    ],
    [
      'suspended by somebody',
      prod({ result: 'failed', errors: [{ code: 'suspended', message: 'sync shop is suspended by ada: a sale' }] }),
      'pending',
      'not synced to prod: sync shop is suspended by ada: a sale',
    ],
    ['without an environment', pull(0, 1, [], { cluster: 'eks-1' }), 'success', 'synced to eks-1, healthy'],
  ])('says how the sync stands (%s)', (_, report, state, description) => {
    expect(said(undefined, report)).toEqual([state, description]);
  });

  it.each<[string, SyncReported, SyncReported, boolean]>([
    ['the same', synced, synced, false],
    ['the end of a roll-out', progressing, synced, true],
    ['a failure after health', synced, crashing, true],
    ['an error after health', synced, broken, true],
    ['health after a failure', crashing, synced, true],
    ['a roll-out after an error', broken, progressing, true],
    ['pods that restart', synced, progressing, false],
    ['a container that runs between two crashes', crashing, progressing, false],
    [
      'the same object with another text',
      crashing,
      prod({ result: 'unhealthy', health: health([web, 'InProgress', 'back-off 40s']) }),
      false,
    ],
    [
      'another object beside it',
      crashing,
      prod({ result: 'unhealthy', health: health([worker, 'Failed'], [web, 'InProgress']) }),
      false,
    ],
    [
      'another object instead',
      crashing,
      prod({ result: 'unhealthy', health: health([worker, 'Failed'], [web, 'Current']) }),
      true,
    ],
    [
      'an error with other numbers',
      prod({ result: 'failed', errors: [{ code: 'net', message: 'timed out after 3012 ms, id 0a1b2c3d4e' }] }),
      prod({ result: 'failed', errors: [{ code: 'net', message: 'timed out after 77 ms, id ffffffff00' }] }),
      false,
    ],
    [
      'another error',
      broken,
      prod({ result: 'failed', errors: [{ code: 'yaml', message: 'a tab', file: 'b' }] }),
      true,
    ],
  ])('is told when it says something new (%s)', (_, before, after, isNew) => {
    expect(nextStatus(nextStatus(undefined, before), after) !== undefined).toBe(isNew);
  });

  it('is one line of at most 140 characters, without control characters or half ones, and never told twice', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    const reports = fc.record({
      result: fc.constantFrom('synced', 'progressing', 'unhealthy', 'failed'),
      health: fc.array(
        fc.record({
          object: text,
          status: fc.constantFrom('Current', 'InProgress', 'Failed', 'Unknown'),
          reason: text,
        }),
        { maxLength: 4 },
      ),
      errors: fc.array(fc.record({ code: text, message: text }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(reports, (more) => {
        const report = prod(more);
        const status = nextStatus(undefined, report)!;
        expect(status.description.length).toBeLessThanOrEqual(140);
        expect(status.description.isWellFormed()).toBe(true);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
        expect(status.description).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
        expect(nextStatus(status, report)).toBeUndefined();
      }),
    );
  });

  it('is cut between two characters', () => {
    expect(oneLine('a'.repeat(140))).toBe('a'.repeat(140));
    expect(oneLine('a'.repeat(141))).toBe(`${'a'.repeat(139)}…`);
    expect(oneLine(`${'a'.repeat(138)}🚀🚀`)).toBe(`${'a'.repeat(138)}…`);
    expect(oneLine('first\nsecond')).toBe('first');
  });
});

describe('the worst of several', () => {
  const status = (state: ToldStatus['state'], description: string = state): ToldStatus => ({ state, description });

  it.each<[ToldStatus['state'][], ToldStatus['state']]>([
    [['success', 'success'], 'success'],
    [['success', 'pending'], 'pending'],
    [['pending', 'failure', 'success'], 'failure'],
    [['failure', 'error'], 'error'],
  ])('decides (%j)', (states, expected) => {
    const all = Object.fromEntries(states.map((state, index) => [`sync-${index}`, status(state)]));
    expect(worstOf(all, undefined)?.state).toBe(expected);
  });

  it('stays what was told among equals, whatever the order', () => {
    const all = { b: status('failure', 'b is down'), a: status('failure', 'a is down') };
    expect(worstOf(all, undefined)?.description).toBe('a is down');
    expect(worstOf(all, status('failure', 'b is down'))?.description).toBe('b is down');
    expect(worstOf(all, status('failure', 'c is down'))?.description).toBe('a is down');
    expect(worstOf({}, undefined)).toBeUndefined();
  });
});
