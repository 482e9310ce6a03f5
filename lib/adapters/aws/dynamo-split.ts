import {
  type AttributeValue,
  BatchWriteItemCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  paginateScan,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import { isAudit } from './dynamo-items.ts';
import type { RecordsTables } from './dynamo-table.ts';
import { troubleOf } from './dynamo-trouble.ts';

/** The most that one request may write. */
const batch = 25;

type RawItem = Record<string, AttributeValue>;

/**
 * Moves the items of the one table of an earlier Windlass into the two, and deletes it at the end: broken off before, it begins anew at the
 * next start and loses nothing. Does nothing where there is no such table.
 */
export async function splitOneTable(client: DynamoDBClient, earlier: string, tables: RecordsTables): Promise<void> {
  try {
    for await (const page of paginateScan({ client }, { TableName: earlier, ConsistentRead: true })) {
      const items = page.Items ?? [];
      const ofAudit = (item: RawItem) => isAudit(item['pk']?.S ?? '');
      await putAll(client, tables.audit, items.filter(ofAudit));
      await putAll(
        client,
        tables.state,
        items.filter((item) => !ofAudit(item)),
      );
    }
    await client.send(new DeleteTableCommand({ TableName: earlier }));
    await waitUntilTableNotExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName: earlier });
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return;
    throw troubleOf(error, earlier);
  }
}

async function putAll(client: DynamoDBClient, table: string, items: RawItem[]): Promise<void> {
  let left = items.map((Item) => ({ PutRequest: { Item } }));
  while (left.length > 0) {
    const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: left.slice(0, batch) } }));
    const again = (answer.UnprocessedItems?.[table] ?? []) as typeof left;
    left = [...again, ...left.slice(batch)];
  }
}
