import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { bump } from '../../lib/bump/bump.ts';
import type { BumpPorts } from '../../lib/bump/ports.ts';
import { type ReadEvent, readEvent } from '../../lib/bump/push-event.ts';
import { tellIgnored } from '../../lib/bump/tell.ts';
import { type Batch, failuresOf, readBatch, sendAgain } from '../middleware/sqs-batch.ts';

/** What the handler is made of. */
export interface BumpOnPushDeps extends BumpPorts {
  now(): Date;
  /** One that logs as Lambda expects it, unless told. */
  logger?: Logger;
}

/**
 * Makes the handler of the FIFO queue of events: each record is read alone, what says nothing about an image is recorded and done with, and
 * all others of the batch become one bump. A failure that may pass sends back the events that it concerns. However long the other side asks
 * to wait, nothing waits here: the queue's visibility timeout does.
 */
export function bumpOnPush(deps: BumpOnPushDeps): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const logger = deps.logger ?? new Logger({ serviceName: 'windlass-bump' });
  const handler = middy<Batch<ReadEvent>, SQSBatchResponse>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(readBatch(readEvent))
    .use(sendAgain((error) => logger.warn('the pushes go back to the queue', { error, ...waitOf(error) })))
    .handler((batch) => answer(batch, deps, logger));
  // The chain begins with SQS's event, which `readBatch` turns into the batch.
  return handler as unknown as (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;
}

async function answer(batch: Batch<ReadEvent>, deps: BumpOnPushDeps, logger: Logger): Promise<SQSBatchResponse> {
  const ignored = batch.messages.flatMap((message) =>
    message.value.kind === 'ignored' ? [{ message, event: message.value }] : [],
  );
  await tellIgnored(
    ignored.map(({ event }) => event),
    deps,
  );
  for (const { message } of ignored) message.done = true;

  const pushes = batch.messages.flatMap(({ value }) => (value.kind === 'push' ? [value.push] : []));
  if (pushes.length > 0) {
    const result = await bump({ pushes, now: deps.now() }, deps);
    const { outcome, bumped, failure, skipped, retry, retryAfter, notWoken = [] } = result;
    logger.info('bump', {
      outcome,
      revision: bumped?.revision,
      failure: failure?.message,
      skipped,
      pushes: pushes.length,
    });
    if (notWoken.length > 0) logger.warn('some pullers could not be woken, and look by themselves', { notWoken });
    if (retry.length > 0)
      logger.warn('some pushes go back to the queue', { pushes: retry.length, ...waitOf({ retryAfter }) });
    const again = new Set(retry.map((push) => push.id));
    for (const message of batch.messages)
      message.done ||= message.value.kind === 'push' && !again.has(message.value.push.id);
  }
  return failuresOf(batch);
}

/** For the log: how long the other side asked to wait, in seconds. */
function waitOf({ retryAfter }: { retryAfter?: number | undefined }): { retryAfterSeconds?: number } {
  return retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter };
}
