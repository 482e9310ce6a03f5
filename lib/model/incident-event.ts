import type { ObjectDrift } from './drift.ts';
import type { Incident } from './incident.ts';
import type { Severity } from './notice.ts';

/** The detail types of EventBridge events about incidents, by what became of the incident. */
export const eventTypes = {
  opened: 'Windlass Incident Opened',
  changed: 'Windlass Incident Changed',
  resolved: 'Windlass Incident Resolved',
} as const;

/** A field of a drifting object, without its values: they stay in the records. */
export type EventField = Pick<
  ObjectDrift['fields'][number],
  'path' | 'manager' | 'operation' | 'subresource' | 'time' | 'note'
>;

/** The detail of such an event. Keys may be added; a change that would break a reader has another `version`. */
export interface IncidentDetail {
  version: 1;
  /** The same for the same step, however often it is sent: 32 hex digits. */
  id: string;
  state: keyof typeof eventTypes;
  severity: Severity;
  /** ISO 8601, UTC: of this step. */
  at: string;
  incident: Pick<
    Incident,
    | 'key'
    | 'kind'
    | 'cluster'
    | 'sync'
    | 'object'
    | 'title'
    | 'openedAt'
    | 'firstSeenAt'
    | 'madeAt'
    | 'resolvedAt'
    | 'resolution'
    | 'namespaces'
  >;
  /** Of one drifting object. */
  drift?: { state: ObjectDrift['state']; fields: EventField[]; fieldsLeftOut?: number };
  /** Of everything else. */
  lines?: string[];
  linesLeftOut?: number;
}

/** One step of an incident, for programs. */
export interface IncidentEvent {
  type: (typeof eventTypes)[keyof typeof eventTypes];
  detail: IncidentDetail;
}
