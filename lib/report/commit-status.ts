import { printable } from '../model/drift-text.ts';
import { formatProblem, type Problem } from '../model/errors.ts';
import type { SyncReported } from '../model/messages.ts';
import { suspensionOf } from '../model/suspension.ts';
import { steady } from './failure-incidents.ts';
import type { CommitStatus, ToldStatus } from './ports.ts';

/** GitHub's limit of a description, in characters. https://docs.github.com/rest/commits/statuses */
const longest = 140;
/** Of a message, in the key of a reason: it is kept. */
const longestKey = 200;

/** One thing that is wrong. The key is the same for as long as it is the same for people. */
interface Reason {
  key: string;
  text: string;
}

/** From worst to best: what decides for several syncs. */
const worstFirst: readonly CommitStatus['state'][] = ['error', 'failure', 'pending', 'success'];

/** Where a pull did nothing for that somebody suspended its sync, nothing is wrong: the commit waits. */
const states = { synced: 'success', progressing: 'pending', unhealthy: 'failure', failed: 'error' } as const;

/**
 * The status that a report brings to its commit; undefined when `told` says it already. A reason that was told stays for as long as it is one of
 * several, and a roll-out that ended does not begin again at the same commit: pods that restart are no news of it.
 */
export function nextStatus(told: ToldStatus | undefined, report: SyncReported): ToldStatus | undefined {
  const state = suspensionOf(report) === undefined ? states[report.result] : 'pending';
  if (state === 'pending' && (told?.state === 'success' || told?.state === 'failure')) return undefined;
  const reasons = reasonsOf(report);
  const [first] = reasons;
  const description = descriptionOf(report, first);
  if (told?.state === state) {
    const isSame =
      first === undefined ? told.description === description : reasons.some(({ key }) => key === told.reason);
    if (isSame) return undefined;
  }
  return { state, description, ...(first === undefined ? {} : { reason: first.key }) };
}

/** True for a commit that waits for the end of its roll-out. One with a reason waits for a person, who suspended the sync. */
export function isRollingOut(status: ToldStatus | undefined): boolean {
  return status?.state === 'pending' && status.reason === undefined;
}

/** The worst of several; among equals the one that was told, else the first by the name of its sync. Undefined for none. */
export function worstOf(
  statuses: Readonly<Record<string, ToldStatus>>,
  told: ToldStatus | undefined,
): ToldStatus | undefined {
  const all = Object.keys(statuses)
    .sort()
    .map((sync) => statuses[sync]!);
  const state = worstFirst.find((candidate) => all.some((status) => status.state === candidate));
  const worst = all.filter((status) => status.state === state);
  return worst.find((status) => told !== undefined && isSameStatus(status, told)) ?? worst[0];
}

/** True when two statuses read the same. */
export function isSameStatus(a: CommitStatus, b: CommitStatus | undefined): boolean {
  return a.state === b?.state && a.description === b.description;
}

/** One line that GitHub takes: the first of a text, without control characters, cut between two characters. */
export function oneLine(text: string): string {
  const line = printable(text.split('\n', 1)[0] ?? '')
    .toWellFormed()
    .trim();
  if (line.length <= longest) return line;
  let cut = '';
  for (const character of line) {
    // Counted in UTF-16, so that it is short enough however the other side counts.
    if (cut.length + character.length > longest - 1) break;
    cut += character;
  }
  return `${cut.trimEnd()}…`;
}

function descriptionOf(report: SyncReported, reason: Reason | undefined): string {
  const { result, environment, cluster } = report;
  const where = environment ?? cluster;
  const suspended = suspensionOf(report);
  if (suspended !== undefined) return oneLine(`not synced to ${where}: ${suspended.message}`);
  const why = reason === undefined ? '' : `: ${reason.text}`;
  const texts: Record<SyncReported['result'], string> = {
    synced: `synced to ${where}, healthy`,
    progressing: `rolling out in ${where}`,
    unhealthy: `not healthy in ${where}${why}`,
    failed: `could not be synced to ${where}${why}`,
  };
  return oneLine(texts[result]);
}

function reasonsOf({ result, health, errors }: SyncReported): Reason[] {
  if (result === 'failed') return errors.map((error) => ({ key: errorKey(error), text: formatProblem(error) }));
  if (result !== 'unhealthy') return [];
  const failed = health.filter(({ status }) => status === 'Failed');
  const others = health.filter(({ status }) => status !== 'Failed' && status !== 'Current');
  // By the object alone: between two crashes a container runs, and that is no other reason.
  return [...failed, ...others].map(({ object, reason }) => ({ key: object, text: `${object}: ${reason}` }));
}

function errorKey({ code, file, line, object, message }: Problem): string {
  return [code, file ?? '', line ?? '', object ?? '', steady(message).slice(0, longestKey)].join(' ');
}
