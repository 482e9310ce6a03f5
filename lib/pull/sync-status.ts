import type { ObjectHealth, SyncReported } from '../model/messages.ts';
import type { Condition, SyncStatus } from '../model/sync-status.ts';

/** In characters: a status is read in a terminal. */
const longestMessage = 1000;
const reasons = {
  synced: 'Synced',
  progressing: 'Progressing',
  unhealthy: 'Unhealthy',
  failed: 'Failed',
  suspended: 'Suspended',
  waiting: 'Waiting',
} as const;

/** What the status is made of besides the report. */
export interface StatusFacts {
  /** `metadata.generation` of the Sync. */
  generation: number;
  /** True when the errors may pass by themselves. */
  trouble: boolean;
}

/**
 * The status of a sync after a pull. What the pull could not see stays as it was; times change only with what they are of, so that a pull that
 * changed nothing gives the same status.
 */
export function nextStatus(before: SyncStatus | undefined, report: SyncReported, facts: StatusFacts): SyncStatus {
  const { revision, counts, errors } = report;
  const isFailed = report.result === 'failed';
  const applied = isFailed ? before?.revision : revision;
  const wrote = counts.created + counts.configured + counts.pruned > 0;
  const moved = !isFailed && revision !== before?.revision;
  const appliedAt = wrote || moved ? seconds(report.at) : before?.appliedAt;
  const result = errors.some(({ code }) => code === 'suspended') ? 'suspended' : report.result;
  return {
    observedGeneration: facts.generation,
    ...(applied !== undefined && { revision: applied }),
    ...(isFailed && result !== 'suspended' && revision !== undefined && { failedRevision: revision }),
    result,
    ...(appliedAt !== undefined && { appliedAt }),
    ...(hasLooked(report) ? countsOf(report) : countsBefore(before)),
    errors: result === 'suspended' ? 0 : errors.length,
    conditions: conditionsOf(before, report, result, facts),
  };
}

/** The status of a sync that is not pulled, as it waits for others: what the last pull saw stays. `at`: ISO 8601. */
export function waitingStatus(
  before: SyncStatus | undefined,
  why: string,
  { generation, at }: { generation: number; at: string },
): SyncStatus {
  const [type, status, reason] = ['Ready', 'False', reasons.waiting] as const;
  const condition = { type, status, observedGeneration: generation, reason, message: cut(why) };
  return {
    ...{ errors: 0, ...countsBefore(), ...before },
    ...{ observedGeneration: generation, result: 'waiting' },
    conditions: [{ ...condition, lastTransitionTime: transition(before, condition, at) }],
  };
}

/** When a condition last became what it is. */
function transition(
  before: SyncStatus | undefined,
  { type, status }: Pick<Condition, 'type' | 'status'>,
  at: string,
): string {
  const last = before?.conditions.find((one) => one.type === type);
  return last?.status === status ? last.lastTransitionTime : seconds(at);
}

/** False for a pull that ended before it dealt with any object. */
function hasLooked({ result, counts }: SyncReported): boolean {
  return result !== 'failed' || Object.values(counts).some((count) => count > 0);
}

type Counts = Pick<SyncStatus, 'objects' | 'healthy' | 'drifted' | 'skipped'>;

function countsBefore({ objects = 0, healthy = 0, drifted = 0, skipped = 0 }: Partial<Counts> = {}): Counts {
  return { objects, healthy, drifted, skipped };
}

function countsOf({ health, errors, drift, changes, counts }: SyncReported): Counts {
  const written = new Set(changes.filter(({ action }) => action !== 'skipped').map(({ object }) => object));
  const refused = errors.filter(({ code }) => code.startsWith('apply-')).flatMap(({ object }) => object ?? []);
  return {
    objects: new Set([...health.map(({ object }) => object), ...refused]).size,
    healthy: health.filter(isHealthy).length,
    drifted: drift.filter(({ object }) => !written.has(object)).length,
    skipped: counts.skipped,
  };
}

function isHealthy({ status }: ObjectHealth): boolean {
  return status === 'Current';
}

/**
 * Ready as everywhere in Kubernetes; Reconciling and Stalled are there only while they are true, as kstatus reads them
 * (https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md).
 */
function conditionsOf(
  before: SyncStatus | undefined,
  report: SyncReported,
  result: SyncStatus['result'],
  { generation, trouble }: StatusFacts,
): Condition[] {
  const condition = (type: Condition['type'], status: Condition['status']): Condition => {
    return {
      ...{ type, status, observedGeneration: generation },
      lastTransitionTime: transition(before, { type, status }, report.at),
      ...{ reason: reasons[result], message: messageFor(result, report) },
    };
  };
  if (result === 'synced') return [condition('Ready', 'True')];
  const notReady = condition('Ready', 'False');
  // A person decided so: it neither goes on nor is anything wrong.
  if (result === 'suspended') return [notReady];
  const goesOn = result === 'progressing' || (result === 'failed' && trouble);
  return [notReady, condition(goesOn ? 'Reconciling' : 'Stalled', 'True')];
}

function messageFor(result: SyncStatus['result'], report: SyncReported): string {
  const parts = [
    summary(result, report),
    ...(report.notices ?? []).map(({ object, message }) => (object ? `${object}: ${message}` : message)),
  ];
  return cut(parts.join('; '));
}

function summary(result: SyncStatus['result'], { health, errors, revision = '' }: SyncReported): string {
  const sick = health.filter((one) => !isHealthy(one));
  const [worst] = [...sick.filter(({ status }) => status === 'Failed'), ...sick];
  const [error] = errors;
  if (error !== undefined) {
    const line = error.line === undefined ? '' : `:${error.line}`;
    const where = error.object ?? (error.file === undefined ? undefined : `${error.file}${line}`);
    const text = where === undefined ? error.message : `${where}: ${error.message}`;
    return errors.length === 1 ? text : `${text} (and ${errors.length - 1} more)`;
  }
  if (worst !== undefined) {
    const many = `${sick.length} of ${health.length} objects ${sick.length === 1 ? 'is' : 'are'} not healthy`;
    return `${many}${result === 'progressing' ? ' yet' : ''}: ${worst.object}: ${worst.reason}`;
  }
  if (result === 'progressing') return 'some objects wait for others';
  const commit = revision.slice(0, 12);
  return health.length === 1 ? `1 object is as ${commit} has it` : `${health.length} objects are as ${commit} has them`;
}

function cut(text: string): string {
  return text.length <= longestMessage ? text : `${text.slice(0, longestMessage - 1)}…`;
}

/** As the API server writes times. */
function seconds(time: string): string {
  return `${time.slice(0, 19)}Z`;
}
