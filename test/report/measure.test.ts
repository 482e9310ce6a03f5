import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { recordId } from '../../lib/model/audit-record.ts';
import { bumpedRecords } from '../../lib/model/bump-story.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { CheckReported, ReportMessage } from '../../lib/model/messages.ts';
import type { Measures } from '../../lib/report/ports.ts';
import { report } from '../../lib/report/report.ts';
import { reportCheck } from '../../lib/report/report-check.ts';
import { openRecords } from './records.ts';
import { changed, check, missing, pull, time } from './reports.ts';

const limits = { puller: 1_800, checker: 1_800, held: 86_400 };

/** A check of the cluster that ended at a second. */
const checked = (seconds: number, more: Partial<CheckReported> = {}): CheckReported => ({
  ...{ type: 'CheckReported', run: `checked-${seconds}`, startedAt: time(seconds), at: time(seconds), cluster: 'prod' },
  ...{ syncs: ['shop-prod'], objects: 3, failed: [], stopped: [], limits },
  ...more,
});

const edited = () => {
  const drift = changed();
  drift.fields[0]!.time = time(3);
  return drift;
};

describe('what is measured', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let values: [name: string, value: number][];
  let lines: Record<string, unknown>[];
  const measures: Measures = {
    add: (name, value) => void values.push([name, value]),
    over: (fields) => void lines.push(fields),
  };
  const send = async (...messages: ReportMessage[]) => {
    const deps = { records, measures, notices: { send: async () => {} } };
    for (const one of messages) {
      if (one.type === 'CheckReported') await reportCheck(one, deps);
      else if (one.type === 'SyncReported' || one.type === 'DriftFound') await report(one, deps);
    }
  };
  const of = (name: string) => values.filter(([one]) => one === name).map(([, value]) => value);

  beforeEach(async () => {
    ({ records, close } = await openRecords());
    values = [];
    lines = [];
  });
  afterEach(() => close());

  describe('of drift', () => {
    it('is that it was found, and how long it took to find and to put right', async () => {
      await send(check(10, [edited()]));
      expect(values).toEqual([['DriftFound', 1]]);
      await send(pull(20, 21, [edited()], { healed: true }));
      expect(values.slice(1)).toEqual([
        ['TimeToDetect', 7],
        ['TimeToRecover', 11],
      ]);
    });

    it('is in the log by sync and object, which are no dimensions', async () => {
      await send(check(10, [edited()]), pull(20, 21, [edited()], { healed: true }));
      expect(lines).toEqual([
        {
          ...{ cluster: 'prod', sync: 'shop-prod', object: 'apps/Deployment/shop-prod/web' },
          ...{ incident: expect.stringContaining('-drift-'), resolution: 'converged by pull' },
          ...{ TimeToDetect: 7, TimeToRecover: 11 },
        },
      ]);
    });

    it('has no time to detect where nobody knows when the change was made', async () => {
      await send(check(10, [missing('a')]), check(20));
      expect(values).toEqual([
        ['DriftFound', 1],
        ['TimeToRecover', 10],
      ]);
    });

    it('is nothing while nothing drifts, and nothing about other incidents', async () => {
      await send(check(10), pull(20, 21), pull(30, 31, [], { result: 'unhealthy' }), pull(40, 41));
      expect(values).toEqual([['TimeToRestore', 10]]);
      expect((await records.recentIncidents(5)).map(({ kind }) => kind)).toEqual(['unhealthy']);
    });
  });

  describe('of a cluster, at each check of it,', () => {
    it('is that all is well, by zeros: what is silent must not look like what is well', async () => {
      await send(pull(0, 1), checked(60));
      expect(values).toEqual([
        ['PullersSilent', 0],
        ['SyncsUnhealthy', 0],
        ['DriftOpen', 0],
      ]);
    });

    it('is what is not well', async () => {
      await send(
        pull(0, 1, [], { result: 'failed' }),
        check(5, [changed('a')]),
        check(6, [changed('a'), changed('b')]),
      );
      values = [];
      await send(checked(1_900));
      expect(values).toEqual([
        ['PullersSilent', 1],
        ['SyncsUnhealthy', 1],
        ['DriftOpen', 2],
      ]);
      await send(pull(2_000, 2_001), checked(2_010));
      expect(of('PullersSilent')).toEqual([1, 0]);
    });

    it('is nothing of a check that comes late', async () => {
      await send(pull(0, 1), checked(60), checked(50), checked(60));
      expect(of('PullersSilent')).toEqual([0]);
    });

    it('is not that a puller is silent which nobody installed', async () => {
      await send(checked(10_000), checked(20_000, { syncs: [] }));
      expect(of('PullersSilent')).toEqual([0, 0]);
    });
  });

  describe('of a roll-out', () => {
    const configured = { object: 'apps/Deployment/shop-prod/web', action: 'configured' } as const;
    const bumped = (revision: string, seconds: number) =>
      records.append([
        {
          ...{ id: recordId('bumped', revision), at: time(seconds), kind: 'bumped', actor: 'windlass bump' },
          ...{ subjects: ['image:web', `revision:${revision}`], revision, result: 'ok', summary: 'web went to 1.5.0' },
        },
      ]);
    const image = (policy: string, sourceTime: number) => ({
      ...{ policy, repository: `shop/${policy}`, from: [], to: '1.6.0', sourceTime: time(sourceTime) },
    });
    const lead = () => of('LeadTime');
    beforeEach(async () => {
      await send(pull(0, 1));
      await bumped('bbbb', 100);
    });

    it('is the time from the commit of a bump to a sync that is healthy with it, once', async () => {
      await send(pull(110, 111, [], { revision: 'bbbb', result: 'progressing', changes: [configured] }));
      await send(pull(113, 114, [], { revision: 'bbbb', result: 'progressing' }));
      expect(lead()).toEqual([]);
      await send(pull(140, 142, [], { revision: 'bbbb' }));
      await send(pull(700, 701, [], { revision: 'bbbb' }));
      expect(lead()).toEqual([42]);
    });

    it('is measured at once where the pull that applied it found all healthy', async () => {
      await send(pull(110, 112, [], { revision: 'bbbb', changes: [configured] }));
      expect(lead()).toEqual([12]);
    });

    it('is not measured of a sync to which the commit brought nothing, nor of a report that comes again', async () => {
      await send(pull(110, 112, [], { revision: 'bbbb' }));
      expect(lead()).toEqual([]);
      const late = pull(113, 114, [], { revision: 'cccc', changes: [configured] });
      await bumped('cccc', 110);
      await send(late, late);
      expect(lead()).toEqual([4]);
    });

    it('is not measured again when it recovers later', async () => {
      await send(pull(110, 112, [], { revision: 'bbbb', changes: [configured] }));
      await send(
        pull(900, 901, [], { revision: 'bbbb', result: 'unhealthy' }),
        pull(950, 951, [], { revision: 'bbbb' }),
      );
      await send(pull(960, 961, [changed()], { revision: 'bbbb', changes: [configured], healed: true }));
      expect(lead()).toEqual([12]);
    });

    it('is not measured of the commit of a person', async () => {
      await send(pull(110, 112, [], { revision: 'dddd', changes: [configured] }));
      expect(lead()).toEqual([]);
    });

    it('is from the push as well, where the bump answers one that is on record', async () => {
      const event = { revision: undefined, subjects: ['event:late', 'image:web'], kind: 'push-received' as const };
      const push = { actor: 'push event', result: 'ok' as const, summary: 'web was pushed' };
      const at = (seconds: number, id: string) => ({ id, at: time(seconds), subjects: [`event:${id}`, 'image:web'] });
      await records.append([
        { ...event, ...push, ...at(95, 'late') },
        { ...event, ...push, ...at(80, 'early') },
        {
          ...{ id: recordId('bumped', 'cccc'), at: time(100), kind: 'bumped', actor: 'windlass bump', result: 'ok' },
          ...{ subjects: ['image:web', 'revision:cccc', 'event:late', 'event:early', 'event:lost'], revision: 'cccc' },
          summary: 'web went to 1.6.0',
        },
      ]);
      expect(await records.bump('cccc')).toEqual({ bumpedAt: time(100), pushedAt: time(80) });
      expect(await records.bump('bbbb')).toEqual({ bumpedAt: time(100) });
      await send(pull(110, 112, [], { revision: 'cccc', changes: [configured] }));
      expect(values).toEqual([
        ['Deployments', 1],
        ['LeadTime', 12],
        ['LeadTimeFromPush', 32],
      ]);
    });

    it('is from the oldest commit that its images were built of as well, where they say it', async () => {
      const images = [image('web', 40), image('api', 30), { ...image('job', 0), sourceTime: undefined }];
      await records.append(bumpedRecords({ images, events: [] }, 'cccc', time(100)));
      await send(pull(110, 112, [], { revision: 'cccc', changes: [configured] }));
      expect(values).toEqual([
        ['Deployments', 1],
        ['LeadTime', 12],
        ['LeadTimeFromSource', 82],
      ]);
    });

    it('is that it was deployed, also of the commit of a person and of the first pull of a sync, which waited for nobody', async () => {
      await send(pull(110, 112, [], { revision: 'dddd', changes: [configured] }));
      const first = { sync: 'new', revision: 'bbbb', changes: [configured] };
      await send(pull(113, 114, [], first), pull(115, 116, [], first));
      expect(values).toEqual([
        ['Deployments', 1],
        ['Deployments', 1],
      ]);
    });

    it('is not the lead time of what a sync begins with, however many pulls that takes', async () => {
      const first = { sync: 'new', revision: 'bbbb' };
      await send(pull(110, 112, [], { ...first, result: 'progressing', changes: [configured] }));
      await send(pull(113, 114, [], first));
      expect(values).toEqual([['Deployments', 1]]);
    });

    it('is measured once where the state could not be saved and the report comes again', async () => {
      const saved = vi.spyOn(records, 'saveSyncState');
      saved.mockRejectedValueOnce(new RetryableError('changed', { code: 'records-changed' }));
      const healthy = pull(110, 112, [], { revision: 'bbbb', changes: [configured] });
      await expect(send(healthy)).rejects.toThrow('changed');
      await send(healthy);
      expect(values).toEqual([
        ['Deployments', 1],
        ['LeadTime', 12],
      ]);
    });

    it('is that it failed, once, however it goes on, and how long it took to restore the sync', async () => {
      const bad = { revision: 'bbbb', changes: [configured] };
      await send(pull(110, 112, [], { ...bad, result: 'unhealthy' }), pull(120, 121, [], { ...bad, result: 'failed' }));
      await send(pull(130, 131, [], { revision: 'bbbb', result: 'unhealthy' }));
      expect(values).toEqual([
        ['ChangeFailures', 1],
        ['TimeToRestore', 10],
      ]);
      values = [];
      await send(pull(172, 173, [], { revision: 'eeee', changes: [configured] }));
      expect(values).toEqual([
        ['TimeToRestore', 61],
        ['Deployments', 1],
      ]);
    });

    it('is nothing of a sync that is suspended, nor of a revision that could not be read', async () => {
      const errors = [{ severity: 'error' as const, code: 'suspended', message: 'sync shop-prod is suspended' }];
      await send(pull(110, 112, [], { revision: 'bbbb', result: 'failed', errors }));
      await send(pull(120, 122, [], { revision: undefined, result: 'failed', errors: [] }));
      expect(values).toEqual([]);
    });

    it('finds the bump among what else is told of its commit', async () => {
      await records.append(
        [0, 1, 2].map((index) => ({
          ...{ id: recordId('sweep-found', `${index}`), at: time(100), kind: 'sweep-found', actor: 'windlass bump' },
          ...{ subjects: ['revision:bbbb'], revision: 'bbbb', result: 'ok', summary: 'the sweep found it' },
        })),
      );
      expect(await records.bump('bbbb')).toEqual({ bumpedAt: time(100) });
      expect(await records.bump('dddd')).toBeUndefined();
    });
  });
});
