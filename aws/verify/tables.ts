import {
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  paginateListTables,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import type { Plan } from './plan.ts';
import { until } from './until.ts';

/**
 * Deletes the tables of the stack, which outlive it and are protected: they are those of this verification alone, as its id is in their names. Throws when one
 * cannot be deleted.
 */
export async function removeTables(dynamo: DynamoDBClient, { stack }: Plan): Promise<void> {
  const names: string[] = [];
  for await (const { TableNames = [] } of paginateListTables({ client: dynamo }, {}))
    names.push(...TableNames.filter((name) => name.startsWith(`${stack}-`)));
  for (const TableName of names) {
    await dynamo.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    await until(async () => {
      const { Table } = await dynamo.send(new DescribeTableCommand({ TableName }));
      return Table?.TableStatus === 'ACTIVE' ? true : undefined;
    }, 300);
    await dynamo.send(new DeleteTableCommand({ TableName }));
  }
}
