import { type AuditRecord, recordId } from '../model/audit-record.ts';
import type { BumpStory } from '../model/bump-story.ts';
import { messageOf } from '../model/errors.ts';
import type { Decision } from './decision.ts';
import { tagOf } from './message.ts';
import type { IgnoredEvent, Push } from './push.ts';
import { receivedRecord } from './received-event.ts';
import type { View } from './view.ts';

const actor = 'windlass bump';

/** What became of one push: that it came, and for each image of its repository what was done. The same push again gives the same records. */
export function recordsOf(push: Push, views: readonly View[], stories: readonly BumpStory[]): AuditRecord[] {
  const received = receivedRecord(
    push,
    views.map(({ decision }) => decision.entry.name),
  );
  if (views.length === 0) return [received, unwatchedRecord(push)];
  const answering = stories.filter(({ events }) => events.includes(push.id));
  return [received, ...views.flatMap((view) => outcomeOf(push, view, answering))];
}

function outcomeOf(push: Push, view: View, answering: readonly BumpStory[]): AuditRecord[] {
  const { decision, trouble, waiting } = view;
  const { name } = decision.entry;
  if (trouble !== undefined)
    return [failureRecord(push, `image:${name}`, trouble.code, `${name}: ${messageOf(trouble)}`)];
  const moves = answering.flatMap(({ images }) => images).filter(({ policy }) => policy === name);
  const isMoved = moves.length > 0;
  if (waiting !== undefined) {
    const reason = ownWaiting(push, decision) ?? waiting;
    const how = isMoved ? 'moved, but not all the way' : stays;
    return [skipRecord(push, decision, { how, reason, waits: true }, waiting)];
  }
  const isAnswered = push.tag === undefined ? isMoved : moves.some(({ to }) => tagOf(to) === push.tag);
  if (isAnswered) return [];
  // Another try finds the same, so the record is one for each push and policy.
  const how = isMoved ? `went past this ${push.cause === 'push' ? 'push' : 'event'}` : stays;
  return [skipRecord(push, decision, { how, reason: passedOver(push, view) })];
}

const stays = 'stays as it is';

/** `waits`: it is taken as soon as nothing keeps it back any more. */
interface Skip {
  how: string;
  reason: string;
  waits?: true;
}

function skipRecord(push: Push, decision: Decision, { how, ...why }: Skip, ...key: string[]): AuditRecord {
  const { entry, current, newest } = decision;
  return {
    id: recordId('bump-skipped', push.id, entry.name, ...key),
    at: push.at,
    kind: 'bump-skipped',
    actor,
    subjects: [`event:${push.id}`, `image:${entry.name}`],
    result: 'skipped',
    summary: `${entry.name} ${how}: ${why.reason}`,
    details: { current, ...(newest === undefined ? {} : { newest }), ...why },
  };
}

/** What the push's own tag waits for, where newer ones wait, too. */
function ownWaiting({ tag }: Push, { outcomes }: Decision): string | undefined {
  if (outcomes.length !== 1 || outcomes[0]!.waiting === undefined) return undefined;
  const reason = outcomes[0]!.reasons.find((one) => one.tag === tag)?.reason;
  return reason?.startsWith('waits: ') ? `${tag} ${reason}` : undefined;
}

/** Why a push changes nothing: the policy does not take its tag, or it is there already. */
function passedOver({ tag }: Push, { decision, review }: View): string {
  const { current, outcomes } = decision;
  const isTaken = tag === undefined || outcomes.some(({ ref }) => ref?.tag === tag);
  if (isTaken && review.length > 0) return review.join('; ');
  if (tag === undefined) return nothingNew(decision);
  if (isTaken || (current.length > 0 && current.every((one) => one === tag))) return `Git has ${tag} already`;
  const why = outcomes.flatMap(({ reasons }) => reasons).find((one) => one.tag === tag)?.reason;
  if (why === undefined) return `the registry does not list ${tag}`;
  const notTaken = 'not taken: ';
  return why.startsWith(notTaken) ? why.slice(notTaken.length) : `${tag} ${why}`;
}

/** The event told of no tag, or of several. */
function nothingNew({ current, newest }: Decision): string {
  if (newest === undefined) return 'no tag fits';
  return current.includes(newest) ? `Git has ${newest} already` : 'there is nothing to change';
}

function unwatchedRecord(push: Push): AuditRecord {
  return {
    id: recordId('event-ignored', push.id),
    at: push.at,
    kind: 'event-ignored',
    actor,
    subjects: [`event:${push.id}`],
    result: 'skipped',
    summary: `no image in windlass.yaml is ${push.repository}`,
  };
}

/** A message that nothing can be done about. */
export function ignoredRecord({ id, at, reason, excerpt }: IgnoredEvent): AuditRecord {
  return {
    id: recordId('event-ignored', id),
    at,
    kind: 'event-ignored',
    actor: 'push event',
    subjects: [`event:${id}`],
    result: 'skipped',
    summary: `an event was ignored: it ${reason}`,
    details: { reason, excerpt },
  };
}

/** Why a push could not be answered. `subject` is what the failure is about. */
export function failureRecord(
  push: Push,
  subject: string,
  code: string,
  message: string,
  revision?: string,
): AuditRecord {
  return {
    id: recordId('bump-failed', push.id, subject, code),
    at: push.at,
    kind: 'bump-failed',
    actor,
    subjects: [`event:${push.id}`, subject],
    ...(revision === undefined ? {} : { revision }),
    result: 'failed',
    summary: message,
    details: { code },
  };
}
