import type { Report, SyncReported } from '../model/messages.ts';
import { type AskWho, askWho } from './ask-who.ts';
import { isStale, staleTransitions } from './cluster-incidents.ts';
import { type Known, noTransitions } from './draft.ts';
import { mostAlone } from './drift-content.ts';
import { isFromBeforeItLeft } from './ended-syncs.ts';
import { endedWithinGrace } from './grace.ts';
import { imageRecords } from './images.ts';
import { nextIncidents } from './incidents.ts';
import { rolloutValues } from './measure.ts';
import type { ReportRecords } from './ports.ts';
import { graceRecords, incidentRecords, recordsFor } from './records.ts';
import { nextState } from './state.ts';
import { type TellDeps, tell } from './tell.ts';
import type { TellHost } from './tell-host.ts';
import { type WantRollback, wantRollback } from './want-rollback.ts';

/** What the report flow works with. */
export interface ReportDeps extends TellDeps {
  /** Where the audit logs of clusters may be asked who is behind a drift. */
  askWho?: AskWho;
  /** Where a rollback can be asked for. */
  wantRollback?: WantRollback;
  /** Where the host of the config repo shows statuses on commits. */
  tellHost?: TellHost;
}

/**
 * Works one report in: audit records, incidents, messages for people, and the state of the sync, in this order, so that a report that
 * broke off half way does the rest when it comes again, and leaves nothing twice but perhaps a message. The host of the config repo is told last.
 * Who is behind a drift is asked only when people were told, and nothing waits for the answer; so it is with the wish for a rollback.
 * Throws `RetryableError` when the records cannot be reached or another report of the sync was worked in meanwhile.
 */
export async function report(message: Report, deps: ReportDeps): Promise<void> {
  const { records, tellHost } = deps;
  const known = await whatIsKnown(message, records);
  const isOver = known.state !== undefined && isFromBeforeItLeft(known.state, message);
  const transitions = isOver ? noTransitions : nextIncidents(known, message);
  const trail = [
    ...recordsFor(message, known.state, transitions),
    ...graceRecords(message, endedWithinGrace(known, message, transitions)),
    ...(await imageRecords(message, known.state, records)),
  ];
  const told = await tell(transitions, trail, deps);
  if (deps.askWho !== undefined) await askWho(message, known.state, told, deps.askWho);
  if (message.type === 'SyncReported' && !isOver && deps.wantRollback)
    await wantRollback(message, known.state, deps.wantRollback, deps.limit);
  if (message.type === 'SyncReported') await lookForChecks(message, deps);
  const values =
    message.type === 'SyncReported' && deps.measures ? await rolloutValues(message, known.state, records) : [];
  await records.saveSyncState(nextState(known.state, message));
  // Not before: where the state cannot be saved the report comes again.
  for (const [name, value] of values) deps.measures?.add(name, value);
  // The same report once more is no older one: it may have broken off here.
  const isOlder = message.at < (known.state?.pulledAt ?? '');
  if (message.type === 'SyncReported' && !isOlder) await tellHost?.(message);
}

/** Each pull looks whether its cluster is still checked, where it was before. */
async function lookForChecks(report: SyncReported, deps: TellDeps): Promise<void> {
  const state = await deps.records.clusterState(report.cluster);
  if (state === undefined || !isStale(state, report)) return;
  const open = await deps.records.openIncidents();
  const ofCluster = open.filter((one) => one.cluster === report.cluster && one.sync === undefined);
  const transitions = staleTransitions(state, ofCluster, report);
  await tell(transitions, incidentRecords(report, transitions), deps);
}

async function whatIsKnown(message: Report, records: ReportRecords): Promise<Known> {
  const [state, open] = await Promise.all([records.syncState(message.sync), records.openIncidents(message.sync)]);
  const isOpen = new Set(open.map((incident) => incident.object));
  const objects = message.drift.map((drift) => drift.object).filter((object) => !isOpen.has(object));
  // The incident about many objects first, then, where they are few, each object's own.
  const asked = objects.length === 0 ? [] : [undefined, ...(objects.length <= mostAlone ? objects : [])];
  const found = await Promise.all(
    asked.map((object) => records.lastIncident({ kind: 'drift', sync: message.sync, object })),
  );
  return { state, open, last: found.filter((incident) => incident !== undefined) };
}
