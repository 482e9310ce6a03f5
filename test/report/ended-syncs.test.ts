import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import type { CheckReported, ConfigReported, Notice, Report } from '../../lib/model/messages.ts';
import { reportSchema } from '../../lib/model/messages-schema.ts';
import { report } from '../../lib/report/report.ts';
import { reportCheck } from '../../lib/report/report-check.ts';
import { reportConfig } from '../../lib/report/report-config.ts';
import { openRecords } from './records.ts';
import { changed, check, pull, time } from './reports.ts';

const failed = { result: 'failed' as const, errors: [{ code: 'render', message: 'a tab' }] };
const unwell = {
  result: 'unhealthy' as const,
  health: [{ object: 'apps/Deployment/shop-prod/web', status: 'Failed' as const, reason: 'crashes' }],
};

/** A puller of prod read windlass.yaml; it has these syncs there. */
const config = (at: number, syncs: string[], more: Partial<ConfigReported> = {}): ConfigReported => ({
  ...{ type: 'ConfigReported', at: time(at), revision: 'bbbb', problems: [], clusters: [{ cluster: 'prod', syncs }] },
  ...more,
});
/** A check of prod began five seconds before. */
const heartbeat = (at: number, syncs: string[], more: Partial<CheckReported> = {}): CheckReported => ({
  ...{ type: 'CheckReported', run: `check-${at}`, startedAt: time(at - 5), at: time(at), cluster: 'prod', syncs },
  ...{ revision: 'bbbb', clusters: ['prod'], objects: 1, failed: [], stopped: [] },
  limits: { puller: 86_400, checker: 86_400, held: 86_400 },
  ...more,
});

describe('a sync that left windlass.yaml', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let notices: Notice[];
  const send = async (...messages: (Report | ConfigReported | CheckReported)[]) => {
    const deps = { records, notices: { send: async (notice: Notice) => void notices.push(notice) } };
    for (const message of messages) {
      const one = reportSchema.parse(JSON.parse(JSON.stringify(message)));
      if (one.type === 'ConfigReported') await reportConfig(one, deps);
      else if (one.type === 'CheckReported') await reportCheck(one, deps);
      else if (one.type !== 'Attributed') await report(one, deps);
    }
  };
  const open = async () => (await records.openIncidents()).map(({ kind, sync }) => `${kind} of ${sync}`).sort();
  const ends = () => notices.filter(({ kind }) => kind === 'incident-resolved').map(({ title }) => title);
  /** It drifts, is not healthy, and then fails. */
  const troubles = [check(0, [changed()]), pull(5, 6, [], { ...unwell, drift: [changed()] }), pull(10, 11, [], failed)];

  beforeEach(async () => {
    ({ records, close } = await openRecords());
    notices = [];
  });
  afterEach(() => close());

  it.each([
    ['a puller that read the file', config(20, ['infra'])],
    ['a check', heartbeat(30, ['infra'])],
  ])('ends what is open about it as changed in Git, by %s', async (_, message) => {
    await send(...troubles);
    expect(await open()).toEqual(['drift of shop-prod', 'sync-failed of shop-prod', 'unhealthy of shop-prod']);
    await send(message, message);
    expect(await open()).toEqual([]);
    expect(ends()).toHaveLength(3);
    expect(ends().every((title) => title.includes('resolved, changed in Git'))).toBe(true);
    const [incident] = await records.recentIncidents(1);
    expect(incident).toMatchObject({ resolution: 'changed in Git', sync: 'shop-prod', cluster: 'prod' });
  });

  it.each([
    ['a file that is broken', config(20, ['infra'], { problems: [{ code: 'yaml', message: 'a tab' }] })],
    ['a file of another cluster', config(20, [], { clusters: [{ cluster: 'dev', syncs: ['infra'] }] })],
    ['a puller that does not say which syncs there are', config(20, [], { clusters: undefined })],
    ['a file that has it', config(20, ['shop-prod'])],
    ['a file from before it was there', config(9, ['infra'])],
    ['a check by the last valid file', heartbeat(30, ['infra'], { standIn: true })],
    ['a check that could not read the head', heartbeat(30, ['infra'], { revision: undefined })],
    ['a check of another cluster', heartbeat(30, ['infra'], { cluster: 'dev', clusters: ['dev', 'prod'] })],
    ['a check that began before it was there', heartbeat(12, ['infra'])],
  ])('does not end by %s', async (_, message) => {
    await send(...troubles, message);
    expect((await open()).filter((one) => one.endsWith('shop-prod'))).toHaveLength(3);
  });

  it('opens nothing by what was seen before it left, and is told again when it is back', async () => {
    await send(pull(0, 1), config(20, ['infra']), check(15, [changed()]), pull(12, 30, [changed()], { healed: true }));
    await send(pull(18, 31, [], failed));
    expect(notices).toEqual([]);
    expect((await records.timeline({ limit: 20 })).map(({ kind }) => kind)).toContain('sync-failed');
    await send(config(40, ['infra', 'shop-prod']), check(41, [changed()]));
    expect(await open()).toEqual(['drift of shop-prod']);
  });

  it('opens nothing by what was seen before a check that missed it, although nothing was open about it', async () => {
    await send(pull(0, 1), heartbeat(10, ['shop-prod']), heartbeat(30, []), check(20, [changed()]));
    expect(notices).toEqual([]);
  });

  it('goes on in another cluster that it moved to', async () => {
    await send(...troubles, pull(12, 13, [], { ...failed, cluster: 'dev' }), heartbeat(30, []));
    expect(await open()).toEqual([]);
    await send(check(40, [changed()], { cluster: 'dev' }));
    expect(await open()).toEqual(['drift of shop-prod']);
  });

  it('is told as one whose objects stay, for as long as they do', async () => {
    const left = { cluster: 'prod', syncs: [{ sync: 'shop-prod', objects: 3 }] };
    await send(...troubles, config(20, [], { left }), heartbeat(30, []), config(40, [], { left }));
    expect(await open()).toEqual(['sync-left of shop-prod']);
  });

  it('left with its cluster', async () => {
    const both = { clusters: ['dev', 'prod'] };
    await send(...troubles, heartbeat(20, ['shop-prod'], both));
    await send(heartbeat(30, [], { cluster: 'dev', clusters: ['dev'], standIn: true }));
    expect(await open()).toHaveLength(3);
    await send(heartbeat(40, [], { cluster: 'dev', clusters: ['dev'] }));
    expect(await open()).toEqual([]);
    await send(check(31, [changed()]));
    expect(await open()).toEqual([]);
  });
});
