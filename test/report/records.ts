import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createRecordsTable } from '../../lib/adapters/aws/dynamo-create.ts';
import { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { startDynalite } from '../../lib/adapters/local/dynalite.ts';

/** Records in an embedded table of their own, until `close`. */
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
  await createRecordsTable(client, 'windlass');
  const onUnreadable = (error: Error) => {
    throw error;
  };
  return {
    client,
    records: new DynamoRecords(client, { table: 'windlass', onUnreadable }),
    close: async () => {
      client.destroy();
      await server.stop();
    },
  };
}
