import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRecordsTable } from '../../lib/adapters/aws/dynamo-create.ts';
import { isAudit } from '../../lib/adapters/aws/dynamo-items.ts';
import { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { startDynalite } from '../../lib/adapters/local/dynalite.ts';
import { cursorOf } from '../../lib/audit/ports.ts';
import { type AuditRecord, recordId } from '../../lib/model/audit-record.ts';
import { RetryableError, type UserError } from '../../lib/model/errors.ts';
import type { Incident } from '../../lib/model/incident.ts';
import type { ImageState, SyncState } from '../../lib/model/state.ts';

interface Endpoint {
  name: string;
  start(): Promise<{ endpoint: string; stop(): Promise<void> }>;
}

const endpoints: Endpoint[] = [{ name: 'dynalite', start: () => startDynalite() }];
const given = process.env['WINDLASS_TEST_DYNAMODB_ENDPOINT'];
if (given !== undefined)
  endpoints.push({ name: given, start: async () => ({ endpoint: given, stop: async () => {} }) });

const record = (at: string, key: string, more: Partial<AuditRecord> = {}): AuditRecord => ({
  id: recordId('synced', key),
  at,
  kind: 'synced',
  actor: 'windlass pull',
  subjects: ['sync:shop-prod'],
  result: 'ok',
  summary: `synced ${key}`,
  ...more,
});

const state = (more: Partial<SyncState> = {}): SyncState => ({
  sync: 'shop-prod',
  cluster: 'prod',
  health: [],
  errors: [],
  drifted: 0,
  unknown: [],
  ...more,
});

const image = (more: Partial<ImageState> = {}): ImageState => ({
  policy: 'web',
  repository: 'shop/web',
  rule: 'semver >=1.0.0',
  current: ['1.4.0'],
  holds: [],
  at: '2026-11-22T12:00:00.000Z',
  ...more,
});

const incident = (more: Partial<Incident> = {}): Incident => ({
  key: '2026-11-22T12:00:00.000Z-drift-0a1b2c3d',
  kind: 'drift',
  cluster: 'prod',
  sync: 'shop-prod',
  object: 'apps/Deployment/shop-prod/web',
  title: 'apps/Deployment/shop-prod/web was changed by kubectl-set',
  openedAt: '2026-11-22T12:00:00.000Z',
  changedAt: '2026-11-22T12:00:00.000Z',
  drift: { object: 'apps/Deployment/shop-prod/web', state: 'changed', fields: [] },
  contentHash: 'one',
  ...more,
});

describe.each(endpoints)('the records on $name', ({ start }) => {
  let server: { endpoint: string; stop(): Promise<void> };
  let client: DynamoDBClient;
  let commands: string[] = [];
  /** What was asked of which table: `PutItemCommand TABLE`. */
  let calls: string[] = [];
  const tables: string[] = [];

  beforeAll(async () => {
    server = await start();
    client = new DynamoDBClient({
      endpoint: server.endpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    client.middlewareStack.add(
      (next, context) => (args) => {
        const command = String((context as { commandName?: string }).commandName);
        commands.push(command);
        calls.push(`${command} ${(args.input as { TableName?: string }).TableName}`);
        return next(args);
      },
      { step: 'initialize' },
    );
  });

  afterAll(async () => {
    for (const TableName of tables) await client.send(new DeleteTableCommand({ TableName }));
    client.destroy();
    await server.stop();
  });

  async function fresh() {
    const both = { audit: `audit-${randomUUID()}`, state: `state-${randomUUID()}` };
    for (const table of [both.audit, both.state]) {
      await createRecordsTable(client, table);
      tables.push(table);
    }
    const unreadable: UserError[] = [];
    const open = () => new DynamoRecords(client, { tables: both, onUnreadable: (error) => unreadable.push(error) });
    const documents = DynamoDBDocumentClient.from(client);
    const put = (item: Record<string, unknown>) =>
      documents.send(new PutCommand({ TableName: isAudit(String(item['pk'])) ? both.audit : both.state, Item: item }));
    return { records: open(), open, unreadable, put, both };
  }

  it('creates a table once and finds it there the second time', async () => {
    const { both, records } = await fresh();
    await createRecordsTable(client, both.state);
    expect(await records.timeline({ limit: 10 })).toEqual([]);
    expect(await records.syncState('shop-prod')).toBeUndefined();
    expect(await records.incident('none')).toBeUndefined();
  });

  it('gives a record back as it was, in the timeline and under each subject', async () => {
    const { records } = await fresh();
    const told = record('2026-11-22T12:00:00.000Z', 'a', {
      kind: 'bumped',
      subjects: ['image:web', 'revision:abc', 'event:1', 'event:1'],
      revision: 'abc',
      details: { from: '', to: '1.5.0', list: [1, null, { deep: true }], text: '<b>"ü"</b>\u0000' },
    });
    await records.append([told]);
    for (const found of [
      await records.timeline({ limit: 10 }),
      await records.about('image:web', { limit: 10 }),
      await records.about('event:1', { limit: 10 }),
    ]) {
      expect(found).toEqual([told]);
    }
    expect(await records.about('image:we', { limit: 10 })).toEqual([]);
  });

  it('leaves a record that is there as it is', async () => {
    const { records, open } = await fresh();
    await records.append([record('2026-11-22T12:00:00.000Z', 'a', { summary: 'first' })]);
    await open().append([record('2026-11-22T12:00:00.000Z', 'a', { summary: 'second', subjects: ['sync:other'] })]);
    const found = await records.timeline({ limit: 10 });
    expect(found.map((one) => one.summary)).toEqual(['first']);
  });

  it('pages the timeline newest first over days, also among records of one millisecond', async () => {
    const { records } = await fresh();
    const times = ['2026-10-30T23:59:59.999Z', '2026-11-01T00:00:00.000Z', '2026-11-22T12:00:00.000Z'];
    const all = times.flatMap((at) => Array.from({ length: 7 }, (_, index) => record(at, `${at} ${index}`)));
    await records.append(all);
    const seen: AuditRecord[] = [];
    let before: string | undefined;
    for (;;) {
      const page = await records.timeline({ before, limit: 4 });
      seen.push(...page);
      if (page.length < 4) break;
      before = cursorOf(page.at(-1)!);
    }
    const inOrder = [...all].sort((a, b) => (cursorOf(a) < cursorOf(b) ? 1 : -1));
    expect(seen.map(cursorOf)).toEqual(inOrder.map(cursorOf));
    const whole = await records.timeline({ limit: 100 });
    for (const { at: since } of whole)
      expect(await records.timeline({ since, limit: 100 })).toEqual(whole.filter(({ at }) => at >= since));
    const earlier = await records.timeline({ before: '2026-11-22T12:00:00.000Z', limit: 100 });
    expect(earlier).toHaveLength(14);
  });

  it('answers each question with queries and gets alone, however many records there are', async () => {
    const { records } = await fresh();
    const start = Date.parse('2026-11-20T00:00:00.000Z');
    await records.append(
      Array.from({ length: 1_000 }, (_, index) =>
        record(new Date(start + index * 60_000).toISOString(), String(index), { subjects: [`object:o${index % 10}`] }),
      ),
    );
    commands = [];
    expect(await records.about('object:o3', { limit: 50 })).toHaveLength(50);
    expect(commands).toEqual(['QueryCommand']);
    commands = [];
    expect(await records.timeline({ limit: 50 })).toHaveLength(50);
    expect(commands).toEqual(['QueryCommand', 'QueryCommand']);
    commands = [];
    await records.syncs();
    await records.images();
    await records.openIncidents();
    await records.recentIncidents(20);
    await records.incident('x');
    expect(commands).toEqual(['QueryCommand', 'QueryCommand', 'QueryCommand', 'QueryCommand', 'GetItemCommand']);
  });

  it('only adds to the audit table, asks nothing else of it, and keeps all that changes in the other', async () => {
    const { records, both } = await fresh();
    calls = [];
    await records.append([record('2026-11-22T12:00:00.000Z', 'a')]);
    await records.append([record('2026-11-22T12:00:00.000Z', 'a')]);
    await records.timeline({ limit: 5 });
    await records.about('sync:shop-prod', { limit: 5 });
    expect([...new Set(calls)]).toEqual([`PutItemCommand ${both.audit}`, `QueryCommand ${both.audit}`]);
    calls = [];
    await records.saveSyncState(state({ pulledAt: '2026-11-22T12:00:00.000Z' }));
    await records.saveImages([image()]);
    await records.saveRecordedUpTo('main', 'abc');
    await records.saveIncident(incident());
    await records.saveIncident(incident({ resolvedAt: '2026-11-22T12:00:09.000Z' }));
    await Promise.all([records.syncs(), records.images(), records.openIncidents(), records.recentIncidents(5)]);
    await Promise.all([records.syncState('shop-prod'), records.recordedUpTo('main'), records.incident('x')]);
    expect([...new Set(calls.map((call) => call.split(' ')[1]))]).toEqual([both.state]);
  });

  it('cuts details that are too long and says so', async () => {
    const { records } = await fresh();
    const long = record('2026-11-22T12:00:00.000Z', 'long', {
      summary: 'x'.repeat(500_000),
      details: { text: 'ü'.repeat(500_000), list: Array.from({ length: 50_000 }, (_, index) => `item ${index}`) },
    });
    await records.append([long]);
    const [found] = await records.timeline({ limit: 1 });
    expect(found?.summary).toMatch(/… \(500,000 characters\)$/);
    expect(found?.details?.['text']).toMatch(/… \(500,000 characters\)$/);
    expect((found!.details!['list'] as string[]).at(-1)).toMatch(/more\)$/);
    expect(JSON.stringify(found).length).toBeLessThan(40_000);
  });

  it('keeps subjects that are longer than a key may be apart', async () => {
    const { records } = await fresh();
    const name = 'ü'.repeat(3_000);
    await records.append([
      record('2026-11-22T12:00:00.000Z', 'one', { subjects: [`object:${name}1`] }),
      record('2026-11-22T12:00:00.000Z', 'two', { subjects: [`object:${name}2`] }),
    ]);
    expect((await records.about(`object:${name}1`, { limit: 5 })).map((one) => one.summary)).toEqual(['synced one']);
  });

  it('leaves an item of an unknown format out of a list, tells it, and still fills the page', async () => {
    const { records, put, unreadable } = await fresh();
    await records.append([1, 2, 3].map((n) => record(`2026-11-22T12:00:0${n}.000Z`, String(n))));
    await put({ pk: 'about#sync:shop-prod', sk: '2026-11-22T12:00:02.500Z#z', format: 99 });
    await put({ pk: 'about#sync:shop-prod', sk: '2026-11-22T12:00:02.600Z#z', format: 1, details: '{' });
    const page = await records.about('sync:shop-prod', { limit: 2 });
    expect(page.map((one) => one.summary)).toEqual(['synced 3', 'synced 2']);
    expect(unreadable.map((error) => error.message)).toEqual([
      expect.stringContaining('sk="2026-11-22T12:00:02.600Z#z" of the records is broken'),
      expect.stringContaining('is of format 99, this Windlass reads format 1'),
    ]);
  });

  it('refuses to decide on a state or an open incident that it cannot understand', async () => {
    const { records, put } = await fresh();
    await put({ pk: 'state#sync', sk: 'shop-prod', format: 2, body: '{}' });
    await put({ pk: 'incident-open', sk: 'shop-prod#drift#x', format: 1, body: 'no json' });
    await expect(records.syncState('shop-prod')).rejects.toThrow('format 2');
    await expect(records.openIncidents('shop-prod')).rejects.toThrow('is broken');
    expect(await records.syncs()).toEqual([]);
    expect(await records.openIncidents()).toEqual([]);
  });

  it('keeps the state of each sync and refuses a stale writer', async () => {
    const { records } = await fresh();
    const one = state({ pulledAt: '2026-11-22T12:00:00.000Z', revision: 'a' });
    await records.saveSyncState(one);
    await records.saveSyncState(one);
    const checked = state({ ...one, checkedAt: '2026-11-22T12:00:15.000Z' });
    await records.saveSyncState(checked);
    const stale = records.saveSyncState({ ...one, pulledAt: '2026-11-22T12:00:20.000Z', revision: 'b' });
    await expect(stale).rejects.toThrow(RetryableError);
    expect(await records.syncState('shop-prod')).toEqual(checked);
    await records.saveSyncState(state({ sync: 'infra' }));
    expect((await records.syncs()).map((sync) => sync.sync)).toEqual(['infra', 'shop-prod']);
  });

  it('keeps the newest state of each image', async () => {
    const { records } = await fresh();
    const newer = image({ at: '2026-11-22T12:01:00.000Z', newest: '1.5.0' });
    await records.saveImages([newer, image({ policy: 'ns:api' })]);
    await records.saveImages([image({ newest: '1.4.0' })]);
    expect(await records.images()).toEqual([image({ policy: 'ns:api' }), newer]);
  });

  it('follows an incident from opening to resolving', async () => {
    const { records } = await fresh();
    const opened = incident();
    await records.saveIncident(opened);
    await records.saveIncident(
      incident({ sync: 'shop', object: 'ConfigMap/shop/a', key: '2026-11-22T11:00:00.000Z-x' }),
    );
    expect(await records.openIncidents('shop-prod')).toEqual([opened]);
    expect(await records.openIncidents()).toHaveLength(2);
    const changed = incident({ changedAt: '2026-11-22T12:01:00.000Z', contentHash: 'two' });
    await records.saveIncident(changed);
    await records.saveIncident(opened).catch(() => undefined);
    expect(await records.incident(opened.key)).toEqual(changed);
    const resolved: Incident = {
      ...changed,
      changedAt: '2026-11-22T12:02:00.000Z',
      resolvedAt: '2026-11-22T12:02:00.000Z',
      resolution: 'converged by pull',
    };
    await records.saveIncident(resolved);
    await records.saveIncident(resolved);
    expect(await records.openIncidents('shop-prod')).toEqual([]);
    await records.saveIncident(changed);
    expect(await records.openIncidents('shop-prod')).toEqual([]);
    expect(await records.recentIncidents(5)).toEqual([
      resolved,
      expect.objectContaining({ object: 'ConfigMap/shop/a' }),
    ]);
    expect(await records.lastIncident(resolved)).toEqual(resolved);
  });

  it('remembers the last incident of a thing that was opened and resolved at once', async () => {
    const { records } = await fresh();
    const at = '2026-11-22T12:00:01.000Z';
    const first = incident({ resolvedAt: at, changedAt: at, resolution: 'converged by pull' });
    await records.saveIncident(first);
    expect(await records.openIncidents()).toEqual([]);
    expect(await records.lastIncident(first)).toEqual(first);
    expect(await records.lastIncident({ ...first, object: 'ConfigMap/shop/other' })).toBeUndefined();
    const later = '2026-11-22T13:00:00.000Z';
    const second = { ...first, key: `${later}-drift-0`, openedAt: later, changedAt: later, resolvedAt: later };
    await records.saveIncident(second);
    await records.saveIncident(first);
    expect(await records.lastIncident(first)).toEqual(second);
  });

  it('lets only one incident be open for one thing', async () => {
    const { records } = await fresh();
    await records.saveIncident(incident());
    const second = records.saveIncident(incident({ key: '2026-11-22T12:00:00.500Z-drift-0a1b2c3d' }));
    await expect(second).rejects.toThrow(RetryableError);
    expect(await records.recentIncidents(5)).toHaveLength(1);
  });
});

describe('a table that cannot be used', () => {
  it('is a retryable error when nobody answers and a user error when it is missing', async () => {
    const server = await startDynalite();
    const client = new DynamoDBClient({
      endpoint: server.endpoint,
      region: 'eu-west-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const records = new DynamoRecords(client, {
      tables: { audit: 'nowhere', state: 'neither' },
      onUnreadable: () => {},
    });
    await expect(records.timeline({ limit: 1 })).rejects.toMatchObject({ code: 'records-table-missing' });
    await server.stop();
    await expect(records.append([record('2026-11-22T12:00:00.000Z', 'a')])).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'records-unreachable',
    });
    client.destroy();
  });
});
