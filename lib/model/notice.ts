import { createHash } from 'node:crypto';
import type { Incident } from './incident.ts';
import type { Notice } from './messages.ts';

/** How bad it is, from good to bad. */
export const severities = ['info', 'warning', 'error'] as const;

/** How bad it is. */
export type Severity = (typeof severities)[number];

/** What a notice can be about, with how bad that is; a route of windlass.yaml names these. All kinds of incidents are among them. */
const severityOfTopic = {
  bumped: 'info',
  'bump-failed': 'error',
  drift: 'warning',
  'sync-failed': 'error',
  unhealthy: 'error',
  'healthy-again': 'info',
  'rolled-back': 'warning',
  'config-invalid': 'error',
  unknown: 'warning',
  'prune-waits': 'warning',
  'history-rewritten': 'warning',
  fight: 'warning',
  'sync-left': 'warning',
  behind: 'warning',
  'puller-silent': 'error',
  'checker-stale': 'warning',
  'held-long': 'warning',
} as const satisfies Record<Incident['kind'], Severity> & Record<string, Severity>;

/** What a notice can be about. */
export type Topic = keyof typeof severityOfTopic;

/** Everything that a notice can be about. */
export const topics = Object.keys(severityOfTopic) as [Topic, ...Topic[]];

/** The topics of notices that are about no incident. */
const topicOfKind: Partial<Record<Notice['kind'], Topic>> = {
  bumped: 'bumped',
  'bump-failed': 'bump-failed',
  'rolled-back': 'rolled-back',
  'rollback-refused': 'rolled-back',
  'sync-failed': 'sync-failed',
};

/** What a notice is about: the kind of its incident, else its own. Undefined for one of an earlier version, which does not say. */
export function topicOf({ kind, about }: Pick<Notice, 'kind' | 'about'>): Topic | undefined {
  return about ?? topicOfKind[kind];
}

/** How bad it is what a notice tells. One that tells the end of an incident is as bad as the incident was: who heard of that hears of this. */
export function severityOf(notice: Pick<Notice, 'kind' | 'about'>): Severity {
  if (notice.kind === 'test') return 'info';
  // What went back by itself can wait until the morning; what did not waits for a person.
  if (notice.kind === 'rollback-refused') return 'error';
  const topic = topicOf(notice);
  return topic === undefined ? 'warning' : severityOfTopic[topic];
}

/** Names a notice, 32 hex digits: the same one has the same id, however often it is sent. */
export function noticeId({ kind, at, title, incident, sync }: Notice): string {
  const parts = [kind, at, title, incident ?? '', sync ?? ''];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** What the notices that tell one story share: the incident, or the notice alone. */
export function storyOf(notice: Notice): string {
  return notice.incident ?? noticeId(notice);
}
