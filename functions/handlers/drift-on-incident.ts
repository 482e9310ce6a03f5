import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { attribution } from '../../lib/drift/attribution.ts';
import type { Answers, AuditLog } from '../../lib/drift/ports.ts';
import type { WhoWanted } from '../../lib/model/messages.ts';
import { whoWantedSchema } from '../../lib/model/messages-schema.ts';
import { bodyOf, type Malformed } from '../middleware/read-body.ts';
import { type Batch, failuresOf, readBatch } from '../middleware/sqs-batch.ts';

/** What the function works with. */
export interface DriftOnIncidentDeps {
  /** The audit log of a cluster; undefined where windlass.yaml does not switch it on, or no longer. */
  logOf(cluster: string): Promise<AuditLog | undefined>;
  answers: Answers;
  now(): Date;
  /** One that logs as Lambda expects it, unless told. */
  logger?: Logger;
}

/**
 * The SQS handler of the queue of questions (a standard one, whose messages come after minutes): asks the audit log of the cluster who is behind a
 * drift, and sends the answer to the report queue. Each question stands alone: what cannot be answered now comes again, and what is no question
 * is a dead letter in the end.
 */
export function driftOnIncident(
  deps: DriftOnIncidentDeps,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const logger = deps.logger ?? new Logger({ serviceName: 'windlass-who' });
  const handler = middy<Batch<WhoWanted | Malformed>, SQSBatchResponse>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(readBatch(bodyOf(whoWantedSchema)))
    .handler((batch) => answerAll(batch, deps, logger));
  // The chain begins with SQS's event, which `readBatch` turns into the batch.
  return handler as unknown as (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;
}

async function answerAll(
  batch: Batch<WhoWanted | Malformed>,
  deps: DriftOnIncidentDeps,
  logger: Logger,
): Promise<SQSBatchResponse> {
  const answer = async (message: Batch<WhoWanted | Malformed>['messages'][number]) => {
    try {
      if ('malformed' in message.value) throw new Error(`a message is no question: ${message.value.malformed}`);
      await answerOne(message.value, deps);
      message.done = true;
    } catch (error) {
      logger.warn('a question goes back to the queue', error as Error);
    }
  };
  await Promise.all(batch.messages.map(answer));
  return failuresOf(batch);
}

async function answerOne(wanted: WhoWanted, { logOf, answers, now }: DriftOnIncidentDeps): Promise<void> {
  const log = await logOf(wanted.cluster);
  if (log === undefined) return;
  await attribution({ wanted, run: randomUUID(), now: now() }, { log, answers });
}
