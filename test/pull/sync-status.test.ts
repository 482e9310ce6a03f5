import { describe, expect, it } from 'vitest';
import type { SyncReported } from '../../lib/model/messages.ts';
import { eventsOf, mostEvents, syncEvent } from '../../lib/pull/object-events.ts';
import { nextStatus, waitingStatus } from '../../lib/pull/sync-status.ts';

const first = '1111111111111111111111111111111111111111';
const second = '2222222222222222222222222222222222222222';
const web = 'apps/Deployment/shop/web';
const settings = 'ConfigMap/shop/settings';
const none = { created: 0, configured: 0, unchanged: 0, pruned: 0, skipped: 0 };

function report(changes: Partial<SyncReported> = {}): SyncReported {
  return {
    ...{ type: 'SyncReported', run: 'r', cluster: 'test', sync: 'shop', revision: first, result: 'synced' },
    ...{ startedAt: '2026-11-23T12:00:00.000Z', at: '2026-11-23T12:00:01.500Z', healed: false },
    counts: { ...none, unchanged: 2 },
    health: [
      { object: web, status: 'Current', reason: 'available' },
      { object: settings, status: 'Current', reason: 'it is there' },
    ],
    ...{ changes: [], drift: [], errors: [] },
    ...changes,
  };
}

const facts = { generation: 1, trouble: false };
const later = '2026-11-23T13:00:00.000Z';
const progressing = {
  result: 'progressing',
  health: [
    { object: settings, status: 'Current', reason: 'it is there' },
    { object: web, status: 'InProgress', reason: '1 of 3 available' },
  ],
} as const;
const refused = { code: 'apply-invalid', object: settings, message: 'metadata.name is wrong' };
const typesOf = (status: ReturnType<typeof nextStatus>) =>
  status.conditions.map((one) => `${one.type}=${one.status} ${one.reason}`);

describe('the status of a sync', () => {
  it('is the same after a pull that changed nothing, whenever it was', () => {
    const before = nextStatus(undefined, report({ counts: { ...none, created: 2 } }), facts);
    expect(before).toMatchObject({ revision: first, appliedAt: '2026-11-23T12:00:01Z', objects: 2, healthy: 2 });
    expect(nextStatus(before, report({ startedAt: later, at: later }), facts)).toEqual(before);
  });

  it('says what a sync waits for, beside what its last pull saw', () => {
    const why = 'waits for infra, which failed';
    const at = { generation: 1, at: later };
    const fresh = waitingStatus(undefined, why, at);
    expect(fresh).toMatchObject({ result: 'waiting', objects: 0, errors: 0 });
    expect(fresh.conditions).toMatchObject([{ type: 'Ready', status: 'False', reason: 'Waiting', message: why }]);
    expect(waitingStatus(fresh, why, { ...at, at: '2026-11-23T14:00:00.000Z' })).toEqual(fresh);
    const synced = nextStatus(undefined, report(), facts);
    const waits = waitingStatus(synced, why, at);
    expect(waits).toMatchObject({ revision: first, objects: 2, healthy: 2, result: 'waiting' });
    expect(waits.conditions).toMatchObject([{ lastTransitionTime: '2026-11-23T13:00:00Z' }]);
    expect(nextStatus(waits, report(), facts)).toMatchObject({ result: 'synced', objects: 2 });
  });

  it.each([
    ['synced', report(), facts, ['Ready=True Synced']],
    ['on its way', report(progressing as never), facts, ['Ready=False Progressing', 'Reconciling=True Progressing']],
    [
      'not healthy in time',
      report({ ...progressing, result: 'unhealthy' } as never),
      facts,
      ['Ready=False Unhealthy', 'Stalled=True Unhealthy'],
    ],
    [
      'wrong in Git',
      report({ result: 'failed', errors: [refused] }),
      facts,
      ['Ready=False Failed', 'Stalled=True Failed'],
    ],
    [
      'in passing trouble',
      report({ result: 'failed', errors: [{ code: 'unreachable', message: 'no answer' }] }),
      { generation: 1, trouble: true },
      ['Ready=False Failed', 'Reconciling=True Failed'],
    ],
    [
      'suspended',
      report({ result: 'failed', counts: none, errors: [{ code: 'suspended', message: 'by ada: a freeze' }] }),
      facts,
      ['Ready=False Suspended'],
    ],
  ] as const)("says in kstatus's words that a sync is %s", (_, told, how, conditions) => {
    expect(typesOf(nextStatus(undefined, told, how))).toEqual(conditions);
  });

  it('keeps the time of a condition until that is another one', () => {
    const before = nextStatus(undefined, report(progressing as never), facts);
    const still = nextStatus(before, report({ ...progressing, result: 'unhealthy', at: later } as never), facts);
    const [ready, stalled] = still.conditions;
    expect([ready?.lastTransitionTime, stalled?.lastTransitionTime]).toEqual([
      '2026-11-23T12:00:01Z',
      '2026-11-23T13:00:00Z',
    ]);
  });

  it('keeps what is known while a pull cannot even begin, and names the commit that failed', () => {
    const before = nextStatus(undefined, report(), facts);
    const broken = { result: 'failed', revision: second, counts: none, health: [], at: later } as const;
    const after = nextStatus(
      before,
      report({
        ...broken,
        health: [],
        errors: [{ code: 'yaml-syntax', file: 'shop/web.yaml', line: 7, message: 'a: b: c' }, refused],
      }),
      facts,
    );
    expect(after).toMatchObject({
      ...{ revision: first, failedRevision: second, appliedAt: before.appliedAt, objects: 2, healthy: 2, errors: 2 },
      conditions: [{ message: 'shop/web.yaml:7: a: b: c (and 1 more)' }, {}],
    });
    const suspended = { code: 'suspended', message: 'sync shop is suspended by ada: a freeze' };
    const held = nextStatus(before, report({ ...broken, health: [], errors: [suspended] }), facts);
    expect(held).toMatchObject({ result: 'suspended', revision: first, errors: 0 });
    expect(held).not.toHaveProperty('failedRevision');
    expect(held.conditions[0]?.message).toBe(suspended.message);
  });

  it('counts what is refused, what still differs and what waits, and has a limit', () => {
    const status = nextStatus(
      undefined,
      report({
        ...{ result: 'failed', counts: { ...none, unchanged: 1, skipped: 1 } },
        health: [{ object: web, status: 'Current', reason: 'available' }],
        drift: [{ object: web, state: 'changed', fields: [] }],
        changes: [{ object: web, action: 'skipped', reason: 'self-heal is off' }],
        errors: [{ ...refused, message: 'x'.repeat(5000) }],
        notices: [{ code: 'prune-waits', message: '3 objects wait' }],
      }),
      facts,
    );
    expect(status).toMatchObject({ objects: 2, healthy: 1, drifted: 1, skipped: 1, errors: 1 });
    expect(status.conditions[0]?.message).toHaveLength(1000);
  });
});

