import { recordId } from '../model/audit-record.ts';
import type { ObjectDrift } from '../model/drift.ts';
import type { Incident } from '../model/incident.ts';
import { type EventField, eventTypes, type IncidentDetail, type IncidentEvent } from '../model/incident-event.ts';
import { severityOf } from '../model/notice.ts';
import { shortText } from '../model/shorten.ts';
import type { Transitions } from './draft.ts';

/** EventBridge takes 256 KB for an event: with these all of it stays below half of that, at three bytes a character. */
const most = { fields: 30, lines: 50, namespaces: 100 };
const longest = { text: 300, title: 1_000 };

/** The events of what became of incidents. The same step always has the same id. */
export function eventsFor({ opened, changed, resolved }: Transitions): IncidentEvent[] {
  return [
    ...opened.map((incident) => event('opened', incident, incident.openedAt)),
    ...changed.map((incident) => event('changed', incident, incident.changedAt)),
    ...resolved.map((incident) => event('resolved', incident, incident.resolvedAt ?? incident.changedAt)),
  ];
}

function event(state: IncidentDetail['state'], incident: Incident, at: string): IncidentEvent {
  const { key, kind, openedAt, firstSeenAt, madeAt, resolvedAt, resolution, cluster, sync, object } = incident;
  const detail: IncidentDetail = {
    version: 1,
    id: recordId('event', state, key, at),
    state,
    severity: severityOf({ kind: `incident-${state}`, about: kind }),
    at,
    incident: {
      ...{ key, kind, cluster, sync, object: object === undefined ? undefined : cut(object, longest.title) },
      ...{ title: cut(incident.title, longest.title), openedAt, firstSeenAt, madeAt, resolvedAt, resolution },
      namespaces: incident.namespaces?.slice(0, most.namespaces),
    },
    ...(incident.drift === undefined ? linesOf(incident.details ?? []) : { drift: driftOf(incident.drift) }),
  };
  return { type: eventTypes[state], detail };
}

function driftOf({ state, fields }: ObjectDrift): IncidentDetail['drift'] {
  const leftOut = fields.length - most.fields;
  return { state, fields: fields.slice(0, most.fields).map(fieldOf), ...(leftOut > 0 && { fieldsLeftOut: leftOut }) };
}

// Without the values: whoever may read the bus is not always who may read the cluster.
function fieldOf({ path, manager, operation, subresource, time, note }: ObjectDrift['fields'][number]): EventField {
  const short = (text: string | undefined) => text && cut(text, longest.text);
  return { path: cut(path, longest.text), manager: short(manager), operation, subresource, time, note: short(note) };
}

function linesOf(lines: readonly string[]): Pick<IncidentDetail, 'lines' | 'linesLeftOut'> {
  const leftOut = lines.length - most.lines;
  const kept = lines.slice(0, most.lines).map((line) => cut(line, longest.text));
  return { lines: kept, ...(leftOut > 0 && { linesLeftOut: leftOut }) };
}

function cut(text: string, length: number): string {
  return shortText(text, length).toWellFormed();
}
