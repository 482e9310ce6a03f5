import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { vi } from 'vitest';

/** What a function writes to its log: the lines of the logger and of the metrics, as Lambda gets them. */
export function listenToLog(): { lines: Record<string, unknown>[]; bytes(): number; stop(): void } {
  const texts: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const hear = (chunk: unknown) => {
    for (const text of String(chunk)
      .split('\n')
      .filter((line) => line.startsWith('{'))) {
      texts.push(text);
      lines.push(JSON.parse(text) as Record<string, unknown>);
    }
    return true;
  };
  const spies = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
  for (const spy of spies) spy.mockImplementation(hear);
  return {
    lines,
    bytes: () => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    stop: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}

/** The items that go to each table from now on: `state` to the bytes of each item. */
export function listenToTables(client: DynamoDBClient): Map<string, number[]> {
  const written = new Map<string, number[]>();
  client.middlewareStack.add(
    (next) => async (args) => {
      const { TableName, Item, Key } = args.input as { TableName?: string; Item?: object; Key?: object };
      const isRead = Item === undefined && (Key === undefined || !('ConditionExpression' in args.input));
      if (TableName !== undefined && !isRead)
        written.set(TableName, [...(written.get(TableName) ?? []), JSON.stringify(Item ?? Key).length]);
      return next(args);
    },
    { step: 'initialize', name: 'listen-to-tables' },
  );
  return written;
}
