import type { Logger } from '@aws-lambda-powertools/logger';
import { openDynamo } from '../../lib/adapters/aws/dynamo-open.ts';
import { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';

/** The two tables, of the function's own account and Region. */
export function openTables(
  { auditTable: audit, stateTable: state }: { auditTable: string; stateTable: string },
  logger: Logger,
) {
  const client = openDynamo();
  const onUnreadable = (error: Error) => logger.warn('a record was left out', error);
  return { client, records: new DynamoRecords(client, { tables: { audit, state }, onUnreadable }) };
}
