import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { UserError } from '../../model/errors.ts';
import type { HourCount, HourCounts, ToldEnvironment, ToldStore, ToldSync } from '../../report/ports.ts';
import { keyText } from './dynamo-items.ts';
import { DynamoTable, type Item } from './dynamo-table.ts';

const format = 1;
const syncs = 'told#sync';
const environments = 'told#environment';
const hours = 'told#hour';

const status = z.object({
  state: z.enum(['pending', 'success', 'failure', 'error']),
  description: z.string(),
  reason: z.string().optional(),
});

const syncShape = z.object({
  sync: z.string(),
  at: z.string(),
  revision: z.string(),
  status: status.optional(),
  unfinished: z.string().optional(),
}) satisfies z.ZodType<ToldSync>;

const environmentShape = z.object({
  environment: z.string(),
  revision: z.string(),
  openedAt: z.string(),
  opener: z.string(),
  id: z.number().optional(),
  leftOut: z.boolean().optional(),
  syncs: z.record(z.string(), status),
  told: status.optional(),
  superseded: z.array(z.number()),
  past: z.array(z.string()),
}) satisfies z.ZodType<ToldEnvironment>;

const countShape = z.object({
  ...{ of: z.string(), hour: z.string(), ids: z.array(z.string()) },
  ...{ fullAt: z.string().optional(), isKnown: z.boolean().optional() },
}) satisfies z.ZodType<HourCount>;

/**
 * Keeps what the host of the config repo was told in a DynamoDB table with the keys `pk` and `sk`: one item a sync, one an environment; and what people were told
 * of a cluster in an hour: one item for whatever is counted.
 */
export function openToldStore(client: DynamoDBClient, options: { table: string }): ToldStore & HourCounts {
  const table = new DynamoTable(client, options.table);
  return {
    sync: async (sync) => {
      const item = await table.get(syncs, keyText(sync));
      return item === undefined ? undefined : bodyOf(item, syncShape);
    },
    saveSync: async (told) => {
      const item = { pk: syncs, sk: keyText(told.sync), format, at: told.at, body: JSON.stringify(told) };
      await table.put(item, {
        expression: 'attribute_not_exists(pk) OR #at <= :at',
        names: { '#at': 'at' },
        values: { ':at': told.at },
      });
    },
    environment: async (environment) => {
      const found = await readVersion(table, { pk: environments, sk: keyText(environment) }, environmentShape);
      return found && { told: found.body, version: found.version };
    },
    saveEnvironment: (told, version) =>
      saveVersion(table, { pk: environments, sk: keyText(told.environment) }, told, version),
    count: async (of) => {
      const found = await readVersion(table, { pk: hours, sk: keyText(of) }, countShape);
      return found && { count: found.body, version: found.version };
    },
    saveCount: (count, version) => saveVersion(table, { pk: hours, sk: keyText(count.of) }, count, version),
  };
}

type Key = Pick<Item, 'pk' | 'sk'>;

async function readVersion<T>(
  table: DynamoTable,
  { pk, sk }: Key,
  shape: z.ZodType<T>,
): Promise<{ body: T; version: number } | undefined> {
  const item = await table.get(pk, sk);
  if (item === undefined) return undefined;
  if (typeof item['version'] !== 'number') throw broken(item);
  return { body: bodyOf(item, shape), version: item['version'] };
}

/** False when the table has another version than the one that was read. */
function saveVersion(table: DynamoTable, key: Key, body: object, version: number): Promise<boolean> {
  const item = { ...key, format, version: version + 1, body: JSON.stringify(body) };
  if (version === 0) return table.putOnce(item);
  return table.put(item, {
    expression: '#version = :version',
    names: { '#version': 'version' },
    values: { ':version': version },
  });
}

function bodyOf<T>(item: Item, shape: z.ZodType<T>): T {
  try {
    if (item['format'] !== format) throw new Error(`its format is ${String(item['format'])}, not ${format}`);
    return shape.parse(JSON.parse(z.string().parse(item['body'])));
  } catch (cause) {
    throw broken(item, cause);
  }
}

function broken({ pk, sk }: Item, cause?: unknown): UserError {
  return new UserError(`the item ${pk} ${sk} cannot be understood: delete it, it is made anew`, {
    code: 'told-broken',
    subject: sk,
    cause,
  });
}
