import { createHash, randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { SurveyStore } from '../../bump/ports.ts';
import { UserError } from '../../model/errors.ts';
import { keyText } from './dynamo-items.ts';
import { DynamoTable, forEachOf, type Item } from './dynamo-table.ts';

/** Bytes in one item: DynamoDB takes 400 KB, names and keys included. */
const chunkBytes = 350_000;
/** Writes under way at a time. */
const width = 8;
const headKey = 'head';
const format = 1;

/** The item that says what the content is; it has the first chunk itself, so that most contents are this one item. */
const headShape = z.object({
  format: z.literal(format),
  version: z.string(),
  chunks: z.number().int().positive(),
  sha256: z.string(),
  content: z.instanceof(Uint8Array),
});

/** What is kept so. Each has partitions of its own, as not the same functions may use them. */
export type KeptKind = 'survey' | 'windlass-file';

/**
 * Keeps what is known of a branch, or its last valid windlass.yaml, in a DynamoDB table with the keys `pk` and `sk`. A content too large for one item
 * is in chunks of one version, written before the head that names them: a reader has one version or nothing. Of two writers at once one wins, the
 * other's content is dropped.
 * Methods throw `RetryableError` for a table that is throttled or away, `UserError` for one that is missing; `load` also for what is broken.
 */
export function openSurveyStore(
  client: DynamoDBClient,
  { kind = 'survey', ...options }: { table: string; kind?: KeptKind },
): SurveyStore {
  const table = new DynamoTable(client, options.table);
  return {
    load: async (name) => {
      const key = `${kind}#${keyText(name)}`;
      // The version may be replaced between its head and its chunks: then there is another one.
      for (let attempt = 1; ; attempt++) {
        const head = await readHead(table, key);
        if (head === undefined) return undefined;
        const content = await readChunks(table, key, head);
        if (content !== undefined) return content;
        if (attempt === 3) throw broken(key);
      }
    },
    save: async (name, content) => {
      const key = `${kind}#${keyText(name)}`;
      const before = await readHead(table, key).catch((error: unknown) => {
        if (error instanceof UserError && error.code === 'survey-broken') return 'broken' as const;
        throw error;
      });
      const version = randomUUID();
      const chunks = split(content);
      const rest = chunks.slice(1).map((chunk, index) => chunkItem(key, version, index + 1, chunk));
      await forEachOf(rest, width, (item) => table.put(item));
      const head = { format, version, chunks: chunks.length, sha256: hashOf(content), content: chunks[0] };
      const won = await table.put({ pk: key, sk: headKey, ...head }, unlessChanged(before));
      if (!won) await deleteChunks(table, key, version, chunks.length);
      else if (before !== undefined && before !== 'broken') {
        await deleteChunks(table, key, before.version, before.chunks);
      }
    },
  };
}

type Head = z.infer<typeof headShape>;

async function readHead(table: DynamoTable, key: string): Promise<Head | undefined> {
  const item = await table.get(key, headKey);
  if (item === undefined) return undefined;
  const head = headShape.safeParse(item);
  if (!head.success) throw broken(key, head.error);
  return head.data;
}

/** Undefined when a chunk is missing. */
async function readChunks(table: DynamoTable, key: string, head: Head): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [head.content];
  if (head.chunks > 1) {
    const range = { pk: key, beginsWith: `chunk#${head.version}#` };
    for await (const item of table.query(range, { consistent: true })) parts.push(item['content'] as Uint8Array);
  }
  if (parts.length !== head.chunks) return undefined;
  const content = new Uint8Array(Buffer.concat(parts));
  if (hashOf(content) !== head.sha256) throw broken(key);
  return content;
}

async function deleteChunks(table: DynamoTable, key: string, version: string, chunks: number): Promise<void> {
  const keys = Array.from({ length: chunks - 1 }, (_, index) => chunkKey(version, index + 1));
  await forEachOf(keys, width, (sk) => table.delete(key, sk, { expression: 'attribute_exists(pk)' }));
}

function unlessChanged(before: Head | 'broken' | undefined) {
  if (before === 'broken') return undefined;
  if (before === undefined) return { expression: 'attribute_not_exists(pk)' };
  return {
    expression: '#version = :version',
    names: { '#version': 'version' },
    values: { ':version': before.version },
  };
}

function chunkItem(key: string, version: string, index: number, content: Uint8Array): Item {
  return { pk: key, sk: chunkKey(version, index), format, content };
}

function chunkKey(version: string, index: number): string {
  return `chunk#${version}#${String(index).padStart(5, '0')}`;
}

/** At least one chunk, which may be empty. */
function split(content: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < content.length; at += chunkBytes)
    chunks.push(content.subarray(at, at + chunkBytes));
  return chunks;
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function broken(key: string, cause?: unknown): UserError {
  return new UserError(`what the table has of ${key} is broken or of another format: it is found out anew`, {
    code: 'survey-broken',
    subject: key,
    cause,
  });
}
