import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { Notice } from '../../lib/model/messages.ts';
import { noticeSchema } from '../../lib/model/messages-schema.ts';
import { type NotifyDeps, notify } from '../../lib/notify/notify.ts';
import { chain, type Handler, type Watched } from '../middleware/chain.ts';
import { bodyOf, ignoredRecord, type Malformed } from '../middleware/read-body.ts';
import { type Batch, readBatch, workEach } from '../middleware/sqs-batch.ts';

/** What the function works with. */
export interface NotifyOnNoticeDeps extends Omit<NotifyDeps, 'refused'>, Partial<Watched> {
  now(): Date;
}

/**
 * The SQS handler of the notify queue (FIFO, one group an incident): sends the notices of a batch in order. What cannot be sent now comes again,
 * with what follows it of the same incident, and is a dead letter in the end; other incidents are not held up by it.
 */
export function notifyOnNotice(deps: NotifyOnNoticeDeps): Handler<SQSEvent, SQSBatchResponse> {
  const logger = deps.logger ?? new Logger({ serviceName: 'windlass-notify' });
  return chain({ ...deps, logger }, [readBatch(bodyOf(noticeSchema), logger)], (batch: Batch<Notice | Malformed>) =>
    sendAll(batch, deps, logger),
  );
}

const ignored = { actor: 'windlass notify', summary: 'a message on the notify queue is not a notice' };

function sendAll(
  batch: Batch<Notice | Malformed>,
  deps: NotifyOnNoticeDeps,
  logger: Logger,
): Promise<SQSBatchResponse> {
  const refused: NotifyDeps['refused'] = (error) => logger.error('a destination refuses notices', error);
  const send = async (value: Notice | Malformed) => {
    if ('malformed' in value) await deps.records.append([ignoredRecord(value, ignored)]);
    else await notify(value, deps.now(), { ...deps, refused });
  };
  return workEach(batch, send, (error) => logger.warn('a notice goes back to the queue', error as Error));
}
