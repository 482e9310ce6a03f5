import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportOnSync } from '../../functions/handlers/report-on-sync.ts';
import { openRepoHead } from '../../functions/wiring/repo-head.ts';
import { reportSenders } from '../../functions/wiring/report-senders.ts';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { openToldStore } from '../../lib/adapters/aws/told-store.ts';
import { lambdaContext, sqsRecord } from '../../lib/adapters/local/sqs-record.ts';
import type { Head } from '../../lib/bump/ports.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { Notice } from '../../lib/model/messages.ts';
import { openRecords, tables } from '../report/records.ts';
import { changed, check, missing, pull, time } from '../report/reports.ts';

const arnOf = (name: string) => `arn:aws:eks:eu-west-1:123456789012:cluster/${name}`;
const queues = { own: 'Windlass-Reports.fifo', dev: 'Windlass-ReportsDev.fifo', prod: 'Windlass-ReportsProd.fifo' };
const file = (more = '') => `windlass: 1
clusters:
  dev: { eks: acme-dev, region: eu-west-1 }
  prod: { eks: acme-prod, region: eu-west-1 }
syncs:
  shop-dev: { cluster: dev, path: apps }
  shop-prod: { cluster: prod, path: apps }
${more}`;
const headAt = (revision: string, windlassFile: string): Head => ({
  revision,
  windlassFile: new TextEncoder().encode(windlassFile),
  ...{ holds: [], suspends: [], recent: [], proposals: [] },
});
const allDone = { batchItemFailures: [] };
const start = Date.parse(time(0));

