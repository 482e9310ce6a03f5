import { readFileSync } from 'node:fs';
import {
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRecordsTable } from '../../lib/adapters/aws/dynamo-create.ts';
import { itemsOf } from '../../lib/adapters/aws/dynamo-items.ts';
import { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { startDynalite } from '../../lib/adapters/local/dynalite.ts';
import { audit } from '../../lib/audit/audit.ts';
import type { GitHistory } from '../../lib/audit/ports.ts';
import { readQuestion } from '../../lib/audit/question.ts';
import { type AuditRecord, recordId } from '../../lib/model/audit-record.ts';
import { imageSubjects } from '../../lib/model/audit-subjects.ts';
import { UserError } from '../../lib/model/errors.ts';
import type { Incident } from '../../lib/model/incident.ts';
import { type DynamoFront, frontOf } from '../helpers/dynamo-front.ts';
import { openRecords } from '../report/records.ts';

/** The names that the documented questions have for their examples. */
const object = 'apps/Deployment/shop-prod/web';
const revision = '0123456789abcdef0123456789abcdef01234567';
const incidentKey = '2026-11-22T12:01:40.123Z-drift-0a1b2c3d4e5f6071';
const digest = `sha256:${'b'.repeat(64)}`;
const image = { repository: 'ghcr.io/acme/web', tag: '1.5.0', digest };
const total = 10_000;
const first = Date.parse('2026-11-20T00:00:00.000Z');
/** Three days, evenly. */
const at = (index: number) => new Date(first + Math.floor((index * 3 * 86_400_000) / total)).toISOString();

/** Ten thousand records of a busy week-end: each subject that is asked for has 500 or more. */
const records = Array.from({ length: total }, (_, index): AuditRecord => {
  const kinds = [
    { kind: 'synced', actor: 'windlass pull', subjects: ['sync:shop-prod', 'pulls:shop-prod', `revision:${revision}`] },
    { kind: 'object-applied', actor: 'windlass pull', subjects: [`object:${object}`, `run:run-${index}`] },
    { kind: 'bumped', actor: 'windlass bump', subjects: ['image:web', `event:e-${index}`, ...imageSubjects(image)] },
    { kind: 'drift-found', actor: 'kubectl-set', subjects: ['actor:kubectl-set', `incident:${incidentKey}`] },
    { kind: 'synced', actor: 'windlass pull', subjects: ['sync:other', 'pulls:other'] },
  ] as const;
  const { kind, actor, subjects } = kinds[index % kinds.length]!;
  return {
    ...{ id: recordId(kind, String(index)), at: at(index), kind, actor, subjects: [...subjects], revision },
    ...{
      result: 'ok',
      summary: `fact ${index}`,
      details: { result: 'synced', images: ['ghcr.io/acme/web:1.5.0'], digest },
    },
  };
});

const incident: Incident = {
  ...{ key: incidentKey, kind: 'drift', cluster: 'prod', sync: 'shop-prod', object, title: `${object} was changed` },
  ...{ openedAt: '2026-11-22T12:01:40.123Z', changedAt: '2026-11-22T12:01:40.123Z', contentHash: 'x' },
};

describe('ten thousand records', () => {
  let dynalite: { endpoint: string; stop(): Promise<void> };
  let front: DynamoFront;
  let client: DynamoDBClient;
  let reader: DynamoRecords;
  const tables = { audit: 'windlass-audit', state: 'windlass-state' };

  beforeAll(async () => {
    dynalite = await startDynalite();
    front = await frontOf(dynalite.endpoint);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    client = new DynamoDBClient({ endpoint: front.endpoint, region: 'local', credentials });
    for (const table of [tables.audit, tables.state]) await createRecordsTable(client, table);
    const onUnreadable = (error: Error) => {
      throw error;
    };
    reader = new DynamoRecords(client, { tables, onUnreadable });
    // The items that `append` puts one by one, in less time.
    const items = records.flatMap(itemsOf);
    const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
    for (let from = 0; from < items.length; from += 25) {
      const puts = items.slice(from, from + 25).map((Item) => ({ PutRequest: { Item } }));
      const { UnprocessedItems } = await documents.send(
        new BatchWriteCommand({ RequestItems: { [tables.audit]: puts } }),
      );
      expect(UnprocessedItems).toEqual({});
    }
    // One of each day by the usual way, which keeps the list of days.
    const days = new Set<string>();
    await reader.append(records.filter((one) => !days.has(one.at.slice(0, 10)) && days.add(one.at.slice(0, 10))));
    for (const [sync, ref] of [
      ['shop-prod', 'ghcr.io/acme/web:1.5.0'],
      ['other', `ghcr.io/acme/web@${digest}`],
    ] as const)
      await reader.saveSyncState({
        ...{ sync, cluster: 'prod', revision, health: [], errors: [], drifted: 0, unknown: [] },
        images: [{ ref, since: at(0) }],
      });
    await reader.saveIncident(incident);
    const limits = { puller: 1, checker: 1, held: 1 };
    const checked = { checkedAt: at(total), syncs: [], objects: 1, limits, blindChecks: 0, stopped: [] };
    await reader.saveClusterState({ cluster: 'prod', ...checked });
  });
  afterAll(async () => {
    client?.destroy();
    await front?.stop();
    await dynalite?.stop();
  });

  const unread = async (): Promise<GitHistory> => {
    throw new UserError('there is no Git here', { code: 'no-git' });
  };
  let warnings: string[] = [];
  const ask = async (text: string | undefined, more: { before?: string; since?: string; limit?: number } = {}) => {
    front.calls.length = 0;
    warnings = [];
    const warn = (text: string) => void warnings.push(text);
    const question = readQuestion(text, new Date(at(total)));
    const answer = await audit(question, { limit: 50, ...more }, { records: reader, history: unread, warn });
    return { ...answer, calls: [...front.calls] };
  };
  const queries = (count: number) => Array.from({ length: count }, () => 'Query');

  it.each([
    [undefined, 2],
    [`object/${object}`, 1],
    ['image/web', 1],
    ['sync/shop-prod', 1],
    [`revision/${revision}`, 1],
    [`incident/${incidentKey}`, 1],
    ['by/kubectl-set', 1],
    ['run/run-1', 1],
    ['event/e-2', 1],
    ['ref/ghcr.io/acme/web:1.5.0', 2],
    // Its records, the states, the records by which its tags are known, and one tag.
    [`digest/${digest}`, 4],
    // The states, and each of two syncs.
    ['at/2026-11-21T12:00', 3],
  ])('answer %s with %i queries', async (text, count) => {
    const { calls, records: found, running, syncs } = await ask(text);
    expect(calls).toEqual(queries(count));
    expect(warnings).toEqual(text?.startsWith('by/') ? ['Git was not asked: there is no Git here'] : []);
    if (syncs === undefined) expect(found?.length).toBe(/^(?:run|event)/.test(text ?? '') ? 1 : 50);
    if (running !== undefined) expect(running.syncs).toHaveLength(text!.startsWith('ref') ? 1 : 2);
    for (const { pull, applied } of syncs ?? []) {
      expect(applied?.images).toEqual(['ghcr.io/acme/web:1.5.0']);
      expect(pull!.at < '2026-11-21T12:00' && pull!.at > '2026-11-21T11:55').toBe(true);
    }
  });

  it('answer for each further page with one query more, to the last record', async () => {
    const seen = new Set<string>();
    let before: string | undefined;
    do {
      const {
        calls,
        records: found = [],
        next,
      }: Awaited<ReturnType<typeof ask>> = await ask('image/web', { before, limit: 100 });
      expect(calls).toEqual(queries(1));
      for (const { id } of found) seen.add(id);
      before = next;
    } while (before !== undefined);
    expect(seen.size).toBe(total / 5);
  });

  it('answer between two times without reading what lies beside', async () => {
    const [since, before] = ['2026-11-21T11:00:00.000Z', '2026-11-21T11:30:00.000Z'];
    const { calls, records: found = [] } = await ask(undefined, { since, before, limit: 1_000 });
    const wanted = records.filter((one) => one.at >= since && one.at < before).map(({ id }) => id);
    expect(found.map(({ id }) => id).reverse()).toEqual(wanted);
    expect(calls).toEqual(queries(1 + Math.ceil((wanted.length + 1) / 100)));
  });

  const documented = commandsOf(readFileSync('docs/records.md', 'utf8'));

  it('are asked by every command of the documentation', () => {
    expect(documented.length).toBeGreaterThan(15);
  });

  it.each(documented.map((command) => [command.comment, command] as const))(
    '%s: the documented command finds it',
    async (_, { input, isGet, table }) => {
      const TableName = tables[table];
      if (isGet) {
        const { Item } = await client.send(new GetItemCommand({ ...input, TableName } as GetItemCommandInput));
        return expect(Item).toBeDefined();
      }
      const { Items = [] } = await client.send(new QueryCommand({ ...input, TableName } as QueryCommandInput));
      expect(Items.length).toBeGreaterThan(0);
    },
  );
});

describe('records of an older Windlass', () => {
  it('answer, as far as they go', async () => {
    const { records: reader, close } = await openRecords();
    const unread = async () => Promise.reject(new UserError('there is no Git here', { code: 'no-git' }));
    const ask = (text: string) =>
      audit(readQuestion(text, new Date()), { limit: 50 }, { records: reader, history: unread, warn: () => {} });
    const fact = (kind: AuditRecord['kind'], minute: number, more: Partial<AuditRecord> = {}): AuditRecord => ({
      ...{ id: recordId(kind, String(minute)), at: new Date(first + minute * 60_000).toISOString(), kind },
      ...{ actor: 'windlass pull', subjects: ['sync:shop-prod'], result: 'ok', summary: kind, ...more },
    });
    const drift = Array.from({ length: 60 }, (_, index) => fact('drift-found', 10 + index, { actor: 'kubectl-set' }));
    const failed = fact('sync-failed', 5, { revision: 'bbbb' });
    await reader.append([fact('synced', 1, { revision: 'aaaa', details: { result: 'unhealthy' } }), failed, ...drift]);
    await reader.saveSyncState({
      ...{ sync: 'shop-prod', cluster: 'prod', revision: 'aaaa', health: [], errors: [], drifted: 0, unknown: [] },
    });
    expect((await ask('at/2026-11-21')).syncs).toEqual([
      {
        ...{ sync: 'shop-prod', cluster: 'prod' },
        pull: { at: failed.at, revision: 'bbbb', result: 'failed' },
        applied: { at: new Date(first + 60_000).toISOString(), revision: 'aaaa' },
      },
    ]);
    expect((await ask('at/2026-11-19')).syncs).toEqual([{ sync: 'shop-prod', cluster: 'prod' }]);
    expect((await ask(`digest/${digest}`)).running).toEqual({ syncs: [], untold: ['shop-prod'] });
    expect((await ask('sync/shop-prod')).records).toHaveLength(50);
    expect((await ask('by/kubectl-set')).records).toEqual([]);
    await close();
  });
});

interface Documented {
  comment: string;
  table: 'audit' | 'state';
  isGet: boolean;
  input: Partial<QueryCommandInput & GetItemCommandInput>;
}

/** The commands under "Questions", as the SDK takes them. */
function commandsOf(page: string): Documented[] {
  const block = /## Questions[\s\S]*?```sh\n([\s\S]*?)```/.exec(page)![1]!.replaceAll('\\\n', ' ');
  let comment = '';
  return block.split('\n').flatMap((line): Documented[] => {
    if (line.startsWith('# ')) comment = line.slice(2);
    const [, operation, table] = /^aws dynamodb (query|get-item) --table-name \$(audit|state) /.exec(line) ?? [];
    if (operation === undefined) return [];
    const option = (name: string) => new RegExp(`--${name} '([^']*)'`).exec(line)?.[1];
    const json = (name: string) => JSON.parse(option(name) ?? 'null') as Record<string, { S: string }>;
    const limit = /--max-items (\d+)/.exec(line)?.[1];
    const input =
      operation === 'get-item'
        ? { Key: json('key') }
        : {
            KeyConditionExpression: option('key-condition-expression'),
            ExpressionAttributeValues: json('expression-attribute-values'),
            ScanIndexForward: !line.includes('--no-scan-index-forward'),
            ...(limit !== undefined && { Limit: Number(limit) }),
          };
    return [{ comment, table: table as 'audit' | 'state', isGet: operation === 'get-item', input }];
  });
}
