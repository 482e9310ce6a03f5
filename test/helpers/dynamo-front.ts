import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Something that stands before DynamoDB's API, sees what is asked, and can refuse it as DynamoDB does. */
export interface DynamoFront {
  endpoint: string;
  /** The operations that were asked for, those that were refused, too: `PutItem`, `Query`. */
  calls: string[];
  /** So many more calls of an operation (of any, where none is named) are let through; all after them are throttled, until it is said anew. */
  throttleAfter(calls: number, operation?: string): void;
  /** Throttles nothing any more. */
  calm(): void;
  stop(): Promise<void>;
}

/** Opens one before an endpoint (`http://127.0.0.1:PORT`). */
export async function frontOf(endpoint: string): Promise<DynamoFront> {
  const target = new URL(endpoint);
  const calls: string[] = [];
  let left = Number.POSITIVE_INFINITY;
  let only: string | undefined;
  const server = createServer((from, to) => {
    const operation = String(from.headers['x-amz-target']).split('.').at(-1)!;
    calls.push(operation);
    if (only === undefined || only === operation) left -= 1;
    if (left < 0 && (only === undefined || only === operation)) {
      from.resume();
      // As DynamoDB says it: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
      to.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      const type = 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
      return void to.end(JSON.stringify({ __type: type, message: 'The level of throughput was exceeded.' }));
    }
    const { hostname, port } = target;
    const options = { hostname, port, path: from.url, method: from.method, headers: from.headers };
    const passed = request(options, (answer) => {
      to.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(to);
    });
    passed.on('error', () => to.destroy());
    from.pipe(passed);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    throttleAfter: (count, operation) => {
      left = count;
      only = operation;
    },
    calm: () => {
      left = Number.POSITIVE_INFINITY;
      only = undefined;
    },
    stop: () =>
      new Promise<void>((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
