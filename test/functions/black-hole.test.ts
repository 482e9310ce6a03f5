import { createServer, type Server, type Socket } from 'node:net';
import type { SQSBatchResponse } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { openEcrRegistry } from '../../lib/adapters/aws/ecr.ts';
import { shortPatience } from '../../lib/adapters/aws/patience.ts';
import { pushEvent } from '../../lib/bump/push-event.ts';
import { functionVariables } from '../../lib/config/function-env.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import { notice } from '../notify/notices.ts';
import { pull } from '../report/reports.ts';
import { cluster, fromPuller, listen, sandbox, sqsEvent } from './surroundings.ts';

/** Takes every connection, and never says a word: what a function in a VPC without a way to AWS sees. */
let hole: Server;
const sockets = new Set<Socket>();
let endpoint: string;

beforeAll(async () => {
  hole = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).resume();
  });
  await new Promise<void>((resolve) => void hole.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(hole.address() as { port: number }).port}`;
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  hole?.close();
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** Milliseconds that each of these functions has. */
const time = 30_000;

const queue = (name: string) => `${endpoint}/000000000000/${name}`;

function environment(): Record<string, string> {
  const variables = functionVariables;
  return {
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'eu-west-1', POWERTOOLS_DEV: 'false' },
    ...{ AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_LAMBDA_FUNCTION_NAME: 'windlass' },
    ...{ [variables.repo]: 'acme/config', [variables.branch]: 'main', [variables.githubSecret]: 'windlass/github' },
    ...{ [variables.auditTable]: 'audit', [variables.stateTable]: 'state' },
    ...{ [variables.reportsQueue]: queue('reports.fifo'), [variables.noticesQueue]: queue('notices.fifo') },
    [variables.reportQueues]: JSON.stringify({ [cluster]: 'windlass-reports-acme-prod.fifo' }),
    ...{ [variables.questionsQueue]: queue('questions'), [variables.pushesQueue]: queue('pushes.fifo') },
    [variables.wakeQueues]: JSON.stringify({ [cluster]: queue('wake') }),
    ...{ [variables.eventBus]: 'default', [variables.notifySecrets]: '[]', [variables.topics]: '{}' },
  };
}

const push = pushEvent({
  ...{ id: 'push-1', at: new Date(), account: '000000000000', region: 'eu-west-1' },
  ...{ repository: 'shop/web', tag: '1.1.0', digest: `sha256:${'a'.repeat(64)}` },
});

it.each([
  ['bump-on-push', () => sqsEvent(push)],
  ['report-on-sync', () => fromPuller(sqsEvent(pull(0, 1)))],
  ['notify-on-notice', () => sqsEvent(notice('opened', 'drift'))],
])('%s says what comes again while AWS does not answer, before its time is over', async (file, event) => {
  const lines = listen();
  const handler = await sandbox<SQSBatchResponse>(file, environment());
  const begun = performance.now();
  const answer = await handler(event());
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
  expect(performance.now() - begun).toBeLessThan(time);
  expect(lines.join('\n')).toContain('"level":"WARN"');
});

it('ECR that does not answer takes half of that time', async () => {
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const registry = openEcrRegistry({ endpoint, credentials, ...shortPatience });
  const begun = performance.now();
  await expect(registry.tags('000000000000.dkr.ecr.eu-west-1.amazonaws.com/shop/web')).rejects.toThrow(RetryableError);
  expect(performance.now() - begun).toBeLessThan(time / 2);
});
