import { describe, expect, it } from 'vitest';
import type { DashboardState } from '../../lib/dashboard/ports.ts';
import { drifting, healthy, justStarted } from './states.ts';

// As in entries.test.ts: JavaScript for the browser, without types.
const { verdictOf } = await import(String(new URL('../../lib/dashboard/assets/verdict.js', import.meta.url)));

const now = new Date('2026-01-01T12:00:00Z');
const change = (edit: (state: DashboardState) => void): DashboardState => {
  const state = healthy(now);
  edit(state);
  return state;
};

describe('the verdict', () => {
  it.each<[string, DashboardState, string, string]>([
    ['a settled shop', healthy(now), 'good', 'All is well'],
    ['a start', justStarted(now), 'busy', 'No sync has been pulled yet'],
    ['an incident', drifting(now), 'bad', '1 open incident'],
    [
      'drift without an incident',
      change((state) => {
        state.syncs[0]!.drifted = 2;
      }),
      'bad',
      '2 objects drifted',
    ],
    [
      'a broken file at the head',
      change((state) => {
        state.repo.problem = 'windlass.yaml is broken';
      }),
      'bad',
      'Git’s head is not in use',
    ],
    [
      'an unhealthy and a failed sync',
      change((state) => {
        state.syncs[1]!.result = 'unhealthy';
        state.syncs[2]!.result = 'failed';
      }),
      'bad',
      'shop-prod failed, shop-staging unhealthy',
    ],
    [
      'a sync that was never pulled',
      change((state) => {
        delete state.syncs[2]!.result;
      }),
      'busy',
      '2 of 3 syncs pulled so far',
    ],
    [
      'a new head',
      change((state) => {
        state.repo.head = 'f'.repeat(40);
      }),
      'busy',
      'A new commit is on its way to 3 syncs',
    ],
    [
      'a roll-out',
      change((state) => {
        state.syncs[1]!.result = 'progressing';
      }),
      'busy',
      'shop-staging is rolling out',
    ],
    [
      'a sync that somebody suspended, while Git goes on',
      change((state) => {
        state.syncs[1]!.result = 'suspended';
        state.syncs[1]!.revision = 'f'.repeat(40);
      }),
      'busy',
      'shop-staging is suspended',
    ],
  ])('of %s', (_, state, kind, headline) => {
    expect(verdictOf(state)).toEqual({ kind, headline });
  });
});
