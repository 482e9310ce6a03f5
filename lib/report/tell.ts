import type { AuditRecord } from '../model/audit-record.ts';
import { UserError } from '../model/errors.ts';
import type { Incident } from '../model/incident.ts';
import type { Transitions } from './draft.ts';
import { eventsFor } from './events.ts';
import { type HourLimit, saveKnown } from './hour-limit.ts';
import { measureIncidents } from './measure.ts';
import type { Events, Measures, Notices, ReportRecords } from './ports.ts';
import { type Shares, shareOut } from './share-out.ts';

/** Where programs are told of the steps of incidents. */
export interface TellPrograms {
  events: Events;
  /** Told when the bus refuses. */
  warn(message: string): void;
}

/** What telling people works with. */
export interface TellDeps {
  records: ReportRecords;
  notices: Notices;
  /** Absent: no program is told. */
  programs?: TellPrograms;
  /** Absent: nothing is measured. */
  measures?: Measures;
  /** How much people are told of whoever sent the report; absent for Windlass's own functions, and where there is but one process: all. */
  limit?: HourLimit;
}

/**
 * Writes down and tells what became of incidents, in an order in which a message that broke off half way does the rest when it comes again: the
 * audit trail, people, programs, and last the incidents themselves. How long those that are over took is measured at the end. Answers the incidents of which
 * people were told that they opened or changed.
 */
export async function tell(transitions: Transitions, trail: AuditRecord[], deps: TellDeps): Promise<Incident[]> {
  await deps.records.append(trail);
  const shares = await shareOut(transitions, deps.limit);
  await tellPeople(shares, deps);
  await tellPrograms(transitions, deps.programs);
  for (const incident of lastForms(shares.kept)) await deps.records.saveIncident(incident);
  if (deps.measures !== undefined) measureIncidents(transitions, deps.measures);
  return shares.told;
}

async function tellPeople({ notices, full }: Shares, deps: TellDeps): Promise<void> {
  for (const notice of notices) await deps.notices.send(notice);
  if (full === undefined || deps.limit === undefined) return;
  await deps.notices.send(full.notice);
  await saveKnown(full.room, deps.limit);
}

// A bus that refuses goes on refusing: held up by it, the same incident would be opened, and told, by each look anew.
async function tellPrograms(transitions: Transitions, programs: TellPrograms | undefined): Promise<void> {
  const events = eventsFor(transitions);
  if (programs === undefined || events.length === 0) return;
  try {
    await programs.events.send(events);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    programs.warn(
      `programs are not told of ${events.length === 1 ? 'a step' : `${events.length} steps`} of incidents: ${error.message}`,
    );
  }
}

/** What is to be saved: an incident that was opened and resolved at once in its last form alone. */
function lastForms({ opened, changed, untold, resolved }: Transitions): Incident[] {
  const ended = new Set(resolved.map((incident) => incident.key));
  return [...[...opened, ...changed, ...untold].filter((incident) => !ended.has(incident.key)), ...resolved];
}
