import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  broughtBy,
  isDeployed,
  nextRollout,
  type PullOutcome,
  type Rollout,
  type RolloutSoFar,
} from '../../lib/model/rollout.ts';

type Row = [revision: string | undefined, result: PullOutcome['result'], brought?: number];

/** The roll-outs that pulls make, one a minute, each as `revision: brought?, minute of its health, of its failure`. */
function told(...rows: Row[]): string[] {
  const seen = new Map<string, string>();
  let before: RolloutSoFar = {};
  rows.forEach(([revision, result, brought = 0], minute) => {
    const rollout = nextRollout(before, { at: `${minute}`, revision, result, brought });
    if (rollout !== undefined) seen.set(`${rollout.revision} ${rollout.at}`, textOf(rollout));
    before = { rollout, settled: result === 'synced' ? revision : before.settled, result };
  });
  return [...seen.values()];
}

function textOf({ revision, brought, healthyAt = '-', failedAt = '-' }: Rollout): string {
  return `${revision}: ${brought ? 'brought' : 'tried'}, healthy ${healthyAt}, failed ${failedAt}`;
}

describe('a roll-out', () => {
  it.each<[string, Row[], string[]]>([
    ['is healthy with the pull that brought it', [['a', 'synced', 1]], ['a: brought, healthy 0, failed -']],
    [
      'is healthy with a later pull, once',
      [
        ['a', 'progressing', 1],
        ['a', 'progressing'],
        ['a', 'synced'],
        ['a', 'synced'],
      ],
      ['a: brought, healthy 2, failed -'],
    ],
    [
      'is none of a commit that brings nothing, whose pull may end the one before',
      [
        ['a', 'progressing', 1],
        ['b', 'synced'],
      ],
      ['a: brought, healthy 1, failed -'],
    ],
    [
      'is none of what only puts right, nor of what the same revision brings when it had settled',
      [
        ['a', 'synced', 1],
        ['a', 'synced', 0],
        ['a', 'synced', 2],
      ],
      ['a: brought, healthy 0, failed -'],
    ],
    [
      'fails when it becomes unhealthy, at once or later',
      [
        ['a', 'unhealthy', 1],
        ['a', 'synced'],
        ['b', 'synced', 1],
        ['b', 'unhealthy'],
        ['c', 'unhealthy'],
      ],
      ['a: brought, healthy 1, failed 0', 'b: brought, healthy 2, failed 3'],
    ],
    [
      'ends without a verdict when the next one comes',
      [
        ['a', 'progressing', 1],
        ['b', 'progressing', 1],
      ],
      ['a: brought, healthy -, failed -', 'b: brought, healthy -, failed -'],
    ],
    [
      'fails when it cannot be applied, and is the fault of the first revision that cannot',
      [
        ['a', 'synced', 1],
        ['b', 'failed'],
        ['c', 'failed'],
        ['d', 'synced', 1],
      ],
      ['a: brought, healthy 0, failed -', 'b: tried, healthy -, failed 1', 'd: brought, healthy 3, failed -'],
    ],
    [
      'that was tried may be brought by a later pull',
      [
        ['a', 'failed'],
        ['a', 'synced', 3],
      ],
      ['a: brought, healthy 1, failed 0'],
    ],
    [
      'does not fail by a pull that fails when it was healthy: the cluster was out of reach',
      [
        ['a', 'synced', 1],
        ['a', 'failed'],
        [undefined, 'failed'],
      ],
      ['a: brought, healthy 0, failed -'],
    ],
    [
      'goes back to an older revision, too',
      [
        ['a', 'synced', 1],
        ['b', 'synced', 1],
        ['a', 'synced', 1],
      ],
      ['a: brought, healthy 0, failed -', 'b: brought, healthy 1, failed -', 'a: brought, healthy 2, failed -'],
    ],
  ])('%s', (_, rows, expected) => {
    expect(told(...rows)).toEqual(expected);
  });

  it('never takes back that it was healthy, or failed', () => {
    const row = fc.record({
      revision: fc.constantFrom('a', 'b', undefined),
      result: fc.constantFrom<PullOutcome['result'][]>('synced', 'progressing', 'unhealthy', 'failed'),
      brought: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
        let before: RolloutSoFar = {};
        rows.forEach((one, minute) => {
          const last = before.rollout;
          const rollout = nextRollout(before, { ...one, at: String(minute).padStart(3, '0') });
          if (last !== undefined && rollout?.at === last.at) {
            expect(rollout.healthyAt).toBe(last.healthyAt ?? rollout.healthyAt);
            expect(rollout.failedAt).toBe(last.failedAt ?? rollout.failedAt);
            if (isDeployed(last)) expect(isDeployed(rollout)).toBe(true);
          }
          const settled = one.result === 'synced' ? one.revision : before.settled;
          before = { rollout, settled, result: one.result };
        });
      }),
    );
  });

  it('is brought by what a pull wrote, save what had drifted and Git did not change', () => {
    const drift = [{ object: 'ConfigMap/a/b', state: 'changed' as const, fields: [] }];
    const written = { object: 'ConfigMap/a/b', action: 'configured' as const };
    expect(broughtBy({ changes: [written], drift })).toBe(0);
    expect(broughtBy({ changes: [{ ...written, reason: 'changed in Git' }], drift })).toBe(1);
    expect(broughtBy({ changes: [written, { object: 'ConfigMap/a/c', action: 'skipped' }], drift: [] })).toBe(1);
    expect(broughtBy({ changes: [{ object: 'ConfigMap/a/c', action: 'pruned' }], drift })).toBe(1);
  });
});
