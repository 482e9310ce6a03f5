import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { UserError } from '../../model/errors.ts';
import { createRecordsTable } from '../aws/dynamo-create.ts';
import { DynamoRecords } from '../aws/dynamo-records.ts';
import { startDynalite } from './dynalite.ts';

/** The records of a loop on this machine. */
export interface LocalRecords {
  records: DynamoRecords;
  /** Where the DynamoDB API listens. */
  endpoint: string;
  stop(): Promise<void>;
}

/** The one table of local mode. */
export const localTable = 'windlass';

/**
 * Starts the embedded DynamoDB API with its data in a directory (in memory without one) and opens the records on it by the same adapter
 * that AWS gets. Throws `UserError` when the directory is in use or damaged.
 */
export async function startRecords(options: {
  path?: string;
  /** Told of each item that a list leaves out because it cannot be understood. */
  onUnreadable: (error: UserError) => void;
}): Promise<LocalRecords> {
  const dynalite = await startDynalite(options.path === undefined ? {} : { path: options.path });
  // dynalite takes any credentials; without these the SDK would look for the user's own.
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: dynalite.endpoint, region: 'local', credentials });
  await createRecordsTable(client, localTable);
  return {
    records: new DynamoRecords(client, { table: localTable, onUnreadable: options.onUnreadable }),
    endpoint: dynalite.endpoint,
    stop: async () => {
      client.destroy();
      await dynalite.stop();
    },
  };
}