describe('a report is bound to the queue that it came by', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let notices: Notice[];
  let host: { answer(): Promise<Head>; asked: number };
  let clock: number;
  let handler: ReturnType<typeof reportOnSync>;

  beforeEach(async () => {
    const opened = await openRecords();
    ({ records, close } = opened);
    notices = [];
    host = { answer: async () => headAt('a', file()), asked: 0 };
    clock = start;
    const logger = new Logger({ logLevel: 'SILENT' });
    const table = new Map<string, Uint8Array>();
    const store = {
      load: async (key: string) => table.get(key),
      save: async (key: string, bytes: Uint8Array) => void table.set(key, bytes),
    };
    const sleep = async (milliseconds: number) => {
      clock += milliseconds;
    };
    const ask = () => {
      host.asked += 1;
      return host.answer();
    };
    const head = openRepoHead({ head: ask }, { store, key: 'k', logger, now: () => new Date(clock), sleep });
    const senders = reportSenders({
      ...{ head, records, reportsQueue: `https://sqs.eu-west-1.amazonaws.com/123456789012/${queues.own}` },
      reportQueues: { [arnOf('acme-dev')]: queues.dev, [arnOf('acme-prod')]: queues.prod },
    });
    const limits = { counts: openToldStore(opened.client, { table: tables.state }), now: () => new Date(clock) };
    const send = async (one: Notice) => void notices.push(one);
    handler = reportOnSync({ records, notices: { send }, logger, senders, limits });
  });
  afterEach(() => close());

  /** Messages that were sent to a queue at a second, and come at once. */
  const come = (queue: string, seconds: number, ...bodies: object[]) => {
    const sentAt = start + seconds * 1000;
    clock = Math.max(clock, sentAt + 100);
    const message = (body: object, index: number) => {
      const delivered = {
        messageId: `${queue}@${seconds}/${index}`,
        groupId: `g${index}`,
        deduplicationId: `d${index}`,
      };
      const record = sqsRecord('x', { ...delivered, body: JSON.stringify(body), sentAt, receives: 1 });
      record.attributes.SenderId = 'AROAEXAMPLE:puller-of-dev';
      return { ...record, eventSourceARN: `arn:aws:sqs:eu-west-1:123456789012:${queue}` };
    };
    const event: SQSEvent = { Records: bodies.map(message) };
    return handler(event, lambdaContext('report'));
  };
  const ignored = async () => (await records.timeline({ limit: 500 })).filter(({ kind }) => kind === 'event-ignored');
  const sentBack = (seconds: number) => ({ batchItemFailures: [{ itemIdentifier: `${queues.dev}@${seconds}/0` }] });
  const ofDev = { cluster: 'dev', sync: 'shop-dev' };

  it('takes from each cluster what it tells of itself, and from the functions what they saw of all', async () => {
    expect(await come(queues.dev, 10, pull(1, 2, [], ofDev))).toEqual(allDone);
    expect(await come(queues.prod, 10, pull(1, 2))).toEqual(allDone);
    expect(await come(queues.own, 20, check(12, [changed()]))).toEqual(allDone);
    expect(await ignored()).toEqual([]);
    expect((await records.syncs()).map(({ sync, pulledAt }) => [sync, pulledAt])).toEqual([
      ['shop-dev', time(2)],
      ['shop-prod', time(2)],
    ]);
    expect(notices).toMatchObject([{ kind: 'incident-opened', sync: 'shop-prod' }]);
    expect(host.asked).toBe(1);
  });

  it('bounds what people are told of a cluster by who sent it, whatever it says, and takes nothing from others', async () => {
    const openings = () => notices.filter(({ kind }) => kind === 'incident-opened');
    const drifts = (from: number) => Array.from({ length: 20 }, (_, index) => missing(`made-up-${from}-${index}`));
    for (const at of [10, 20, 30, 40])
      await come(queues.dev, at, pull(at, at + 1, drifts(at), ofDev), pull(at + 2, at + 3, [], ofDev));
    expect(openings()).toHaveLength(60);
    const problem = { code: 'c', message: 'an unknown key' };
    // It names no cluster.
    await come(queues.dev, 50, { type: 'ConfigReported', at: time(50), revision: 'a', problems: [problem] });
    expect(openings()).toHaveLength(60);
    expect(notices.filter(({ kind }) => kind === 'untold')).toMatchObject([{ cluster: 'dev' }]);
    await come(queues.prod, 60, { type: 'ConfigReported', at: time(60), revision: 'a', problems: [problem] });
    await come(queues.prod, 60, pull(59, 60, [changed()]));
    await come(queues.own, 70, check(70, [changed()], ofDev));
    expect(
      openings()
        .slice(60)
        .map(({ about, cluster }) => [about, cluster]),
    ).toEqual([
      ['config-invalid', undefined],
      ['drift', 'prod'],
      ['drift', 'dev'],
    ]);
  });

  it('changes nothing of a cluster by what another one says of it, and keeps who said it', async () => {
    await come(queues.own, 10, check(1, [changed()]));
    const before = [await records.openIncidents(), await records.syncs()];
    const secret = 'hunter2';
    const lies = [
      pull(5, 6, [], { revision: secret }),
      pull(5, 6, [], { ...ofDev, sync: 'shop-prod', revision: secret }),
      check(5, [], { revision: secret }),
      {
        ...check(5),
        type: 'CheckReported',
        startedAt: time(5),
        cluster: 'prod',
        syncs: [],
        objects: 0,
        failed: [],
        limits: { puller: 1, checker: 1, held: 1 },
      },
      { type: 'ConfigReported', at: time(6), revision: 'a', problems: [], clusters: [{ cluster: 'prod', syncs: [] }] },
    ];
    expect(await come(queues.dev, 10, ...lies)).toEqual(allDone);
    expect([await records.openIncidents(), await records.syncs()]).toEqual(before);
    expect(await records.clusterState('prod')).toBeUndefined();
    const kept = await ignored();
    expect(kept).toHaveLength(lies.length);
    expect(JSON.stringify(kept)).not.toContain(secret);
    const [first] = await records.about(`event:${queues.dev}@10/0`, { limit: 5 });
    expect(first).toMatchObject({
      ...{ kind: 'event-ignored', actor: 'windlass report', result: 'skipped', at: time(10) },
      summary: 'a report tells what its sender may not tell',
      details: {
        why: 'it tells of the cluster "prod", and comes from dev',
        cluster: arnOf('acme-dev'),
        claimed: { type: 'SyncReported', clusters: ['prod'], sync: 'shop-prod' },
        sender: 'AROAEXAMPLE:puller-of-dev',
      },
    });
  });

  it('lets no cluster hide from its check by what it says of the syncs that windlass.yaml has there', async () => {
    await come(queues.dev, 10, pull(1, 2, [], ofDev));
    await come(queues.own, 20, check(12, [changed()], ofDev));
    const gone = {
      type: 'ConfigReported',
      at: time(600),
      revision: 'a',
      problems: [],
      clusters: [{ cluster: 'dev', syncs: [] }],
    };
    expect(await come(queues.dev, 30, gone)).toEqual(allDone);
    expect(await records.openIncidents()).toMatchObject([{ kind: 'drift', sync: 'shop-dev' }]);
    await come(queues.own, 50, check(42, [], ofDev));
    await come(queues.own, 110, check(102, [changed('web')], ofDev));
    expect(await records.openIncidents()).toMatchObject([{ kind: 'drift', sync: 'shop-dev', openedAt: time(102) }]);
    expect(await ignored()).toEqual([]);
  });

  it('still hears that a sync left windlass.yaml, from a puller that saw it first', async () => {
    await come(queues.dev, 10, pull(1, 2, [], ofDev));
    await come(queues.own, 20, check(12, [changed()], ofDev));
    host.answer = async () => headAt('b', file().replace(/ {2}shop-dev: .*\n/, ''));
    const gone = {
      type: 'ConfigReported',
      at: time(29),
      revision: 'b',
      problems: [],
      clusters: [{ cluster: 'dev', syncs: [] }],
    };
    expect(await come(queues.dev, 30, gone)).toEqual(allDone);
    expect(await records.openIncidents()).toEqual([]);
  });

  it('takes no pull that began after it ended: no later look would count', async () => {
    await come(queues.dev, 10, pull(1, 2, [], { ...ofDev, startedAt: '9999-01-01T00:00:00.000Z' }));
    expect((await ignored()).map(({ details }) => details)).toMatchObject([{ why: expect.stringContaining('9999') }]);
    await come(queues.own, 20, check(12, [changed()], ofDev));
    expect(await records.openIncidents()).toMatchObject([{ kind: 'drift', sync: 'shop-dev' }]);
  });

  it('works the truth behind a lie in', async () => {
    expect(await come(queues.dev, 10, pull(1, 2), pull(1, 2, [], ofDev))).toEqual(allDone);
    expect((await records.syncs()).map(({ sync }) => sync)).toEqual(['shop-dev']);
  });

  it("takes no pull by the functions' own queue, and nothing by a queue that the stack did not make", async () => {
    expect(await come(queues.own, 10, pull(1, 2))).toEqual(allDone);
    expect(await come('Windlass-Old.fifo', 10, check(1, [changed()]))).toEqual(allDone);
    expect(await records.syncs()).toEqual([]);
    expect((await ignored()).map(({ details }) => details)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ why: expect.stringContaining('it is of a puller') }),
        expect.objectContaining({
          why: 'it came by a queue of no cluster that the stack grants',
          queue: 'arn:aws:sqs:eu-west-1:123456789012:Windlass-Old.fifo',
        }),
      ]),
    );
  });

  it('looks at the head again before it doubts: a sync may be as new as its first report', async () => {
    await come(queues.dev, 10, pull(1, 2, [], ofDev));
    host.answer = async () => headAt('b', file('  new-dev: { cluster: dev, path: new }\n'));
    expect(await come(queues.dev, 40, pull(30, 31, [], { ...ofDev, sync: 'new-dev' }))).toEqual(allDone);
    expect(await ignored()).toEqual([]);
    expect((await records.syncs()).map(({ sync }) => sync)).toEqual(['new-dev', 'shop-dev']);
    expect(host.asked).toBe(2);
  });

  it('asks the host no more often for a flood of lies, and ends each of them', async () => {
    for (let second = 10; second < 70; second++) {
      const lie = pull(1, 2, [], { ...ofDev, sync: `made-up-${second}` });
      expect(await come(queues.dev, second, lie)).toEqual(allDone);
    }
    expect(host.asked).toBeLessThanOrEqual(60 / 10 + 2);
    expect(await ignored()).toHaveLength(60);
    expect(clock).toBeLessThan(start + 90_000);
  });

  it('neither believes nor forgets a report while windlass.yaml cannot be read', async () => {
    await come(queues.dev, 10, pull(1, 2, [], ofDev));
    host.answer = () => Promise.reject(new RetryableError('GitHub is away', { code: 'github-away' }));
    const report = pull(30, 31, [], { ...ofDev, sync: 'new-dev' });
    expect(await come(queues.dev, 40, report)).toEqual(sentBack(40));
    expect(await ignored()).toEqual([]);
    expect((await records.syncs()).map(({ sync }) => sync)).toEqual(['shop-dev']);
    // What it knew before is not in doubt.
    expect(await come(queues.dev, 41, pull(32, 33, [], ofDev))).toEqual(allDone);
    host.answer = async () => headAt('b', file('  new-dev: { cluster: dev, path: new }\n'));
    clock = start + 220_000;
    expect(await come(queues.dev, 40, report)).toEqual(allDone);
    expect((await records.syncs()).map(({ sync }) => sync)).toEqual(['new-dev', 'shop-dev']);
  });

  it('believes nothing where there never was a windlass.yaml to be read', async () => {
    host.answer = () => Promise.reject(new RetryableError('GitHub is away', { code: 'github-away' }));
    expect(await come(queues.dev, 10, pull(1, 2, [], ofDev))).toEqual(sentBack(10));
    expect(await records.syncs()).toEqual([]);
  });

  it('still hears of a sync that left windlass.yaml from the cluster that had it, and from no other', async () => {
    await come(queues.dev, 10, pull(1, 2, [], ofDev));
    host.answer = async () => headAt('b', file().replace(/ {2}shop-dev: .*\n/, ''));
    clock = start + 100_000;
    expect(await come(queues.prod, 100, pull(90, 91, [], { ...ofDev, cluster: 'prod' }))).toEqual(allDone);
    expect(await ignored()).toHaveLength(1);
    expect(await come(queues.dev, 130, pull(120, 121, [], ofDev))).toEqual(allDone);
    expect(await ignored()).toHaveLength(1);
    expect(await records.syncState('shop-dev')).toMatchObject({ pulledAt: time(121), cluster: 'dev' });
  });
});
