import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openReportQueue } from '../../../lib/adapters/aws/report-queue.ts';
import { pull } from '../../report/reports.ts';

/** An SQS that lets nobody send. */
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    response.writeHead(403, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: 'com.amazonaws.sqs#AccessDeniedException', message: 'not authorized' }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/000000000000/reports.fifo`;
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
afterAll(() => {
  vi.unstubAllEnvs();
  server?.close();
});

describe('a report that may not be sent', () => {
  it.each([
    ['a puller', undefined, 'allow the role of the puller to use the queue'],
    ['the check for drift', 'drift', 'allow the role of drift sqs:SendMessage to the queue of reports'],
    ['whoever asks audit logs', 'who', 'allow the role of who sqs:SendMessage to the queue of reports'],
  ] as const)('by %s says whose role lacks the right', async (_, sender, todo) => {
    const queue = openReportQueue({ url, region: 'eu-west-1', ...(sender && { sender }) });
    await expect(queue.send(pull(0, 1))).rejects.toMatchObject({
      code: 'queue-access',
      message: expect.stringContaining(`AccessDeniedException: not authorized\n${todo}`),
    });
    queue.close();
  });
});
