import { valueChanges } from '../kube/value-changes.ts';
import { type AuditKind, type AuditRecord, recordId } from '../model/audit-record.ts';
import { actorSubjects } from '../model/audit-subjects.ts';
import type { ObjectChange } from '../model/change-set.ts';
import { driftLines, managersOf } from '../model/drift-text.ts';
import type { Problem } from '../model/errors.ts';
import type { Incident } from '../model/incident.ts';
import type { LeftFields, Report, SyncReported } from '../model/messages.ts';
import { broughtBy } from '../model/rollout.ts';
import { fewOf } from '../model/shorten.ts';
import type { SyncState } from '../model/state.ts';
import { suspensionOf } from '../model/suspension.ts';
import type { Transitions } from './draft.ts';
import { linesOfGroup, mostAlone, objectOf } from './drift-content.ts';
import type { EndedWithinGrace } from './grace.ts';
import { groupDetails } from './group-details.ts';
import { errorText, isLate, keptErrors, keptNotice } from './state.ts';

/** Tools that an actor names. */
const mostTools = 10;
const mostLeft = { objects: 20, fields: 3 };

/** Everything that a report and what it did to the incidents leave in the audit trail. */
export function recordsFor(report: Report, state: SyncState | undefined, transitions: Transitions): AuditRecord[] {
  return [
    ...(report.type === 'SyncReported' ? pullRecords(report, state) : []),
    ...[...transitions.opened, ...transitions.changed]
      .filter((one) => one.kind === 'drift')
      .flatMap((one) => driftRecords(report, one)),
    ...incidentRecords(report, transitions),
  ];
}

/** What the message brought about may not belong to a sync. */
type Cause = Pick<Report, 'at' | 'revision'> & Partial<Pick<Report, 'sync' | 'run'>>;

/** The steps of incidents in the audit trail. */
export function incidentRecords(cause: Cause, transitions: Transitions): AuditRecord[] {
  return [
    ...transitions.opened.map((one) => incidentRecord(cause, 'incident-opened', one, one.openedAt)),
    ...transitions.changed.map((one) => incidentRecord(cause, 'incident-changed', one, one.changedAt)),
    ...transitions.resolved.map((one) => incidentRecord(cause, 'incident-resolved', one, one.changedAt)),
  ];
}

/** A pull is a fact of its own when it did something or came to another result than the one before it: an idle loop leaves no rows. */
function pullRecords(report: SyncReported, state: SyncState | undefined): AuditRecord[] {
  const done = report.changes.filter((change) => change.action !== 'unchanged' && change.action !== 'skipped');
  const same = report.result !== 'failed' && report.result === state?.result && report.revision === state?.revision;
  const failedAgain = report.result === 'failed' && state?.result === 'failed' && sameErrors(report, state);
  const idle = done.length === 0 && (isLate(state, report) || same || failedAgain || isSuspendedStill(report, state));
  return idle ? [] : [pullRecord(report), ...done.map((change) => objectRecord(report, change))];
}

function isSuspendedStill(report: SyncReported, state: SyncState | undefined): boolean {
  const suspended = suspensionOf(report);
  if (suspended === undefined || state?.result !== 'suspended') return false;
  return state.notices?.some(({ message }) => message === keptNotice(suspended).message) ?? false;
}

function suspendedRecord(report: SyncReported, { message }: Problem): AuditRecord {
  return {
    ...base(report, 'windlass pull'),
    id: recordId('sync-suspended', report.cluster, report.sync, report.run),
    kind: 'sync-suspended',
    subjects: [...subjects(report), `pulls:${report.sync}`],
    result: 'skipped',
    summary: `nothing was pulled: ${message}`,
    details: { result: 'suspended' },
  };
}

function pullRecord(report: SyncReported): AuditRecord {
  const suspended = suspensionOf(report);
  if (suspended !== undefined) return suspendedRecord(report, suspended);
  const failed = report.result === 'failed';
  const kind = failed ? 'sync-failed' : 'synced';
  return {
    ...base(report, 'windlass pull'),
    id: recordId(kind, report.cluster, report.sync, report.run),
    kind,
    subjects: [...subjects(report), `pulls:${report.sync}`],
    result: failed || report.result === 'unhealthy' ? 'failed' : 'ok',
    summary: pullSummary(report),
    details: {
      result: report.result,
      counts: report.counts,
      ...putRight(report),
      ...(report.images && { images: report.images }),
      ...(failed && { errors: report.errors }),
      ...(report.notices?.length && { notices: report.notices }),
      ...(report.left?.length && { left: leftLines(report.left) }),
    },
  };
}

/** How many of the written objects were only put right, where there are some. */
function putRight(report: SyncReported): { putRight?: number } {
  const { created, configured, pruned } = report.counts;
  const only = created + configured + pruned - broughtBy(report);
  return only > 0 ? { putRight: only } : {};
}

/** A line for each object and holder, of many the first: a row is no place for thousands of paths. */
function leftLines(left: readonly LeftFields[]): string[] {
  return left.slice(0, mostLeft.objects).map(({ object, fields, holder }) => {
    return `${object}: ${fewOf(fields, mostLeft.fields)} left to ${holder}`;
  });
}

function pullSummary(report: SyncReported): string {
  const at = report.revision === undefined ? '' : ` at ${report.revision.slice(0, 12)}`;
  const [error] = report.errors;
  if (report.result === 'failed')
    return `${report.sync} could not be synced${at}: ${error?.message ?? 'no reason was given'}`;
  const { created, configured, pruned, unchanged } = report.counts;
  const counts = { created, configured, pruned, unchanged };
  const did = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([action, count]) => `${count} ${action}`);
  const [word, result] = report.result === 'synced' ? ['synced', ''] : ['applied', `; ${report.result}`];
  return `${report.sync} ${word}${at}: ${did.join(', ') || 'nothing to do'}${result}`;
}

