import type { Incident } from '../model/incident.ts';
import type { Report } from '../model/messages.ts';
import type { Known } from './draft.ts';
import { mostAlone } from './drift-incidents.ts';
import { nextIncidents } from './incidents.ts';
import { noticesFor } from './notices.ts';
import type { Notices, ReportRecords } from './ports.ts';
import { recordsFor } from './records.ts';
import { nextState } from './state.ts';
import type { TellHost } from './tell-host.ts';

/** What the report flow works with. */
export interface ReportDeps {
  records: ReportRecords;
  notices: Notices;
  /** Where the host of the config repo shows statuses on commits. */
  tellHost?: TellHost;
}

/**
 * Works one report in: audit records, incidents, messages for people, and the state of the sync, in this order, so that a report that
 * broke off half way does the rest when it comes again, and leaves nothing twice but perhaps a message. The host of the config repo is told last.
 * Throws `RetryableError` when the records cannot be reached or another report of the sync was worked in meanwhile.
 */
export async function report(message: Report, { records, notices, tellHost }: ReportDeps): Promise<void> {
  const known = await whatIsKnown(message, records);
  const transitions = nextIncidents(known, message);
  await records.append(recordsFor(message, known.state, transitions));
  for (const notice of noticesFor(transitions)) await notices.send(notice);
  for (const incident of lastForms(transitions)) await records.saveIncident(incident);
  await records.saveSyncState(nextState(known.state, message));
  // The same report once more is no older one: it may have broken off here.
  const isOlder = message.at < (known.state?.pulledAt ?? '');
  if (message.type === 'SyncReported' && !isOlder) await tellHost?.(message);
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

/** What is to be saved: an incident that was opened and resolved at once in its last form alone. */
export function lastForms({ opened, changed, resolved }: ReturnType<typeof nextIncidents>): Incident[] {
  const ended = new Set(resolved.map((incident) => incident.key));
  return [...[...opened, ...changed].filter((incident) => !ended.has(incident.key)), ...resolved];
}
