import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { type BumpResult, bump } from '../../lib/bump/bump.ts';
import type { BumpPorts } from '../../lib/bump/ports.ts';
import { type Push, type ReadEvent, readEvent } from '../../lib/bump/push-event.ts';
import { tellIgnored } from '../../lib/bump/tell.ts';
import { wakePullers } from '../../lib/bump/wake.ts';
import type { RetryableError } from '../../lib/model/errors.ts';
import { rollBack } from '../../lib/rollback/automatic.ts';
import type { AutomaticPorts } from '../../lib/rollback/automatic-ports.ts';
import type { RepoPast } from '../../lib/rollback/ports.ts';
import { chain, type Handler, type Watched } from '../middleware/chain.ts';
import { type Batch, failuresOf, readBatch, sendAgain } from '../middleware/sqs-batch.ts';

/** What the handler is made of. */
export interface BumpOnPushDeps extends BumpPorts, Partial<Watched> {
  repo: BumpPorts['repo'] & RepoPast;
  /** Who is told of rollbacks; whoever is told of bumps unless given. */
  rollbackNotices?: AutomaticPorts['notices'];
  now(): Date;
}

/**
 * Makes the handler of the FIFO queue of events: each record is read alone, what says nothing about an image is recorded and done with, each wish for a
 * rollback is answered by a commit of its own or refused, and all others of the batch become one bump, which looks at every policy where the clock asks for
 * a sweep: after the rollbacks, as what is held then is not to be taken. A failure that may pass sends back the
 * events that it concerns. However long the other side asks to wait, nothing waits here: the queue's visibility timeout does.
 */
export function bumpOnPush(deps: BumpOnPushDeps): Handler<SQSEvent, SQSBatchResponse> {
  const logger = deps.logger ?? new Logger({ serviceName: 'windlass-bump' });
  const goBack = (error: RetryableError) => logger.warn('the pushes go back to the queue', { error, ...waitOf(error) });
  return chain({ ...deps, logger }, [readBatch(readEvent, logger), sendAgain(goBack)], (batch: Batch<ReadEvent>) =>
    answer(batch, deps, logger),
  );
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

  const sweeps = batch.messages.filter(({ value }) => value.kind === 'sweep');
  // The clock asks again soon: a sweep that fails is not worth a second try, and holds up no push.
  for (const message of sweeps) message.done = true;
  await answerWishes(batch, deps, logger);
  const pushes = batch.messages.flatMap(({ value }) => (value.kind === 'push' ? [value.push] : []));
  const all = sweeps.length > 0;
  if (pushes.length > 0 || all) {
    const result = await bump({ pushes, all, now: deps.now() }, deps);
    told(result, { pushes, all }, deps, logger);
    const again = new Set(result.retry.map((push) => push.id));
    for (const message of batch.messages)
      message.done ||= message.value.kind === 'push' && !again.has(message.value.push.id);
  }
  return failuresOf(batch);
}

/** Answers the wishes for rollbacks, one after the other. One that fails stops the batch: what follows may be of the same image. */
async function answerWishes(batch: Batch<ReadEvent>, deps: BumpOnPushDeps, logger: Logger): Promise<void> {
  for (const message of batch.messages) {
    if (message.value.kind !== 'rollback') continue;
    const { wanted } = message.value;
    const now = deps.now();
    const result = await rollBack({ wanted, now }, { ...deps, notices: deps.rollbackNotices ?? deps.notices });
    message.done = true;
    const { sync, cluster, run } = wanted;
    const said = { ...result, sync, cluster, run, applied: wanted.revision };
    if (result.outcome === 'refused') logger.warn('rollback', said);
    else logger.info('rollback', said);
    if (result.outcome !== 'rolled-back') continue;
    const notWoken = await wakePullers(result.revision, now, deps);
    if (notWoken.length > 0) logger.warn('some pullers could not be woken, and look by themselves', { notWoken });
  }
}

/** What came of it, in the log and in metrics. */
function told(
  { outcome, bumped, failure, skipped, foundBySweep, retry, retryAfter, notWoken = [] }: BumpResult,
  { pushes, all }: { pushes: readonly Push[]; all: boolean },
  { measures, now }: BumpOnPushDeps,
  logger: Logger,
): void {
  const said = {
    ...{ outcome, revision: bumped?.revision, failure: failure?.message, skipped },
    ...{ pushes: pushes.length, events: pushes.map(({ id }) => id), sweep: all },
  };
  // A sweep that finds nothing says nothing new.
  if (outcome === 'failed') logger.warn('bump', said);
  else if (pushes.length === 0 && outcome === 'nothing-to-do') logger.debug('bump', said);
  else logger.info('bump', said);
  if (notWoken.length > 0) logger.warn('some pullers could not be woken, and look by themselves', { notWoken });
  if (retry.length > 0)
    logger.warn('some pushes go back to the queue', { pushes: retry.length, ...waitOf({ retryAfter }) });
  if (foundBySweep.length > 0) measures?.add('SweepFound', foundBySweep.length);
  for (const { at } of pushes.filter(({ id }) => bumped?.events.includes(id)))
    measures?.add('BumpLatency', Math.max(0, now().getTime() - Date.parse(at)));
}

/** For the log: how long the other side asked to wait, in seconds. */
function waitOf({ retryAfter }: { retryAfter?: number | undefined }): { retryAfterSeconds?: number } {
  return retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter };
}
