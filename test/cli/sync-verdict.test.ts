import { describe, expect, it } from 'vitest';
import { type ShownStatus, verdictOf } from '../../lib/cli/sync-verdict.ts';

const isHead = (revision: string) => revision === 'head';

function condition(type: string, status: 'True' | 'False') {
  return { type, status, message: 'why it is so' };
}

/** A status of a puller, where `more` says otherwise. */
function status(result: string, more: Partial<ShownStatus> = {}): ShownStatus {
  const conditions = [condition('Ready', result === 'synced' ? 'True' : 'False')];
  return { revision: 'head', result, conditions, ...more };
}

/** What is said of a status at once, and when it is settled. */
function verdicts(shown: ShownStatus) {
  const seen = { served: true, status: shown };
  return { atOnce: verdictOf(seen, isHead, false), settled: verdictOf(seen, isHead, true) };
}

const waiting = { waiting: 'why it is so' };

describe('what somebody who waits for a sync is told', () => {
  it('synced as soon as the status shows the head, and never of an older commit', () => {
    expect(verdicts(status('synced')).atOnce).toEqual({ ended: 'synced', revision: 'head' });
    expect(verdicts(status('synced', { revision: 'older' })).settled).toEqual({ waiting: 'it is at older' });
  });

  it('to wait while the head rolls out', () => {
    expect(verdicts(status('progressing')).settled).toEqual(waiting);
    expect(verdicts(status('waiting', { revision: 'older' })).settled).toEqual(waiting);
  });

  it('of what is bad only when it is not from before', () => {
    const message = 'why it is so';
    const stalled = { conditions: [condition('Ready', 'False'), condition('Stalled', 'True')] };
    for (const [shown, ended, revision] of [
      [status('unhealthy', stalled), 'unhealthy', 'head'],
      [status('failed', { ...stalled, revision: 'older', failedRevision: 'head' }), 'failed', 'head'],
      [status('suspended', { revision: 'older' }), 'suspended', 'older'],
    ] as const) {
      expect(verdicts(shown)).toEqual({ atOnce: waiting, settled: { ended, revision, message } });
    }
  });

  it('to wait for a failure of an older commit, and for one that may pass', () => {
    const older = status('failed', { revision: 'oldest', failedRevision: 'older' });
    expect(verdicts(older).settled).toEqual({ waiting: 'it failed at older' });
    const goesOn = { conditions: [condition('Ready', 'False'), condition('Reconciling', 'True')] };
    expect(verdicts(status('failed', { ...goesOn, failedRevision: 'head' })).settled).toEqual(waiting);
  });

  it('applied, where nothing but the record tells of the head', () => {
    const record = (served: boolean, recorded?: string) => ({ served, ...(recorded !== undefined && { recorded }) });
    expect(verdictOf(record(false, 'head'), isHead, false)).toEqual({ ended: 'applied', revision: 'head' });
    expect(verdictOf(record(false, 'older'), isHead, true)).toEqual({ waiting: 'it is at older' });
    expect(verdictOf(record(false), isHead, true)).toEqual({ waiting: 'it was not pulled yet' });
    // The status comes a moment after the record.
    expect(verdictOf(record(true, 'head'), isHead, false)).toHaveProperty('waiting');
    expect(verdictOf(record(true, 'head'), isHead, true)).toEqual({ ended: 'applied', revision: 'head' });
  });
});