function objectRecord(report: SyncReported, change: ObjectChange): AuditRecord {
  const kind = change.action === 'pruned' ? 'object-pruned' : 'object-applied';
  return {
    ...base(report, 'windlass pull'),
    id: recordId(kind, report.cluster, report.sync, report.run, change.object),
    kind,
    subjects: [`object:${change.object}`, `run:${report.run}`],
    result: 'ok',
    summary: `${change.object} ${change.action}${change.reason === undefined ? '' : `: ${change.reason}`}`,
    details: { action: change.action, sync: report.sync, cluster: report.cluster },
  };
}

/** Who made the difference is the actor, as far as the API server says. Of many objects there are several records, where they do not fit into one. */
function driftRecords(report: Report, incident: Incident): AuditRecord[] {
  const { drift } = incident;
  if (drift === undefined) return groupRecords(report, incident);
  const summary = driftLines(drift, valueChanges)[0] ?? incident.title;
  const details = { state: drift.state, fields: drift.fields };
  return [{ ...foundRecord(report, incident, managersOf(drift)), summary, details }];
}

function groupRecords(report: Report, incident: Incident): AuditRecord[] {
  const named = new Set(linesOfGroup(incident).map(objectOf));
  const drifts = report.drift.filter(({ object }) => named.has(object));
  const found = foundRecord(report, incident, [...new Set(drifts.flatMap(managersOf))].sort());
  const more = incident.many?.more ?? 0;
  let first = 1;
  return groupDetails(report, incident).map((objects, part) => {
    const from = first;
    first += objects.length;
    if (part === 0) return { ...found, details: { objects, ...(more > 0 && { notNamed: more }) } };
    const id = recordId('drift-found', incident.key, incident.contentHash, found.at, String(part));
    return { ...found, id, summary: `${incident.title} (objects ${from} to ${first - 1})`, details: { objects } };
  });
}

function foundRecord(report: Report, incident: Incident, tools: readonly string[]): AuditRecord {
  const at = incident.resolvedAt === undefined ? incident.changedAt : incident.openedAt;
  return {
    ...base(report, fewOf(tools, mostTools) || 'not recorded'),
    id: recordId('drift-found', incident.key, incident.contentHash, at),
    at,
    kind: 'drift-found',
    subjects: [...subjects(report, incident), ...actorSubjects(tools)],
    result: 'ok',
    summary: incident.title,
  };
}

/** Drift that nobody was told of, as it was over within its grace period: one record each, of many one for all. */
export function graceRecords(report: Report, ended: readonly EndedWithinGrace[]): AuditRecord[] {
  if (ended.length > mostAlone) return [manyRecord(report, ended)];
  return ended.map(({ object, since, drift, how }) => ({
    ...base(report, (drift && managersOf(drift).join(', ')) || 'not recorded'),
    id: recordId('drift-found', 'within grace', report.cluster, report.sync, report.run, object),
    kind: 'drift-found',
    subjects: [...subjects(report), `object:${object}`, ...actorSubjects(drift ? managersOf(drift) : [])],
    result: 'ok',
    summary: `${(drift && driftLines(drift, valueChanges)[0]) ?? `${object} drifted`}; over within the grace period: ${how}`,
    details: { ...(drift && { state: drift.state, fields: drift.fields }), since, resolution: how },
  }));
}

function manyRecord(report: Report, ended: readonly EndedWithinGrace[]): AuditRecord {
  const how = [...new Set(ended.map((one) => one.how))].join(', ');
  return {
    ...base(report, 'not recorded'),
    id: recordId('drift-found', 'within grace', report.cluster, report.sync, report.run),
    kind: 'drift-found',
    subjects: subjects(report),
    result: 'ok',
    summary: `${ended.length} objects of ${report.sync} drifted; over within the grace period: ${how}`,
    details: { objects: ended.map(({ object, since }) => `${object} since ${since}`).sort(), resolution: how },
  };
}

function incidentRecord(report: Cause, kind: AuditKind, incident: Incident, at: string): AuditRecord {
  const how = kind === 'incident-resolved' ? `: ${incident.resolution}` : '';
  return {
    ...base(report, 'windlass report'),
    id: recordId(kind, incident.key, at),
    at,
    kind,
    subjects: subjects(report, incident),
    result: 'ok',
    summary: `${incident.title}${how}`,
    details: {
      incident: incident.key,
      kind: incident.kind,
      openedAt: incident.openedAt,
      resolution: incident.resolution,
    },
  };
}

function base(report: Cause, actor: string): Pick<AuditRecord, 'at' | 'actor' | 'revision'> {
  return { at: report.at, actor, ...(report.revision === undefined ? {} : { revision: report.revision }) };
}

function subjects(report: Cause, incident?: Incident): string[] {
  return [
    ...(report.sync === undefined ? [] : [`sync:${report.sync}`]),
    ...(report.run === undefined ? [] : [`run:${report.run}`]),
    ...(report.revision === undefined || incident !== undefined ? [] : [`revision:${report.revision}`]),
    ...(incident === undefined ? [] : [`incident:${incident.key}`]),
    ...(incident?.object === undefined ? [] : [`object:${incident.object}`]),
  ];
}

function sameErrors(report: SyncReported, state: SyncState): boolean {
  const texts = (errors: readonly Problem[]) => JSON.stringify(errors.map(errorText).sort());
  return texts(keptErrors(report.errors)) === texts(state.errors);
}
