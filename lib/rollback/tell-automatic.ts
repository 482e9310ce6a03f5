import { type AuditRecord, recordId } from '../model/audit-record.ts';
import { storyIn, wholeSeconds } from '../model/bump-story.ts';
import { printable } from '../model/drift-text.ts';
import type { Notice, RollbackWanted } from '../model/messages.ts';
import { namespacesOf } from '../model/object-id.ts';
import { type RollbackStory, rolledBackRecords } from '../model/rollback-story.ts';
import { fewOf } from '../model/shorten.ts';
import type { AutomaticPorts } from './automatic-ports.ts';
import type { Refusal } from './judge.ts';
import { short } from './order.ts';

/** Reasons and remarks that one message carries, each. */
const mostLines = 10;

/** A rollback that was made. */
interface MadeRollback {
  story: RollbackStory;
  revision: string;
  /** The commit's time. */
  at: string | Date;
  alsoChanges?: readonly string[];
  remarks?: readonly string[];
}

/** Writes a rollback down and tells people, once however often it is told: the same commit gives the same records and the same notice. */
export async function tellRolledBack(
  wanted: RollbackWanted,
  { story, revision, at, alsoChanges = [], remarks = [] }: MadeRollback,
  { records, notices, repo: { branch } }: Pick<AutomaticPorts, 'records' | 'notices'> & { repo: { branch: string } },
): Promise<void> {
  const time = wholeSeconds(at);
  await records.append(rolledBackRecords(story, revision, time));
  const title = `${wayOf(story)}: ${wanted.sync} was not healthy`;
  const events = story.events.length === 0 ? 'found by a sweep' : `for the push ${fewOf(story.events, 3)}`;
  await notices?.send({
    ...about(wanted, 'rolled-back', time, title),
    lines: [
      ...reasonsOf(wanted),
      `commit ${short(revision)} on ${branch} undoes ${fewOf(story.reverts.map(short), 5)}, ${events}`,
      ...story.holds.map((path) => `held by ${path}, until there is a newer tag or somebody releases it`),
      ...(alsoChanges.length === 0 ? [] : [`${fewOf(alsoChanges, 5)} changed with it`]),
      ...remarks.slice(0, mostLines),
    ].map(printable),
  });
}

/** Writes down and tells, once, that a rollback was asked for and none was made. */
export async function tellRefused(
  wanted: RollbackWanted,
  refusal: Refusal,
  { records, notices }: Pick<AutomaticPorts, 'records' | 'notices'>,
): Promise<void> {
  await records.append([refusedRecord(wanted, refusal)]);
  if (refusal.unasked) return;
  const title = `${wanted.sync} is not healthy, and was not rolled back: ${refusal.reason}`;
  const images = refusal.suspects?.images ?? [];
  await notices?.send({
    ...about(wanted, 'rollback-refused', wanted.at, title),
    lines: [
      ...reasonsOf(wanted),
      `it was healthy with ${short(wanted.settled)}, and has ${short(wanted.revision)}`,
      ...images.map((image) => `go back by hand: windlass rollback image/${image} --to ${short(wanted.settled)}`),
    ].map(printable),
  });
}

function refusedRecord(wanted: RollbackWanted, { code, reason, suspects }: Refusal): AuditRecord {
  const { sync, revision, run, at, settled, reasons } = wanted;
  const bumps = suspects?.bumps ?? [];
  const events = bumps.flatMap((commit) => storyIn(commit)?.events ?? []);
  const subjects = [
    `sync:${sync}`,
    ...(suspects?.images ?? []).map((image) => `image:${image}`),
    ...[revision, ...bumps.map((commit) => commit.revision)].map((one) => `revision:${one}`),
    ...events.map((id) => `event:${id}`),
    `run:${run}`,
  ];
  return {
    id: recordId('rollback-refused', sync, revision, run),
    at,
    kind: 'rollback-refused',
    actor: 'windlass rollback',
    subjects: [...new Set(subjects)],
    revision,
    result: 'skipped',
    summary: `${sync} was not rolled back: ${reason}`,
    details: { code, settled, reasons },
  };
}

/** `web went back from 1.6.0 to 1.5.3`; of several only their names. */
function wayOf({ images }: RollbackStory): string {
  const [first, ...more] = images;
  if (first === undefined || more.length > 0)
    return `${fewOf(
      images.map(({ policy }) => policy),
      5,
    )} went back`;
  const { policy, from, to } = first;
  return `${policy} went back${from.length === 0 ? '' : ` from ${from.join(', ')}`} to ${to.join(', ')}`;
}

function reasonsOf({ reasons }: RollbackWanted): string[] {
  return reasons.slice(0, mostLines).map(({ object, reason }) => `${object}: ${reason}`);
}

function about(
  { cluster, sync, reasons }: RollbackWanted,
  kind: Notice['kind'],
  at: string,
  title: string,
): Omit<Notice, 'lines'> {
  const namespaces = namespacesOf(reasons.map(({ object }) => object));
  return {
    ...{ type: 'Notice', kind, at, title: printable(title), cluster, sync },
    ...(namespaces.length === 0 ? {} : { namespaces }),
  };
}
