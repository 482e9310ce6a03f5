import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { UserError } from '../../model/errors.ts';
import { createRecordsTable } from './dynamo-create.ts';
import { DynamoRecords } from './dynamo-records.ts';

/** Where the records table is. Without endpoint, region and credentials the SDK finds AWS and the process's own. */
export interface OpenRecords extends Pick<DynamoDBClientConfig, 'endpoint' | 'region' | 'credentials'> {
  table: string;
  /** Creates the table where it is missing: for local mode and tests alone. */
  create?: boolean;
  /** Told of each item that a list leaves out because it cannot be understood. */
  onUnreadable: (error: UserError) => void;
}

/** Opens the records table. `close` ends the client's connections. */
export async function openRecords(
  options: OpenRecords,
): Promise<{ records: DynamoRecords; client: DynamoDBClient; close(): void }> {
  const { table, create = false, onUnreadable, ...where } = options;
  const client = new DynamoDBClient(where);
  if (create) await createRecordsTable(client, table);
  return { records: new DynamoRecords(client, { table, onUnreadable }), client, close: () => client.destroy() };
}
