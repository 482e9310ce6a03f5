import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { UserError } from '../../model/errors.ts';
import { createRecordsTable } from './dynamo-create.ts';
import { DynamoRecords } from './dynamo-records.ts';
import { splitOneTable } from './dynamo-split.ts';
import type { RecordsTables } from './dynamo-table.ts';
import { shortPatience } from './patience.ts';

/** Where the records are. Without endpoint, region and credentials the SDK finds AWS and the process's own. */
export interface OpenRecords extends Pick<DynamoDBClientConfig, 'endpoint' | 'region' | 'credentials' | 'profile'> {
  tables: RecordsTables;
  /** Creates the tables where they are missing: for local mode and tests alone. */
  create?: boolean;
  /** The one table in which an earlier Windlass kept everything: where it is there, its items move into the two. */
  earlier?: string;
  /** Told of each item that a list leaves out because it cannot be understood. */
  onUnreadable: (error: UserError) => void;
}

/** Opens the records. `close` ends the client's connections. */
export async function openRecords(
  options: OpenRecords,
): Promise<{ records: DynamoRecords; client: DynamoDBClient; close(): void }> {
  const { tables, create = false, earlier, onUnreadable, ...where } = options;
  const client = new DynamoDBClient(where);
  if (create) for (const table of [tables.audit, tables.state]) await createRecordsTable(client, table);
  if (earlier !== undefined) await splitOneTable(client, earlier, tables);
  return { records: new DynamoRecords(client, { tables, onUnreadable }), client, close: () => client.destroy() };
}

/** A client for DynamoDB of the process's own account and Region, for a function that has no more than 30 s. */
export function openDynamo(): DynamoDBClient {
  return new DynamoDBClient(shortPatience);
}
