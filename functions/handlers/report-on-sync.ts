import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { AuditRecord } from '../../lib/model/audit-record.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { ReportMessage } from '../../lib/model/messages.ts';
import { reportSchema } from '../../lib/model/messages-schema.ts';
import { reportAttributed } from '../../lib/report/attribution.ts';
import { claimOf } from '../../lib/report/doubt.ts';
import type { HourLimit } from '../../lib/report/hour-limit.ts';
import type {
  AttributionRecords,
  CommitStatuses,
  Events,
  HourCounts,
  Measures,
  Notices,
  ReportRecords,
  Rollbacks,
  ToldStore,
  WhoAsks,
} from '../../lib/report/ports.ts';
import { type ReportDeps, report } from '../../lib/report/report.ts';
import { reportCheck } from '../../lib/report/report-check.ts';
import { reportConfig } from '../../lib/report/report-config.ts';
import { hostTeller } from '../../lib/report/tell-host.ts';
import { chain, type Handler, type Watched } from '../middleware/chain.ts';
import { bodyOf, ignoredRecord, type Malformed } from '../middleware/read-body.ts';
import { type Batch, type Envelope, readBatch, sendAgain, workEach } from '../middleware/sqs-batch.ts';
import type { Believed, Doubt, Senders } from '../wiring/report-senders.ts';

/** What the function works with. */
export interface ReportOnSyncDeps extends Partial<Watched> {
  records: ReportRecords & AttributionRecords;
  notices: Notices;
  /** The host of the config repo, where it shows statuses on commits; without it nothing is told there. */
  host?: { statuses: CommitStatuses; store: ToldStore; now(): Date };
  /** Where the audit logs of clusters may be asked who is behind a drift; without it nobody is. */
  asks?: WhoAsks;
  /** Where rollbacks are asked for; without it none is. */
  rollbacks?: Rollbacks;
  /** Where programs are told of the steps of incidents; without it they are not. */
  events?: Events;
  /** Holds each message against who sent it; without it all are believed, as where there is but one process. */
  senders?: Senders;
  /** Where it is counted how much people are told of each cluster by its own reports; without it, and without `senders`, they are told all. */
  limits?: { counts: HourCounts; now(): Date };
}

/** Milliseconds that a sender's clock may be ahead of the queue's: as much as AWS itself bears. */
const mostAhead = 15 * 60_000;

type WorkDeps = Omit<ReportDeps, 'limit'> &
  Pick<ReportOnSyncDeps, 'records' | 'senders'> & { limits?: Omit<HourLimit, 'sender'> };

/** A report, and what SQS says of it. */
interface Sent {
  report: ReportMessage;
  envelope: Envelope;
}

/**
 * The SQS handler of the report queues (FIFO, one group a sync): works the reports in, in order. A message that is no report, or tells what its sender may not
 * tell, is put into the audit trail and done with; trouble that may pass sends the rest of the batch again, any other what follows in the same group.
 */
export function reportOnSync(deps: ReportOnSyncDeps): Handler<SQSEvent, SQSBatchResponse> {
  const logger = deps.logger ?? new Logger({ serviceName: 'windlass-report' });
  const { records, notices, host, asks, rollbacks, events, senders } = deps;
  const warn = (message: string) => logger.warn(message);
  const tellHost = host && hostTeller({ ...host, warn });
  const askWho = asks && { asks, warn };
  const wantRollback = rollbacks && { rollbacks, warn };
  const programs = events && { events, warn };
  const limits = deps.limits && { ...deps.limits, warn };
  const { measures: metrics } = deps;
  const measures: Measures | undefined = metrics && {
    add: (name, value) => metrics.add(name, value),
    over: (fields) => logger.info('drift is over', fields),
  };
  const goBack = (error: RetryableError) => logger.warn('the reports go back to the queue', error);
  return chain(
    { ...deps, logger },
    [readBatch(readReport, logger), sendAgain(goBack)],
    (batch: Batch<Sent | Malformed>) =>
      workIn(batch, { records, senders, notices, programs, measures, tellHost, askWho, wantRollback, limits }, logger),
  );
}

const bodyOfReport = bodyOf(reportSchema);

/**
 * A report, unless it is of a time to come: what is later always wins, so that one of the year 9999 would be the last of its sync, whether its sender's clock
 * is wrong or he wants it so.
 */
function readReport(body: string, envelope: Envelope): Sent | Malformed {
  const report = bodyOfReport(body, envelope);
  if ('malformed' in report) return report;
  const { id, at } = envelope;
  const told = 'startedAt' in report && report.startedAt > report.at ? report.startedAt : report.at;
  if (Date.parse(told) <= Date.parse(at) + mostAhead) return { report, envelope };
  const why = `it is of ${told}, and was sent at ${at}: set the clock of the puller's node right`;
  return { malformed: why, id, at };
}

const ignored = { actor: 'windlass report', summary: 'a message on the report queue is not a report' };

function workIn(batch: Batch<Sent | Malformed>, deps: WorkDeps, logger: Logger): Promise<SQSBatchResponse> {
  return workEach(
    batch,
    (value) => workInOne(value, deps, logger),
    (error) => {
      // It concerns what all of them need: nothing is asked of that any more.
      if (error instanceof RetryableError) throw error;
      logger.error('a report goes back to the queue', error as Error);
    },
  );
}

async function workInOne(value: Sent | Malformed, deps: WorkDeps, logger: Logger): Promise<void> {
  if ('malformed' in value) return await deps.records.append([ignoredRecord(value, ignored)]);
  const judged = (await deps.senders?.judge(value.report, value.envelope)) ?? {
    message: value.report,
    cluster: undefined,
  };
  if (!('why' in judged)) return await believe(judged, deps);
  const record = doubtedRecord(value, judged);
  logger.warn(record.summary, { ...record.details });
  await deps.records.append([record]);
}

async function believe({ message, cluster }: Believed, { limits, ...rest }: WorkDeps): Promise<void> {
  const deps: ReportDeps & WorkDeps = { ...rest, ...(cluster && limits && { limit: { ...limits, sender: cluster } }) };
  if (message.type === 'ConfigReported') await reportConfig(message, deps);
  else if (message.type === 'CheckReported') await reportCheck(message, deps);
  else if (message.type === 'Attributed') await reportAttributed(message, deps);
  else await report(message, deps);
}

/** Of what a liar says nothing is repeated but the names that it claims. */
function doubtedRecord({ report, envelope: { id, at, queue, sender } }: Sent, { why, cluster }: Doubt): AuditRecord {
  const summary = 'a report tells what its sender may not tell';
  return {
    ...ignoredRecord({ malformed: why, id, at }, { ...ignored, summary }),
    details: { why, ...(cluster === undefined ? { queue } : { cluster }), claimed: claimOf(report), sender },
  };
}
