import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { readMetrics } from '../../lib/audit/metrics.ts';
import type { PageOfRecords } from '../../lib/audit/ports.ts';
import { receivedRecord } from '../../lib/bump/received-event.ts';
import { type AuditRecord, recordId } from '../../lib/model/audit-record.ts';
import { bumpedRecords } from '../../lib/model/bump-story.ts';
import type { SyncReported } from '../../lib/model/messages.ts';
import { rolledBackRecords } from '../../lib/model/rollback-story.ts';
import { report } from '../../lib/report/report.ts';
import { openRecords } from '../report/records.ts';
import { changed, pull, time } from '../report/reports.ts';

const window = { from: time(0), to: time(3_600) };
const configured = { object: 'apps/Deployment/shop-prod/web', action: 'configured' } as const;
const counts = { created: 0, configured: 1, unchanged: 3, pruned: 0, skipped: 0 };
const brings = { changes: [configured], counts };

describe('the metrics of a loop', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let values: [name: string, value: number][];
  const send = async (...reports: SyncReported[]) => {
    const measures = {
      add: (name: string, value: number) => void values.push([name, value]),
      over: () => {},
    };
    for (const one of reports) await report(one, { records, measures, notices: { send: async () => {} } });
  };
  /** A push, and a second later the commit of its bump. */
  const bump = async (seconds: number, revision: string, tag: string, policy = 'web') => {
    const [repository, id] = [`shop/${policy}`, `push-${tag}`];
    const push = { id, at: time(seconds), cause: 'push' as const, repository, tag, digest: undefined };
    const story = { images: [{ policy, repository, from: ['1'], to: tag }], events: [id] };
    await records.append([receivedRecord(push, [policy]), ...bumpedRecords(story, revision, time(seconds + 1))]);
    const state = { policy, repository, rule: 'semver *', current: [tag], holds: [], at: time(seconds) };
    await records.saveImages([state]);
  };

  beforeEach(async () => {
    ({ records, close } = await openRecords());
    values = [];
  });
  afterEach(() => close());
  afterAll(() => vi.restoreAllMocks());

  it('tell the story of a bad release, as CloudWatch is told it', async () => {
    await send(pull(-100, -90, [], { revision: 'aaaa', ...brings }));
    await bump(10, 'bbbb', '1.1');
    await send(
      pull(14, 15, [], { revision: 'bbbb', result: 'progressing', ...brings }),
      pull(19, 20, [], { revision: 'bbbb' }),
    );
    // Somebody edits by hand, and it is put right: nothing is deployed.
    await send(pull(30, 31, [changed()], { revision: 'bbbb', healed: true, ...brings }));
    await bump(100, 'cccc', '1.2');
    await send(
      pull(104, 105, [], { revision: 'cccc', result: 'progressing', ...brings }),
      pull(109, 110, [], { revision: 'cccc', result: 'unhealthy' }),
    );
    // And goes back, by a commit of its own.
    const story = { target: 'sync/shop-prod', images: [], reverts: ['cccc'], events: [], holds: [], who: 'ada' };
    await records.append(rolledBackRecords(story, 'dddd', time(120)));
    await send(
      pull(124, 125, [], { revision: 'dddd', result: 'progressing', ...brings }),
      pull(129, 130, [], { revision: 'dddd' }),
    );
    const { delivery, drift } = await readMetrics(window, records);
    expect(delivery.overall).toMatchObject({
      ...{
        rollouts: 3,
        deployments: 2,
        failed: 1,
        rolledBack: 1,
        failureRate: 1 / 3,
        undecided: 0,
        notBumped: 1,
        down: 0,
      },
      leadFromPush: { count: 1, mean: 10 },
      leadFromCommit: { count: 1, mean: 9 },
      restore: { count: 1, mean: 20 },
    });
    expect(drift!.overall).toMatchObject({ incidents: 1, recover: { count: 1 } });
    expect(delivery.syncs['shop-prod']).toEqual(delivery.overall);
    expect(delivery.images['web']).toMatchObject({ rollouts: 2, deployments: 1, failed: 1, restore: { mean: 20 } });
    const told = values.filter(([name]) => !/Drift|Detect|Recover/.test(name));
    // The first pull of the sync was before the window.
    expect(told.shift()).toEqual(['Deployments', 1]);
    expect(told).toEqual([
      ...[
        ['Deployments', 1],
        ['LeadTime', 9],
        ['LeadTimeFromPush', 10],
      ],
      ...[
        ['ChangeFailures', 1],
        ['TimeToRestore', 20],
        ['Deployments', 1],
      ],
    ]);
  });

  it('are of one sync or image, where it is asked for, and say which there are', async () => {
    await send(pull(1, 2, [], { revision: 'aaaa' }), pull(1, 2, [], { sync: 'infra', revision: 'aaaa' }));
    await bump(10, 'bbbb', '1.1');
    await bump(20, 'cccc', '2.1', 'api');
    await send(pull(14, 15, [], { revision: 'bbbb', ...brings }), pull(24, 25, [], { revision: 'cccc', ...brings }));
    await send(pull(34, 35, [], { sync: 'infra', revision: 'cccc', ...brings }));
    const web = await readMetrics(window, records, { image: 'web' });
    expect(web.delivery.overall).toMatchObject({ rollouts: 1, leadFromPush: { mean: 5 } });
    expect([Object.keys(web.delivery.syncs), Object.keys(web.delivery.images)]).toEqual([['shop-prod'], ['web']]);
    expect(web).not.toHaveProperty('drift');
    const infra = await readMetrics(window, records, { sync: 'infra' });
    expect(infra.delivery.overall).toMatchObject({ rollouts: 1, leadFromPush: { mean: 15 } });
    expect(infra.drift!.overall.incidents).toBe(0);
    await expect(readMetrics(window, records, { image: 'wep' })).rejects.toThrow(/no image "wep", did you mean "web"/);
    await expect(readMetrics(window, records, { sync: 'x' })).rejects.toThrow('no sync "x" (it has infra, shop-prod)');
  });

  it('of months are read by a page of a hundred a query, and of each sync no further back than needed', async () => {
    const subjects = ['sync:shop-prod'];
    const synced = (minutes: number): AuditRecord => ({
      ...{ id: recordId('synced', `${minutes}`), at: new Date(Date.parse(window.to) - minutes * 60_000).toISOString() },
      ...{ kind: 'synced', actor: 'windlass pull', subjects, revision: `r${minutes}`, result: 'ok', summary: 'synced' },
      details: { result: 'synced', counts },
    });
    await records.append(Array.from({ length: 1_000 }, (_, index) => synced(index * 30)));
    await send(pull(3_599, 3_600, [], { revision: 'r0' }));
    const about = vi.spyOn(records, 'about');
    // 1,000 records are of 21 days; 14 days have 672, and the one before.
    const from = new Date(Date.parse(window.to) - 14 * 86_400_000).toISOString();
    const { delivery } = await readMetrics({ from, to: window.to }, records);
    expect(delivery.overall).toMatchObject({ deployments: 672, perDay: 48 });
    expect(delivery.overall.periods).toHaveLength(14);
    expect(about.mock.calls.map(([subject, { limit }]: [string, PageOfRecords]) => [subject, limit])).toEqual(
      Array.from({ length: 7 }, () => ['sync:shop-prod', 100]),
    );
    about.mockRestore();
  });
});
