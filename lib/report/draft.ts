import { createHash } from 'node:crypto';
import type { Incident } from '../model/incident.ts';
import { most } from '../model/message-limits.ts';
import { namespacesOf } from '../model/object-id.ts';
import type { SyncState } from '../model/state.ts';

/** After so many changes of its content an incident is told of anew only after a while, in milliseconds. */
const manyChanges = 10;
const rest = 3_600_000;

/** What is known about a sync before a report is read. */
export interface Known {
  state: SyncState | undefined;
  /** The open incidents of the sync. */
  open: readonly Incident[];
  /** For objects that the report names and that have no open incident: the one that was resolved last. */
  last: readonly Incident[];
}

/** The content of an incident: what people are told, and the hash that decides whether they are told again. */
export type Content = Pick<Incident, 'title' | 'drift' | 'details' | 'many' | 'namespaces' | 'contentHash'>;

/** What an incident is about: no two are open for the same. */
export type About = Pick<Incident, 'kind' | 'cluster' | 'sync' | 'object'>;

/** What is only known of an incident when it opens. */
export type First = Pick<Incident, 'firstSeenAt' | 'madeAt'>;

/** The earliest of several first looks. */
export function earliest(all: readonly First[]): First {
  const [first] = all.flatMap(({ firstSeenAt }) => firstSeenAt ?? []).sort();
  return first === undefined ? {} : { firstSeenAt: first };
}

/**
 * What a report does to the incidents. One that is opened and resolved at once is in both lists, in its last form in `resolved`. `untold`: nothing became of
 * these, but there is something that people were not told of them, and it is still so.
 */
export interface Transitions {
  opened: Incident[];
  changed: Incident[];
  resolved: Incident[];
  untold: Incident[];
}

/** A report that changes nothing. */
export const noTransitions: Transitions = { opened: [], changed: [], resolved: [], untold: [] };

/** The incidents of one sync while a report is worked in. */
export class Draft {
  readonly opened: Incident[] = [];
  readonly changed: Incident[] = [];
  readonly resolved: Incident[] = [];
  readonly untold: Incident[] = [];
  readonly #open: Map<string, Incident>;

  constructor(open: readonly Incident[]) {
    this.#open = new Map(open.map((incident) => [place(incident), incident]));
  }

  /** The open incident about something. */
  find(about: Pick<Incident, 'kind' | 'object'>): Incident | undefined {
    return this.#open.get(place(about));
  }

  /** All open incidents of a kind. */
  ofKind(kind: Incident['kind']): Incident[] {
    return [...this.#open.values()].filter((incident) => incident.kind === kind);
  }

  /** Opens an incident, or changes the open one when its content is another. */
  tell(about: About, content: Content, at: string, first: First = {}): void {
    const open = this.find(about);
    if (open === undefined) {
      const times = { openedAt: at, ...first, changedAt: at };
      const incident: Incident = { key: keyOf(about, at), ...about, ...content, ...times };
      this.opened.push(incident);
      this.#open.set(place(about), incident);
    } else if (open.contentHash !== content.contentHash && !changesTooOften(open, at)) {
      const changes = (open.changes ?? 0) + 1;
      const incident: Incident = { ...open, ...content, ...allNamespaces(open, content), changedAt: at, changes };
      this.changed.push(incident);
      this.#open.set(place(about), incident);
    } else this.see(open);
  }

  /** Says that an open incident goes on as it is. */
  see(incident: Incident): void {
    if (incident.untold !== undefined && !this.untold.includes(incident)) this.untold.push(incident);
  }

  /** What became of them. */
  transitions(): Transitions {
    return { opened: this.opened, changed: this.changed, resolved: this.resolved, untold: this.untold };
  }

  /** Ends an open incident. */
  resolve(incident: Incident, resolution: Incident['resolution'], at: string): void {
    this.#open.delete(place(incident));
    this.resolved.push({ ...incident, changedAt: at, resolvedAt: at, resolution });
  }
}

/** The namespaces of what an incident is about, where there are any. */
export function inNamespaces(objects: readonly (string | undefined)[]): Pick<Content, 'namespaces'> {
  const namespaces = namespacesOf(objects).slice(0, most.namespaces);
  return namespaces.length === 0 ? {} : { namespaces };
}

/** A hash of whatever makes two contents the same for people, 16 hex digits. */
export function contentHash(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

// A value that something counts up is another one at each look: that must not be a message and a record each time.
function changesTooOften({ changes = 0, changedAt }: Incident, at: string): boolean {
  return changes >= manyChanges && Date.parse(at) - Date.parse(changedAt) < rest;
}

// Who heard of it because of a namespace hears of it to the end.
function allNamespaces(...of: Pick<Content, 'namespaces'>[]): Pick<Content, 'namespaces'> {
  const all = [...new Set(of.flatMap(({ namespaces = [] }) => namespaces))].sort().slice(0, most.namespaces);
  return all.length === 0 ? {} : { namespaces: all };
}

function place(about: Pick<Incident, 'kind' | 'object'>): string {
  return `${about.kind} ${about.object ?? ''}`;
}

// The time first, so that the keys of all incidents sort by it; the hash keeps names out of URLs.
function keyOf(about: About, openedAt: string): string {
  const hash = contentHash([about.kind, about.cluster ?? '', about.sync ?? '', about.object ?? '']);
  return `${openedAt}-${about.kind}-${hash}`;
}
