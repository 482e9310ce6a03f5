import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { attribution } from '../../lib/drift/attribution.ts';
import type { Answers, AuditLog } from '../../lib/drift/ports.ts';
import type { WhoWanted } from '../../lib/model/messages.ts';
import { whoWantedSchema } from '../../lib/model/messages-schema.ts';
import { chain, type Handler, type Watched } from '../middleware/chain.ts';
import { bodyOf, type Malformed } from '../middleware/read-body.ts';
import { type Batch, failuresOf, readBatch } from '../middleware/sqs-batch.ts';

/** What the function works with. */
export interface DriftOnIncidentDeps extends Partial<Watched> {
  /** The audit log of a cluster; undefined where windlass.yaml does not switch it on, or no longer. */
  logOf(cluster: string): Promise<AuditLog | undefined>;
  answers: Answers;
  now(): Date;
}

/**
 * The SQS handler of the queue of questions (a standard one, whose messages come after minutes): asks the audit log of the cluster who is behind a
 * drift, and sends the answer to the report queue. Each question stands alone: what cannot be answered now comes again, and what is no question
 * is a dead letter in the end.
 */
export function driftOnIncident(deps: DriftOnIncidentDeps): Handler<SQSEvent, SQSBatchResponse> {
  const logger = deps.logger ?? new Logger({ serviceName: 'windlass-who' });
  return chain(
    { ...deps, logger },
    [readBatch(bodyOf(whoWantedSchema), logger)],
    (batch: Batch<WhoWanted | Malformed>) => answerAll(batch, deps, logger),
  );
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
