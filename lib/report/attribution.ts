import { isDeepStrictEqual } from 'node:util';
import { type AuditRecord, recordId } from '../model/audit-record.ts';
import { actorSubjects } from '../model/audit-subjects.ts';
import type { Incident } from '../model/incident.ts';
import type { Attributed, Notice } from '../model/messages.ts';
import { fewOf } from '../model/shorten.ts';
import { type ObjectWho, whoLines } from '../model/who.ts';
import { incidentNotice } from './notices.ts';
import type { AttributionRecords, Notices } from './ports.ts';

/** Persons that a title names. */
const mostNamed = 3;

/** What the attribution of a drift works with. */
export interface AttributionDeps {
  records: AttributionRecords;
  notices: Notices;
}

/**
 * Adds to an incident what the audit log says of it, and tells it once: an answer that says nothing new changes nothing. The incident may have
 * ended long ago. Throws `RetryableError` when the records cannot be reached or the incident changed meanwhile.
 */
export async function reportAttributed(message: Attributed, { records, notices }: AttributionDeps): Promise<void> {
  const incident = await records.incident(message.incident);
  if (incident === undefined) return;
  const news = message.objects.filter((one) => !incident.who?.some((known) => isDeepStrictEqual(known, one)));
  if (news.length === 0) return;
  const named = new Set(news.map(({ object }) => object));
  const who = [...(incident.who ?? []).filter(({ object }) => !named.has(object)), ...news];
  await records.append([attributedRecord(message, incident, news)]);
  await notices.send(attributedNotice(message, incident, news));
  await records.saveWho({ ...incident, who });
}

/** All persons that an answer names, in the order of their requests. */
function personsIn(objects: readonly ObjectWho[]): string[] {
  return [...new Set(objects.flatMap(({ requests }) => requests.map(({ person }) => person)))];
}

function attributedNotice({ at }: Attributed, incident: Incident, news: readonly ObjectWho[]): Notice {
  const lines = news.flatMap(whoLines);
  return incidentNotice('incident-changed', incident, { at, title: `${incident.title}: ${summary(news)}`, lines });
}

function summary(objects: readonly ObjectWho[]): string {
  const persons = personsIn(objects);
  if (persons.length === 0) return 'the audit log does not say who it was';
  return `${persons.length === 1 ? 'by' : 'perhaps by one of'} ${fewOf(persons, mostNamed)}`;
}

function attributedRecord(message: Attributed, incident: Incident, news: readonly ObjectWho[]): AuditRecord {
  const { at, sync, run } = message;
  const about = incident.object === undefined ? [] : [`object:${incident.object}`];
  const persons = personsIn(news);
  return {
    id: recordId('drift-attributed', incident.key, run),
    at,
    kind: 'drift-attributed',
    actor: persons.join(', ') || 'not recorded',
    subjects: [`sync:${sync}`, `run:${run}`, `incident:${incident.key}`, ...about, ...actorSubjects(persons)],
    result: 'ok',
    summary: `${incident.title}: ${summary(news)}`,
    details: { who: news },
  };
}