describe('the Events of a pull', () => {
  it('are none where nothing was done', () => {
    expect(eventsOf(report())).toEqual([]);
    const status = nextStatus(undefined, report(), facts);
    expect(syncEvent(status, nextStatus(status, report({ at: later }), facts))).toBeUndefined();
  });

  it('name what was refused, put right, pruned and written, and who had changed it', () => {
    const live = { path: 'spec.replicas', live: 5, git: 3, manager: 'kubectl-scale', time: later };
    const events = eventsOf(
      report({
        changes: [
          { object: settings, action: 'created', reason: 'it was missing' },
          { object: web, action: 'configured', reason: 'self-heal' },
          { object: 'ConfigMap/shop/old', action: 'pruned', reason: 'left Git' },
          { object: 'ConfigMap/shop/kept', action: 'skipped', reason: 'pruning is off' },
        ],
        drift: [{ object: web, state: 'changed', fields: [live] }],
        errors: [
          { ...refused, object: 'ConfigMap/shop/UPPER' },
          { code: 'x', message: 'of no object' },
        ],
      }),
    );
    expect(events.map(({ object, type, reason }) => [object, type, reason])).toEqual([
      ['ConfigMap/shop/UPPER', 'Warning', 'Failed'],
      [web, 'Normal', 'Healed'],
      ['ConfigMap/shop/old', 'Normal', 'Pruned'],
      [settings, 'Normal', 'Created'],
    ]);
    expect(events[1]?.note).toBe(
      'put right: spec.replicas was 5, Git says 3, by kubectl-scale (sync shop at 111111111111)',
    );
  });

  it('are bounded, the failures first and the rest counted', () => {
    const changes = Array.from({ length: 200 }, (_, index) => {
      return { object: `ConfigMap/shop/c${index}`, action: 'created', reason: 'it was missing' } as const;
    });
    const events = eventsOf(report({ changes, errors: [refused] }));
    expect(events).toHaveLength(mostEvents);
    expect(events[0]).toMatchObject({ reason: 'Failed' });
    expect(events.at(-1)).toMatchObject({ reason: 'MoreObjects', note: expect.stringContaining('152 Created') });
    expect(events.at(-1)).not.toHaveProperty('object');
  });

  it('tell of the sync itself when its state or commit is another one', () => {
    const before = nextStatus(undefined, report(), facts);
    expect(syncEvent(undefined, before)).toMatchObject({ type: 'Normal', reason: 'Synced' });
    const moved = nextStatus(before, report({ revision: second }), facts);
    expect(syncEvent(before, moved)).toMatchObject({ type: 'Normal', reason: 'Synced' });
    const failed = nextStatus(moved, report({ result: 'failed', errors: [refused] }), facts);
    expect(syncEvent(moved, failed)).toMatchObject({ type: 'Warning', reason: 'Failed' });
    expect(syncEvent(failed, failed)).toBeUndefined();
  });
});
