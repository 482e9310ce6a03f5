import type { AuditRecord } from '../model/audit-record.ts';
import type { Incident } from '../model/incident.ts';
import type { Transitions } from './draft.ts';
import { noticesFor } from './notices.ts';
import type { Notices, ReportRecords } from './ports.ts';

/** What telling people works with. */
export interface TellDeps {
  records: ReportRecords;
  notices: Notices;
}

/**
 * Writes down and tells what became of incidents, in an order in which a message that broke off half way does the rest when it comes again: the
 * audit trail, people, and last the incidents themselves.
 */
export async function tell(transitions: Transitions, trail: AuditRecord[], deps: TellDeps): Promise<void> {
  await deps.records.append(trail);
  for (const notice of noticesFor(transitions)) await deps.notices.send(notice);
  for (const incident of lastForms(transitions)) await deps.records.saveIncident(incident);
}

/** What is to be saved: an incident that was opened and resolved at once in its last form alone. */
function lastForms({ opened, changed, resolved }: Transitions): Incident[] {
  const ended = new Set(resolved.map((incident) => incident.key));
  return [...[...opened, ...changed].filter((incident) => !ended.has(incident.key)), ...resolved];
}
