import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { RetryableError } from '../../lib/model/errors.ts';
import type { ReportMessage } from '../../lib/model/messages.ts';
import { reportSchema } from '../../lib/model/messages-schema.ts';
import { reportAttributed } from '../../lib/report/attribution.ts';
import type {
  AttributionRecords,
  CommitStatuses,
  Events,
  Measures,
  Notices,
  ReportRecords,
  ToldStore,
  WhoAsks,
} from '../../lib/report/ports.ts';
import { type ReportDeps, report } from '../../lib/report/report.ts';
import { reportCheck } from '../../lib/report/report-check.ts';
import { reportConfig } from '../../lib/report/report-config.ts';
import { hostTeller } from '../../lib/report/tell-host.ts';
import { chain, type Handler, type Watched } from '../middleware/chain.ts';
import { bodyOf, ignoredRecord, type Malformed } from '../middleware/read-body.ts';
import { type Batch, readBatch, sendAgain, workEach } from '../middleware/sqs-batch.ts';

/** What the function works with. */
export interface ReportOnSyncDeps extends Partial<Watched> {
  records: ReportRecords & AttributionRecords;
  notices: Notices;
  /** The host of the config repo, where it shows statuses on commits; without it nothing is told there. */
  host?: { statuses: CommitStatuses; store: ToldStore; now(): Date };
  /** Where the audit logs of clusters may be asked who is behind a drift; without it nobody is. */
  asks?: WhoAsks;
  /** Where programs are told of the steps of incidents; without it they are not. */
  events?: Events;
}

/** Milliseconds that a sender's clock may be ahead of the queue's: as much as AWS itself bears. */
const mostAhead = 15 * 60_000;

type WorkDeps = ReportDeps & Pick<ReportOnSyncDeps, 'records'>;

/**
 * The SQS handler of the report queue (FIFO, one group a sync): works the reports in, in order. A message that is no report is put into the
 * audit trail and done with; trouble that may pass sends the rest of the batch again, any other what follows in the same group.
 */
export function reportOnSync(deps: ReportOnSyncDeps): Handler<SQSEvent, SQSBatchResponse> {
  const logger = deps.logger ?? new Logger({ serviceName: 'windlass-report' });
  const { records, notices, host, asks, events } = deps;
  const warn = (message: string) => logger.warn(message);
  const tellHost = host && hostTeller({ ...host, warn });
  const askWho = asks && { asks, warn };
  const programs = events && { events, warn };
  const { measures: metrics } = deps;
  const measures: Measures | undefined = metrics && {
    add: (name, value) => metrics.add(name, value),
    over: (fields) => logger.info('drift is over', fields),
  };
  const goBack = (error: RetryableError) => logger.warn('the reports go back to the queue', error);
  return chain(
    { ...deps, logger },
    [readBatch(readReport, logger), sendAgain(goBack)],
    (batch: Batch<ReportMessage | Malformed>) =>
      workIn(batch, { records, notices, programs, measures, tellHost, askWho }, logger),
  );
}

const bodyOfReport = bodyOf(reportSchema);

/**
 * A report, unless it is of a time to come: what is later always wins, so that one of the year 9999 would be the last of its sync, whether its sender's clock
 * is wrong or he wants it so.
 */
function readReport(body: string, message: { id: string; at: string }): ReportMessage | Malformed {
  const report = bodyOfReport(body, message);
  if ('malformed' in report || Date.parse(report.at) <= Date.parse(message.at) + mostAhead) return report;
  const why = `it is of ${report.at}, and was sent at ${message.at}: set the clock of the puller's node right`;
  return { malformed: why, ...message };
}

const ignored = { actor: 'windlass report', summary: 'a message on the report queue is not a report' };

function workIn(batch: Batch<ReportMessage | Malformed>, deps: WorkDeps, logger: Logger): Promise<SQSBatchResponse> {
  return workEach(
    batch,
    (value) => workInOne(value, deps),
    (error) => {
      // It concerns what all of them need: nothing is asked of that any more.
      if (error instanceof RetryableError) throw error;
      logger.error('a report goes back to the queue', error as Error);
    },
  );
}

async function workInOne(value: ReportMessage | Malformed, deps: WorkDeps): Promise<void> {
  if ('malformed' in value) await deps.records.append([ignoredRecord(value, ignored)]);
  else if (value.type === 'ConfigReported') await reportConfig(value, deps);
  else if (value.type === 'CheckReported') await reportCheck(value, deps);
  else if (value.type === 'Attributed') await reportAttributed(value, deps);
  else await report(value, deps);
}
