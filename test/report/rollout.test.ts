import { describe, expect, it } from 'vitest';
import type { ObjectChange } from '../../lib/model/change-set.ts';
import type { SyncReported } from '../../lib/model/messages.ts';
import type { ToldStatus, ToldSync } from '../../lib/report/ports.ts';
import { type CommitReport, isRollout, sayingsOf } from '../../lib/report/rollout.ts';
import { changed, pull, time } from './reports.ts';

const web = 'apps/Deployment/shop-prod/web';
const write = (more: Partial<ObjectChange> = {}): ObjectChange[] => [{ object: web, action: 'configured', ...more }];
const at = (revision: string, more: Partial<SyncReported> = {}): CommitReport => ({
  ...pull(10, 11, [], { environment: 'prod', ...more }),
  revision,
});
const told = (revision: string, state: ToldStatus['state'], unfinished?: string): ToldSync => ({
  ...{
    sync: 'shop-prod',
    at: time(1),
    revision,
    status: { state, description: state === 'success' ? 'synced to prod, healthy' : state },
  },
  ...(unfinished === undefined ? {} : { unfinished }),
});

describe('a roll-out', () => {
  it.each<[string, CommitReport, ToldSync | undefined, boolean]>([
    ['nothing was written', at('a'), undefined, false],
    ['something was skipped', at('a', { changes: write({ action: 'skipped' }) }), undefined, false],
    ['something was written', at('a', { changes: write() }), undefined, true],
    ['something was pruned', at('a', { changes: write({ action: 'pruned' }) }), told('z', 'success'), true],
    ['drift was healed', at('a', { changes: write({ reason: 'drift' }), drift: [changed()] }), undefined, false],
    [
      'what drifted changed in Git, too',
      at('a', { changes: write({ reason: 'changed in Git' }), drift: [changed()] }),
      undefined,
      true,
    ],
    ['the commit was healthy before', at('a', { changes: write() }), told('a', 'success'), false],
    ['the commit failed before', at('a', { changes: write() }), told('a', 'error'), true],
  ])('is told from what a pull wrote (%s)', (_, report, before, expected) => {
    expect(isRollout(report, before)).toBe(expected);
  });
});

describe('what is said on commits', () => {
  const states = (before: ToldSync | undefined, report: CommitReport, rollout = false) => {
    const { status, finished, unfinished } = sayingsOf(before, report, rollout);
    return { status: status?.state, finished: finished && [finished.revision, finished.status.state], unfinished };
  };
  const progressing = { result: 'progressing' } as const;
  const inDoubt: ToldSync = { sync: 'shop-prod', at: time(1), revision: 'a', unfinished: 'a' };
  const failed = { result: 'failed', errors: [{ code: 'yaml', message: 'a tab' }] } as const;

  const suspended: Partial<SyncReported> = {
    ...{ result: 'failed', errors: [{ code: 'suspended', message: 'sync shop is suspended by ada: the sale runs' }] },
  };
  const waiting = (revision: string, unfinished?: string): ToldSync => {
    const status = sayingsOf(undefined, at(revision, suspended), false).status;
    return { ...told(revision, 'pending', unfinished), ...(status && { status }) };
  };

  it.each<[string, ToldSync | undefined, CommitReport, boolean, Partial<ReturnType<typeof states>>]>([
    ['a roll-out begins', undefined, at('a', progressing), true, { status: 'pending' }],
    ['a commit that brought nothing waits for the end', undefined, at('a', progressing), false, {}],
    ['it ends', told('a', 'pending'), at('a'), false, { status: 'success' }],
    ['nothing is new', told('a', 'success'), at('a'), false, {}],
    ['the next commit', told('a', 'success'), at('b'), false, { status: 'success' }],
    ['another commit in its midst', told('a', 'pending'), at('b', progressing), false, { unfinished: 'a' }],
    [
      'it ends at another commit',
      told('a', 'pending'),
      at('b'),
      false,
      { status: 'success', finished: ['a', 'success'] },
    ],
    [
      'another commit cannot be applied in its midst',
      told('a', 'pending'),
      at('b', { ...failed, errors: [...failed.errors] }),
      false,
      { status: 'error', unfinished: 'a' },
    ],
    ['that is mended', told('b', 'error', 'a'), at('b'), false, { status: 'success', finished: ['a', 'success'] }],
    [
      'the end was told here, and is still to be told there',
      told('b', 'success', 'a'),
      at('b'),
      false,
      { finished: ['a', 'success'] },
    ],
    ['a commit waits for a person', told('a', 'success'), at('b', suspended), false, { status: 'pending' }],
    ['what a person stopped was healthy here', told('a', 'success'), at('a', suspended), false, {}],
    [
      'a person stops the sync in its midst',
      told('a', 'pending'),
      at('b', suspended),
      false,
      { status: 'pending', unfinished: 'a' },
    ],
    ['a person goes on stopping it', waiting('b'), at('b', suspended), false, {}],
    [
      'a commit comes that waits, too',
      waiting('b', 'a'),
      at('c', suspended),
      false,
      { status: 'pending', unfinished: 'a' },
    ],
    ['it goes on', waiting('b', 'a'), at('c'), false, { status: 'success', finished: ['a', 'success'] }],
    ['it begins when it goes on', waiting('b'), at('c', progressing), true, { status: 'pending' }],
    ['it began, and the answer got lost', inDoubt, at('a'), false, { status: 'success' }],
    [
      'it began, the answer got lost, and it ends at another commit',
      inDoubt,
      at('b'),
      false,
      { status: 'success', finished: ['a', 'success'] },
    ],
    ['another commit takes its place', told('a', 'pending'), at('b', progressing), true, { status: 'pending' }],
    [
      'another commit takes its place, later',
      told('b', 'error', 'a'),
      at('b', progressing),
      true,
      { status: 'pending' },
    ],
    [
      'it was healthy and is not any more',
      told('a', 'success'),
      at('a', { result: 'unhealthy' }),
      false,
      { status: 'failure' },
    ],
  ])('follows the roll-out (%s)', (_, before, report, rollout, expected) => {
    expect(states(before, report, rollout)).toEqual({
      status: undefined,
      finished: undefined,
      unfinished: undefined,
      ...expected,
    });
  });
});
