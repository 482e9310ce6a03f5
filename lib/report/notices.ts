import { valueChanges } from '../kube/value-changes.ts';
import { driftLines, printable } from '../model/drift-text.ts';
import type { Incident } from '../model/incident.ts';
import type { Notice } from '../model/messages.ts';

/** Lines that one message carries. */
const mostLines = 20;

/** What people are told of an incident that opened, with lines that a terminal can print. */
export function openedNotice(incident: Incident): Notice {
  return notice('incident-opened', incident, incident.openedAt, incident.title);
}

/** What they are told of one that changed. */
export function changedNotice(incident: Incident): Notice {
  return notice('incident-changed', incident, incident.changedAt, incident.title);
}

/** What they are told of one that is over. */
export function resolvedNotice(incident: Incident): Notice {
  const at = incident.resolvedAt ?? incident.changedAt;
  const open = duration(Date.parse(at) - Date.parse(incident.openedAt));
  const title = `${incident.title}: resolved, ${incident.resolution} (open for ${open})`;
  return { ...notice('incident-resolved', incident, at, title), lines: [] };
}

function notice(kind: Notice['kind'], incident: Incident, at: string, title: string): Notice {
  return incidentNotice(kind, incident, { at, title, lines: linesOf(incident) });
}

/** A message about an incident, in words of its own. */
export function incidentNotice(
  kind: Notice['kind'],
  incident: Incident,
  { at, title, lines }: Pick<Notice, 'at' | 'title' | 'lines'>,
): Notice {
  return {
    type: 'Notice',
    kind,
    at,
    title: printable(title),
    lines: someOf(lines),
    incident: incident.key,
    about: incident.kind,
    ...(incident.cluster === undefined ? {} : { cluster: incident.cluster }),
    ...(incident.sync === undefined ? {} : { sync: incident.sync }),
    ...(incident.namespaces === undefined ? {} : { namespaces: incident.namespaces }),
  };
}

function linesOf(incident: Incident): string[] {
  return incident.drift === undefined
    ? (incident.details ?? []).flatMap((text) => text.split('\n')).map(printable)
    : driftLines(incident.drift, valueChanges);
}

function someOf(lines: string[]): string[] {
  return lines.length <= mostLines ? lines : [...lines.slice(0, mostLines), `and ${lines.length - mostLines} more`];
}

/** A time span for people: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
