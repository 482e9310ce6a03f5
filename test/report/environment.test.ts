import { describe, expect, it } from 'vitest';
import type { SyncReported } from '../../lib/model/messages.ts';
import { type EnvironmentReport, joined } from '../../lib/report/environment.ts';
import type { ToldEnvironment } from '../../lib/report/ports.ts';
import { pull, time } from './reports.ts';

const at = (
  seconds: number,
  revision: string,
  result: SyncReported['result'] = 'synced',
  sync = 'shop-prod',
): EnvironmentReport => ({ ...pull(seconds - 1, seconds, [], { sync, result }), environment: 'prod', revision });
const opened = (revision = 'a', more: Partial<ToldEnvironment> = {}): ToldEnvironment => ({
  ...joined(undefined, at(10, revision, 'progressing'), true)!,
  ...more,
});
const parts = (told: ToldEnvironment | undefined) =>
  Object.fromEntries(Object.entries(told?.syncs ?? {}).map(([sync, { state }]) => [sync, state]));

describe('the deployment of an environment', () => {
  it('is opened by a roll-out, and by nothing else', () => {
    expect(joined(undefined, at(10, 'a'), false)).toBeUndefined();
    expect(opened()).toEqual({
      ...{ environment: 'prod', revision: 'a', openedAt: time(10), opener: 'shop-prod', superseded: [], past: [] },
      syncs: { 'shop-prod': { state: 'pending', description: 'rolling out in prod' } },
    });
  });

  it('is shared by the syncs that report its commit', () => {
    const both = joined(opened(), at(11, 'a', 'synced', 'infra'), true);
    expect(both).toMatchObject({ revision: 'a', opener: 'shop-prod' });
    expect(parts(both)).toEqual({ 'shop-prod': 'pending', infra: 'success' });
  });

  it('is the same value while nothing is new', () => {
    const told = opened();
    expect(joined(told, at(11, 'a', 'progressing'), false)).toBe(told);
  });

  it('goes on with later commits that brought the sync nothing', () => {
    expect(parts(joined(opened(), at(20, 'b'), false))).toEqual({ 'shop-prod': 'success' });
  });

  it.each<[string, EnvironmentReport]>([
    ['what a later commit could not do', at(20, 'b', 'failed')],
    ['a sync that has no part in it, at another commit', at(20, 'b', 'synced', 'infra')],
    ['a report of an earlier time', at(5, 'b')],
    ['a commit that the environment had before', at(20, 'z')],
  ])('is not changed by %s', (_, report) => {
    const told = opened('a', { past: ['z'] });
    expect(joined(told, report, false)).toBe(told);
  });

  it('gives its place to the next roll-out, and is to be closed where it was not done', () => {
    const pending = opened('a', { id: 7, told: { state: 'pending', description: '' }, superseded: [5] });
    expect(joined(pending, at(20, 'b'), true)).toMatchObject({ revision: 'b', superseded: [5, 7], past: ['a'] });
    const done = opened('a', { id: 7, told: { state: 'success', description: '' } });
    expect(joined(done, at(20, 'b'), true)?.superseded).toEqual([]);
    const failed = opened('a', { id: 7, told: { state: 'failure', description: '' } });
    expect(joined(failed, at(20, 'b'), true)?.superseded).toEqual([]);
  });

  it('is opened once for each commit, and never by a report of an earlier time', () => {
    const told = joined(opened('a'), at(20, 'b'), true)!;
    expect(joined(told, at(30, 'a'), true)).toBe(told);
    expect(joined(told, at(19, 'c'), true)).toBe(told);
  });

  it('remembers some commits, not all', () => {
    let told: ToldEnvironment | undefined;
    for (let index = 0; index < 50; index++) told = joined(told, at(index, `r${index}`), true);
    expect(told?.past).toHaveLength(20);
    expect(told?.past[0]).toBe('r48');
  });
});
