import type { Unknown } from '../model/drift.ts';
import { formatProblem } from '../model/errors.ts';
import type { Incident } from '../model/incident.ts';
import type { DriftFound, Report, SyncReported } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';
import { suspensionOf } from '../model/suspension.ts';
import { type About, type Content, contentHash, type Draft, inNamespaces } from './draft.ts';

/** Checks in a row that could not read something, before people are told. */
export const unknownLimit = 3;
/** Lines that an incident carries. */
const mostLines = 50;

/** Opens, changes and resolves the incidents of kind `sync-failed`, `unhealthy` and `unknown`. Reports older than the last one do nothing. */
export function failureTransitions(draft: Draft, state: SyncState | undefined, report: Report): void {
  if (report.type === 'DriftFound') {
    if (report.at > (state?.checkedAt ?? '')) unknownTransitions(draft, state, report);
  } else if (report.at > (state?.pulledAt ?? '')) {
    failedTransitions(draft, report);
    unhealthyTransitions(draft, report);
  }
}

/** How many checks in a row could not read everything, this one included. */
export function unknownChecks(state: SyncState | undefined, report: DriftFound): number {
  return troubles(report).length === 0 ? 0 : (state?.unknownChecks ?? 0) + 1;
}

// What a pull is just writing is readable, and soon compared.
function troubles({ unknown }: DriftFound): Unknown[] {
  return unknown.filter(({ beingWritten }) => beingWritten !== true);
}

function failedTransitions(draft: Draft, report: SyncReported): void {
  // Nothing was tried: what failed before may fail again when it goes on.
  if (suspensionOf(report) !== undefined) return;
  const about = aboutSync('sync-failed', report);
  if (report.result === 'failed') draft.tell(about, failedContent(report), report.at);
  else resolve(draft, about, 'synced again', report.at);
}

// `progressing` and `failed` prove neither health nor the lack of it.
function unhealthyTransitions(draft: Draft, report: SyncReported): void {
  const about = aboutSync('unhealthy', report);
  const isNews = report.result === 'unhealthy' && !isBetweenFailures(draft.find(about), report);
  if (isNews) draft.tell(about, unhealthyContent(report), report.at);
  if (report.result === 'synced') resolve(draft, about, 'healthy again', report.at);
}

function unknownTransitions(draft: Draft, state: SyncState | undefined, report: DriftFound): void {
  const about = aboutSync('unknown', report);
  const lasts = unknownChecks(state, report) >= unknownLimit || draft.find(about) !== undefined;
  if (troubles(report).length === 0) resolve(draft, about, 'readable again', report.at);
  else if (lasts) draft.tell(about, unknownContent(report), report.at);
}

function resolve(draft: Draft, about: About, resolution: Incident['resolution'], at: string): void {
  const open = draft.find(about);
  if (open !== undefined) draft.resolve(open, resolution, at);
}

function aboutSync(kind: Incident['kind'], report: Report): About {
  return { kind, cluster: report.cluster, sync: report.sync };
}

function failedContent(report: SyncReported): Content {
  // Objects are applied side by side: in which order they are refused changes from pull to pull, and is no news.
  const same = report.errors
    .map(({ code, file, line, object, message }) => JSON.stringify([code, file, line, object, steady(message)]))
    .sort();
  return {
    title: `${report.sync} could not be synced`,
    details: some(report.errors.map(formatProblem)),
    ...inNamespaces(report.errors.map(({ object }) => object)),
    contentHash: contentHash(same),
  };
}

// Between two crashes a container runs and its workload is on its way: that is no other news, and the reason told before is the better one.
function isBetweenFailures(open: Incident | undefined, { health }: SyncReported): boolean {
  if (open === undefined || health.some((one) => one.status === 'Failed')) return false;
  const bad = health.filter((one) => one.status !== 'Current').map((one) => `${one.object}: Failed, `);
  const told = open.details ?? [];
  return told.length > 0 && told.every((line) => bad.some((start) => line.startsWith(start)));
}

/** What has failed; only where nothing has, what else is not Current: a rollout passing by beside a failure is no news of it. */
function unhealthyContent(report: SyncReported): Content {
  const failed = report.health.filter((one) => one.status === 'Failed');
  const bad = failed.length > 0 ? failed : report.health.filter((one) => one.status !== 'Current');
  return {
    title: `${report.sync} is not healthy`,
    details: some(bad.map((one) => `${one.object}: ${one.status}, ${one.reason}`)),
    ...inNamespaces(bad.map(({ object }) => object)),
    contentHash: contentHash(bad.map((one) => [one.object, one.status]).sort()),
  };
}

function unknownContent(report: DriftFound): Content {
  const unknown = troubles(report);
  return {
    title: `${report.sync} cannot be checked fully for drift`,
    details: some(unknown.map((one) => `${one.object}: ${one.reason}`)),
    ...inNamespaces(unknown.map(({ object }) => object)),
    contentHash: contentHash(unknown.map((one) => [one.object, steady(one.reason)]).sort()),
  };
}

/** A message without what changes from one time to the next: counters, times and ids do not make it another one. */
export function steady(message: string): string {
  return message.replace(/[0-9a-f]{8,}|\d+/gi, '#');
}

/** As many lines as an incident carries; there are `hidden` ones beside them. */
export function some(lines: string[], hidden = 0): string[] {
  const shown = lines.slice(0, mostLines);
  const more = lines.length + hidden - shown.length;
  return more === 0 ? shown : [...shown, `and ${more} more`];
}
