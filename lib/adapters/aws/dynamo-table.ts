import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { troubleOf } from './dynamo-trouble.ts';

/** The names of the two tables: what happened, which is only added to, and how things stand. */
export interface RecordsTables {
  audit: string;
  state: string;
}

/** An item of a table: two string keys, and attributes that no key refers to. */
export interface Item {
  pk: string;
  sk: string;
  [attribute: string]: unknown;
}

/** Which items of one partition: those whose sort key lies below, at or below, or begins with a text. */
export interface Range {
  pk: string;
  below?: string;
  upTo?: string;
  beginsWith?: string;
}

/** A condition in DynamoDB's expression language, its values (`:name`) and its names (`#name`, for reserved words). */
export interface Condition {
  expression: string;
  names?: Record<string, string>;
  values?: Record<string, unknown>;
}

/**
 * The few calls that Windlass makes of one DynamoDB table (`pk` and `sk`, both strings). No scan, no transaction, no index.
 * Every call throws `RetryableError` for throttling and trouble of the service or the network, and `UserError` for a table that is
 * missing or not allowed.
 */
export class DynamoTable {
  readonly name: string;
  readonly #client: DynamoDBDocumentClient;

  constructor(client: DynamoDBClient, name: string) {
    this.name = name;
    this.#client = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  }

  /** Writes a whole item. False when the condition did not hold: nothing was written. */
  async put(item: Item, condition?: Condition): Promise<boolean> {
    return this.#unlessRefused(
      this.#client.send(
        new PutCommand({
          TableName: this.name,
          Item: item,
          ConditionExpression: condition?.expression,
          ExpressionAttributeNames: condition?.names,
          ExpressionAttributeValues: condition?.values,
        }),
      ),
    );
  }

  /** Writes an item unless its key is taken. False when it was there already. */
  putOnce(item: Item): Promise<boolean> {
    return this.put(item, { expression: 'attribute_not_exists(pk)' });
  }

  /** Deletes an item. False when the condition did not hold; an item that is gone already fulfils none. */
  async delete(pk: string, sk: string, condition: Condition): Promise<boolean> {
    return this.#unlessRefused(
      this.#client.send(
        new DeleteCommand({
          TableName: this.name,
          Key: { pk, sk },
          ConditionExpression: condition.expression,
          ExpressionAttributeNames: condition.names,
          ExpressionAttributeValues: condition.values,
        }),
      ),
    );
  }

  /** One item as it is now (a consistent read). */
  async get(pk: string, sk: string): Promise<Item | undefined> {
    const answer = await this.#asked(
      this.#client.send(new GetCommand({ TableName: this.name, Key: { pk, sk }, ConsistentRead: true })),
    );
    return answer.Item as Item | undefined;
  }

  /** The items of a range one by one in the order of their sort key, read page by page as they are asked for. */
  async *query(
    range: Range,
    options: { newestFirst?: boolean; pageSize?: number; consistent?: boolean } = {},
  ): AsyncGenerator<Item> {
    let start: Record<string, unknown> | undefined;
    do {
      const answer = await this.#asked(
        this.#client.send(
          new QueryCommand({
            TableName: this.name,
            ...keyCondition(range),
            ScanIndexForward: options.newestFirst !== true,
            Limit: options.pageSize,
            ConsistentRead: options.consistent === true,
            ExclusiveStartKey: start,
          }),
        ),
      );
      for (const item of answer.Items ?? []) yield item as Item;
      start = answer.LastEvaluatedKey;
    } while (start !== undefined);
  }

  async #unlessRefused(call: Promise<unknown>): Promise<boolean> {
    try {
      await call;
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
      throw troubleOf(error, this.name);
    }
  }

  async #asked<Answer>(call: Promise<Answer>): Promise<Answer> {
    try {
      return await call;
    } catch (error) {
      throw troubleOf(error, this.name);
    }
  }
}

function keyCondition(range: Range): {
  KeyConditionExpression: string;
  ExpressionAttributeValues: Record<string, string>;
} {
  const [condition, value] =
    range.below !== undefined
      ? ['sk < :sk', range.below]
      : range.upTo !== undefined
        ? ['sk <= :sk', range.upTo]
        : ['begins_with(sk, :sk)', range.beginsWith];
  if (value === undefined || value === '') {
    return { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': range.pk } };
  }
  return {
    KeyConditionExpression: `pk = :pk AND ${condition}`,
    ExpressionAttributeValues: { ':pk': range.pk, ':sk': value },
  };
}

/** Does `work` for each item, at most `width` at a time. The first failure is thrown after what is under way has ended. */
export async function forEachOf<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async () => {
    for (let next = rest.next(); next.done !== true && failures.length === 0; next = rest.next()) {
      await work(next.value).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  if (failures.length > 0) throw failures[0];
}
