import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { openToldStore } from '../../lib/adapters/aws/told-store.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { Notice, Report, RollbackWanted, WhoWanted } from '../../lib/model/messages.ts';
import { noticeSchema } from '../../lib/model/messages-schema.ts';
import { noticeId } from '../../lib/model/notice.ts';
import { mostAnHour } from '../../lib/report/hour-limit.ts';
import type { HourCounts } from '../../lib/report/ports.ts';
import { type ReportDeps, report } from '../../lib/report/report.ts';
import { openRecords, tables } from './records.ts';
import { changed, check, missing, pull, time } from './reports.ts';

const sender = 'arn:aws:eks:eu-west-1:123456789012:cluster/acme-prod';
const hour = 3_600;
/** Seconds between a check and the pulls before it, after which what it finds counts whatever they say. */
const later = 60;

describe('how much people are told of one cluster in an hour', () => {
  let records: DynamoRecords;
  let client: Awaited<ReturnType<typeof openRecords>>['client'];
  let close: () => Promise<void>;
  let counts: HourCounts;
  let clock: number;
  let notices: Notice[];
  let warnings: string[];
  let more: Partial<ReportDeps>;
  let deliver: (notice: Notice) => Promise<void>;

  beforeEach(async () => {
    ({ records, client, close } = await openRecords());
    counts = openToldStore(client, { table: tables.state });
    clock = 10;
    notices = [];
    warnings = [];
    more = {};
    deliver = async (notice) => void notices.push(noticeSchema.parse(JSON.parse(JSON.stringify(notice))));
  });
  afterEach(() => close());

  const warn = (text: string) => void warnings.push(text);
  const limit = () => ({ sender, counts, now: () => new Date(time(clock)), warn });
  const told = { send: (notice: Notice) => deliver(notice) };
  /** By the queue of the cluster. */
  const fromCluster = async (...reports: Report[]) => {
    for (const one of reports) await report(one, { records, notices: told, limit: limit(), ...more });
  };
  /** By the queue of Windlass's own functions. */
  const seen = (one: Report) => report(one, { records, notices: told });
  const drifts = (name: string) => Array.from({ length: 20 }, (_, index) => missing(`${name}-${index}`));
  /** Drift that comes and goes: 20 incidents a round. */
  const flood = async (rounds: number, from: number) => {
    for (let round = 0; round < rounds; round++) {
      const at = from + round * 4;
      await fromCluster(pull(at, at + 1, drifts(`made-up-${at}`)), pull(at + 2, at + 3));
    }
  };
  const kindsOf = () => Map.groupBy(notices, ({ kind }) => kind);
  const counted = () => Object.fromEntries([...kindsOf()].map(([kind, of]) => [kind, of.length]));
  const fill = () => flood(mostAnHour / 20, 0);

  it('is bounded, and people hear of that once, of the end of what they were told, and in the next hour of more', async () => {
    await flood(5, 0);
    expect(counted()).toEqual({ 'incident-opened': mostAnHour, 'incident-resolved': mostAnHour, untold: 1 });
    const opened = new Set(
      kindsOf()
        .get('incident-opened')!
        .map(({ incident }) => incident),
    );
    expect(
      kindsOf()
        .get('incident-resolved')!
        .every(({ incident }) => opened.has(incident)),
    ).toBe(true);
    const [full] = kindsOf().get('untold')!;
    expect(full).toMatchObject({
      at: time(10),
      title: 'prod: 60 messages were told of its reports since 12:00 UTC, and no more are in this hour',
      cluster: 'prod',
    });
    expect(full!.lines[0]).toBe(`it is ${sender}`);
    expect(full!.lines.at(-1)).toContain('take it out of windlass.yaml');
    // The records have all of it.
    expect(await records.recentIncidents(200)).toHaveLength(100);
    const trail = await records.timeline({ limit: 1000 });
    expect(trail.filter(({ kind }) => kind === 'incident-opened')).toHaveLength(100);
    expect(trail.filter(({ kind }) => kind === 'incident-resolved')).toHaveLength(100);

    notices = [];
    clock = hour;
    await flood(4, hour);
    expect(counted()).toEqual({ 'incident-opened': mostAnHour, 'incident-resolved': mostAnHour, untold: 1 });
    expect(warnings).toEqual([]);
  });

  it('counts reports that are worked in at the same time', async () => {
    const syncs = Array.from({ length: 6 }, (_, index) => `shop-${index}`);
    await Promise.all(syncs.map((sync) => fromCluster(pull(0, 1, drifts(sync), { sync }))));
    expect(kindsOf().get('incident-opened')).toHaveLength(mostAnHour);
    // Where two say it at once, it is the same notice, which is delivered once.
    expect(new Set(kindsOf().get('untold')!.map(noticeId)).size).toBe(1);
    const untold = (await records.openIncidents()).filter((one) => one.untold === 'opening');
    expect(untold).toHaveLength(120 - mostAnHour);
    await Promise.all(syncs.map((sync) => fromCluster(pull(2, 3, [], { sync }))));
    expect(counted()).toMatchObject({ 'incident-opened': mostAnHour, 'incident-resolved': mostAnHour });
  });

  it('takes no more room for a report that comes again, and none for the end', async () => {
    const found = pull(0, 1, drifts('a'));
    const send = deliver;
    let left = 10;
    deliver = async (notice) => {
      if (left-- === 0) throw new RetryableError('no answer', { code: 'queue-unreachable' });
      await send(notice);
    };
    await expect(fromCluster(found)).rejects.toThrow('no answer');
    deliver = send;
    await fromCluster(found, pull(2, 3));
    await flood(2, 10);
    expect(new Set(kindsOf().get('incident-opened')!.map(noticeId)).size).toBe(mostAnHour);
    expect(counted()).not.toHaveProperty('untold');
  });

  it('tells in the next hour what lasts, as opened, and then its end', async () => {
    const broken = { result: 'failed' as const, errors: [{ code: 'render', message: 'a tab' }] };
    await fill();
    notices = [];
    await fromCluster(pull(100, 101, [], broken), pull(160, 161, [], broken));
    expect(counted()).toEqual({ untold: 1 });
    clock = hour;
    await fromCluster(pull(hour, hour + 1, [], broken), pull(hour + 60, hour + 61, [], broken));
    await fromCluster(pull(hour + 120, hour + 121));
    expect(notices.slice(1).map(({ kind, about, at }) => [kind, about, at])).toEqual([
      ['incident-opened', 'sync-failed', time(101)],
      ['incident-resolved', 'sync-failed', time(hour + 121)],
    ]);
    expect(await records.openIncidents()).toEqual([]);
  });

  it('tells at once what a check sees, also what a pull reported before where there was no room', async () => {
    await fill();
    notices = [];
    await fromCluster(pull(100, 101, [changed()]));
    expect(counted()).toEqual({ untold: 1 });
    await seen(check(100 + later, [changed(), missing('settings')]));
    await seen(check(200 + later, [changed(), missing('settings')]));
    const opened = kindsOf().get('incident-opened')!;
    expect(opened.map(({ title }) => title).sort()).toEqual([
      'ConfigMap/shop-prod/settings is missing',
      'apps/Deployment/shop-prod/web was changed by kubectl-set',
    ]);
    // The end of what people know is told, whoever says it.
    await fromCluster(pull(300 + later, 301 + later));
    expect(kindsOf().get('incident-resolved')).toHaveLength(2);
  });

  it('tells at once what a check sees of many, and of a change', async () => {
    const many = [...drifts('a'), ...drifts('b')];
    const set = (image: string) => [changed('web', image)];
    await seen(check(0, set('web:one'), { sync: 'other' }));
    expect(counted()).toEqual({ 'incident-opened': 1 });
    await flood(mostAnHour / 20, 10);
    notices = [];
    await fromCluster(pull(100, 101, many), pull(100, 101, set('web:two'), { sync: 'other' }));
    expect(counted()).toEqual({ untold: 1 });
    await seen(check(200, many));
    await seen(check(200, set('web:two'), { sync: 'other' }));
    await seen(check(300, many));
    await seen(check(300, set('web:two'), { sync: 'other' }));
    expect(notices.slice(1).map(({ kind, sync }) => [kind, sync])).toEqual([
      ['incident-opened', 'shop-prod'],
      ['incident-changed', 'other'],
    ]);
    expect((await records.openIncidents()).filter(({ untold }) => untold !== undefined)).toEqual([]);
  });

  it('says nothing of what opened and ended while there was no room', async () => {
    await fill();
    notices = [];
    await fromCluster(pull(100, 101, [changed('a'), changed('b')]));
    await seen(check(100 + later, [], { leftOut: ['apps/Deployment/shop-prod/b'] }));
    clock = hour;
    // One is over by a check's word, the other as a pull puts it right.
    expect((await records.openIncidents()).map(({ object }) => object)).toEqual(['apps/Deployment/shop-prod/b']);
    await fromCluster(pull(hour, hour + 1, [changed('b')], { healed: true }));
    expect(await records.openIncidents()).toEqual([]);
    expect(counted()).toEqual({ untold: 1 });
  });

  it('asks who was behind it only where people were told', async () => {
    const asked: WhoWanted[] = [];
    const asks = { isWanted: async () => true, send: async (wanted: WhoWanted) => void asked.push(wanted) };
    more = { askWho: { asks, warn } };
    await flood(4, 0);
    expect(asked).toHaveLength(mostAnHour);
  });

  it('asks for no more rollbacks than people could be told of, and says so', async () => {
    const wishes: RollbackWanted[] = [];
    const rollbacks = { isWanted: async () => true, send: async (wish: RollbackWanted) => void wishes.push(wish) };
    more = { wantRollback: { rollbacks, warn } };
    for (let at = 0; at <= mostAnHour * 4; at += 4)
      await fromCluster(
        pull(at, at + 1, [], { revision: `good-${at}`, run: 'same' }),
        pull(at + 2, at + 3, [], { revision: `bad-${at}`, run: 'same', result: 'unhealthy' }),
      );
    expect(wishes).toHaveLength(mostAnHour);
    expect(warnings).toEqual(['no rollback is asked for, although shop-prod is not healthy: 60 were in this hour']);
  });

  it.each([
    ['the table does not answer', async () => new RetryableError('throttled', { code: 'table-throttled' })],
    ['the item is broken', undefined],
  ])('tells all where it cannot be counted, and warns: %s', async (_, fault) => {
    if (fault === undefined) {
      const Item = { pk: 'told#hour', sk: `notices ${sender}`, format: 1, version: 1, body: '{}' };
      await DynamoDBDocumentClient.from(client).send(new PutCommand({ TableName: tables.state, Item }));
    } else {
      counts = { ...counts, count: async () => Promise.reject(await fault()) };
    }
    await flood(4, 0);
    expect(counted()).toEqual({ 'incident-opened': 80, 'incident-resolved': 80 });
    expect(warnings).toHaveLength(4);
    expect(warnings[0]).toMatch(
      /^notices of arn:.*acme-prod are not counted: (throttled|the item .* cannot be understood)/,
    );
  });

  it('is one count, however the clocks of two functions differ at the turn of an hour', async () => {
    clock = hour;
    await fill();
    clock = hour - 1;
    await flood(1, 100);
    clock = hour;
    await flood(1, 200);
    expect(kindsOf().get('incident-opened')).toHaveLength(mostAnHour);
  });
});
