import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createRecordsTable } from '../../lib/adapters/aws/dynamo-create.ts';
import { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { startDynalite } from '../../lib/adapters/local/dynalite.ts';

/** The tables of `openRecords`. */
export const tables = { audit: 'audit', state: 'state' };

/** Records in embedded tables of their own, until `close`. */
export async function openRecords(): Promise<{
  records: DynamoRecords;
  client: DynamoDBClient;
  close(): Promise<void>;
}> {
  const server = await startDynalite();
  const client = new DynamoDBClient({
    endpoint: server.endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  for (const table of [tables.audit, tables.state]) await createRecordsTable(client, table);
  const onUnreadable = (error: Error) => {
    throw error;
  };
  return {
    client,
    records: new DynamoRecords(client, { tables, onUnreadable }),
    close: async () => {
      client.destroy();
      await server.stop();
    },
  };
}
