import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import type { LeftSync, Notice } from '../../lib/model/messages.ts';
import { configReportedSchema } from '../../lib/model/messages-schema.ts';
import { reportConfig } from '../../lib/report/report-config.ts';
import { openRecords } from './records.ts';
import { time } from './reports.ts';

describe('reports of syncs that left windlass.yaml', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let notices: Notice[];
  const send = (at: number, syncs: LeftSync[] | undefined, cluster = 'prod') => {
    const left = syncs && { cluster, syncs };
    const message = { type: 'ConfigReported', at: time(at), revision: 'a', problems: [], ...(left && { left }) };
    const deps = { records, notices: { send: async (notice: Notice) => void notices.push(notice) } };
    return reportConfig(configReportedSchema.parse(message), deps);
  };
  const told = () => notices.map(({ kind, cluster, sync }) => `${kind} ${sync} in ${cluster}`);
  const [shop, blog] = [
    { sync: 'shop', objects: 12 },
    { sync: 'blog', objects: 1 },
  ];

  beforeEach(async () => {
    ({ records, close } = await openRecords());
    notices = [];
  });
  afterEach(() => close());

  it('open one incident a sync, however often they are sent, and resolve it when the sync is no longer among them', async () => {
    await send(1, [shop, blog]);
    await send(2, [shop, blog]);
    await send(3, undefined);
    expect(told()).toEqual(['incident-opened shop in prod', 'incident-opened blog in prod']);
    expect(notices[0]).toMatchObject({
      about: 'sync-left',
      title: 'shop left windlass.yaml; what it applied stays in the cluster',
      lines: [expect.stringContaining('12 objects'), expect.stringContaining('by hand')],
    });
    await send(4, [blog]);
    expect(told().slice(2)).toEqual(['incident-resolved shop in prod']);
    expect(await records.openIncidents()).toMatchObject([{ kind: 'sync-left', sync: 'blog' }]);
    expect(await records.recentIncidents(5)).toContainEqual(
      expect.objectContaining({ sync: 'shop', resolvedAt: time(4), resolution: 'it is back, or its record is gone' }),
    );
  });

  it('of one cluster say nothing about those of another one', async () => {
    await send(1, [shop]);
    await send(2, [], 'staging');
    expect(told()).toEqual(['incident-opened shop in prod']);
  });

  it('are of several clusters at once, where the sync moved more than once', async () => {
    await send(1, [shop], 'dev');
    await send(2, [shop], 'prod');
    expect((await records.openIncidents()).map(({ sync, cluster }) => [sync, cluster])).toEqual([
      ['shop', 'dev'],
      ['shop', 'prod'],
    ]);
    await send(3, [], 'dev');
    expect(await records.openIncidents()).toMatchObject([{ sync: 'shop', cluster: 'prod' }]);
  });

  it('are not outdated by what another cluster told of a sync of that name', async () => {
    await send(5, [shop], 'dev');
    await send(9, [], 'dev');
    await send(7, [shop], 'prod');
    expect(await records.openIncidents()).toMatchObject([{ sync: 'shop', cluster: 'prod' }]);
  });

  it('that come late open nothing again', async () => {
    await send(1, [shop]);
    await send(3, []);
    await send(1, [shop]);
    await send(2, [shop]);
    expect(told()).toEqual(['incident-opened shop in prod', 'incident-resolved shop in prod']);
    expect(await records.openIncidents()).toEqual([]);
  });
});
