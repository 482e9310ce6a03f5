import type { FieldDrift, ObjectDrift } from '../model/drift.ts';
import { isTrouble } from '../model/errors.ts';
import type { Incident } from '../model/incident.ts';
import { most } from '../model/message-limits.ts';
import type { Report, WhoWanted } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';
import type { WhoQuestion } from '../model/who.ts';
import { objectsOf } from './drift-content.ts';
import type { WhoAsks } from './ports.ts';

/** Milliseconds between two looks, as far as is known where there is a grace period. */
const longestPause = 3_600_000;
/** What drift calls a tool whose name the API server has forgotten. */
const forgotten = 'unknown tool';

/** Where and how to ask who is behind a drift. */
export interface AskWho {
  asks: WhoAsks;
  /** Told when it could not be asked. */
  warn(message: string): void;
}

/**
 * Asks who is behind each drift among the incidents that people were told of: after the telling, and without holding anything up. What cannot be asked is a warning; the incident
 * stays without a person then.
 */
export async function askWho(
  report: Report,
  state: SyncState | undefined,
  incidents: readonly Incident[],
  { asks, warn }: AskWho,
): Promise<void> {
  const told = incidents.filter(({ kind }) => kind === 'drift');
  if (told.length === 0) return;
  try {
    if (!(await asks.isWanted(report.cluster))) return;
    for (const incident of told) {
      const wanted = wantedOf(report, state, incident);
      if (wanted.objects.length > 0) await asks.send(wanted);
    }
  } catch (error) {
    if (!isTrouble(error)) throw error;
    warn(`the audit log of ${report.cluster} is not asked who is behind a drift of ${report.sync}: ${error.message}`);
  }
}

function wantedOf(report: Report, state: SyncState | undefined, incident: Incident): WhoWanted {
  const named = objectsOf(incident);
  const drifts =
    incident.drift === undefined ? report.drift.filter(({ object }) => named.has(object)) : [incident.drift];
  return {
    type: 'WhoWanted',
    cluster: report.cluster,
    sync: report.sync,
    incident: incident.key,
    ...sinceOf(report, state),
    until: report.at,
    objects: drifts.flatMap(questionOf).slice(0, most.questions),
  };
}

/** The look before the one that found it. With a grace period it was found long before it was told. */
function sinceOf({ at, graceSeconds = 0 }: Report, state: SyncState | undefined): Pick<WhoWanted, 'since'> {
  if (graceSeconds > 0) return { since: new Date(Date.parse(at) - graceSeconds * 1000 - longestPause).toISOString() };
  // A pull may have looked since, or its clock be ahead.
  return state?.seenAt === undefined || state.seenAt >= at ? {} : { since: state.seenAt };
}

/** Nothing where no request can have made the difference. */
export function questionOf(drift: ObjectDrift): WhoQuestion[] {
  const { object, state, fields, reason } = drift;
  const gone = state === 'missing' || (reason?.startsWith('created again') ?? false);
  const tools = fields.flatMap((field) => toolOf(field));
  const untold = gone || state === 'unmanaged' || fields.some(isUntold);
  if (tools.length === 0 && !untold) return [];
  const once = [...new Map(tools.map((tool) => [JSON.stringify(tool), tool])).values()];
  return [{ object, gone, tools: once, untold }];
}

function toolOf({ manager, time = '' }: FieldDrift): WhoQuestion['tools'] {
  if (manager === undefined || manager === forgotten) return [];
  const at = Date.parse(time);
  return [Number.isNaN(at) ? { manager } : { manager, at: new Date(at).toISOString() }];
}

// What admission or defaulting changed, nobody asked for.
function isUntold({ manager, note }: FieldDrift): boolean {
  return manager === forgotten || (manager === undefined && note !== 'by admission or defaulting');
}
