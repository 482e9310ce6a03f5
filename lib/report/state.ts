import { managersOf } from '../model/drift-text.ts';
import type { Problem } from '../model/errors.ts';
import type { DriftFound, Report, SyncReported } from '../model/messages.ts';
import { nextRollout, outcomeOf } from '../model/rollout.ts';
import { mostImages, type RunningImage } from '../model/running-images.ts';
import { shortText } from '../model/shorten.ts';
import type { SyncState } from '../model/state.ts';
import { suspensionOf } from '../model/suspension.ts';
import { behindAfter } from './behind.ts';
import { unknownChecks } from './failure-incidents.ts';
import { foundAfter, standsSince } from './found.ts';
import { pendingAfter } from './grace.ts';
import { healedBy, howManyRemain, seenAt, unreadOf } from './look.ts';

/** Objects and errors that the state of a sync keeps: an item of the table has a limit. */
const mostKept = 200;
const longestText = 500;

/** The state of a sync after a report; a report that is older than the last one of its kind changes nothing. */
export function nextState(state: SyncState | undefined, report: Report): SyncState {
  const before: SyncState = state ?? {
    sync: report.sync,
    cluster: report.cluster,
    health: [],
    errors: [],
    drifted: 0,
    unknown: [],
  };
  const after = {
    ...(report.type === 'DriftFound' ? afterCheck(before, report) : afterPull(before, report)),
    ...healedAfter(before, report),
    pending: pendingAfter(before, report),
    behindSince: behindAfter(before, report),
  };
  const seen = seenAt(report);
  if (seen === undefined || !counts(before, report, seen)) return { ...after, drifted: before.drifted };
  const unmanaged = report.drift.filter(({ state }) => state === 'unmanaged').length;
  // Only checks look for what nobody declared.
  const beside = report.type === 'DriftFound' ? 0 : (before.unmanaged ?? 0);
  return {
    ...after,
    seenAt: before.seenAt !== undefined && before.seenAt > seen ? before.seenAt : seen,
    rulesHash: report.rulesHash,
    drifted: howManyRemain(report) + beside,
    unmanaged: report.type === 'DriftFound' ? unmanaged || undefined : before.unmanaged,
  };
}

/** True for the latest look, and for a check that pulls outran, where what it finds stands. */
function counts(before: SyncState, report: Report, seen: string): boolean {
  const stands = () => report.drift.some(({ object }) => standsSince(before, report, object) !== undefined);
  return seen > (before.seenAt ?? '') || stands();
}

/** True when a report of this kind as late as this one was worked in already. */
export function isLate(state: SyncState | undefined, report: Report): boolean {
  const last = report.type === 'DriftFound' ? state?.checkedAt : state?.pulledAt;
  return report.at <= (last ?? '');
}

/** What was put right and when, the last time of each object; the newest, where there are many. */
function healedAfter({ healed = [] }: SyncState, report: Report): Pick<SyncState, 'healed'> {
  const objects = healedBy(report);
  if (objects.length === 0) return {};
  const times = new Map(healed.map(({ object, at }) => [object, at]));
  for (const object of objects) if ((times.get(object) ?? '') < report.at) times.set(object, report.at);
  const newest = [...times]
    .map(([object, at]) => ({ object, at }))
    .sort((a, b) => compare(b.at, a.at) || compare(a.object, b.object));
  return { healed: newest.slice(0, mostKept) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function afterCheck(before: SyncState, report: DriftFound): SyncState {
  if (isLate(before, report)) return before;
  return {
    ...before,
    ...whereabouts(before, report),
    checkedAt: report.at,
    unknown: report.unknown.slice(0, mostKept).map((one) => ({ ...one, reason: cut(one.reason) })),
    unknownChecks: unknownChecks(before, report),
    basis: report.basis,
    ignored: someOf((report.rules ?? []).filter(({ objects }) => objects > 0)),
    idleRules: idleRules(before, report),
    addedByOthers: addedByOthers(report),
    found: foundAfter(before, report),
  };
}

/** The rules that found nothing to do in a check, with the first one since which that is so; one of which a check could not tell stays as it was. */
function idleRules({ idleRules: before = [] }: SyncState, report: DriftFound): SyncState['idleRules'] {
  const { rules = [], rulesCut = 0, at } = report;
  const since = (rule: string) => before.find((one) => one.rule === rule)?.since ?? at;
  const told = new Set(rules.map(({ rule }) => rule));
  const isWhole = unreadOf(report, 'declared').length === 0 && rulesCut === 0;
  const kept = isWhole ? [] : before.filter(({ rule }) => !told.has(rule));
  const idle = rules.filter(({ objects }) => objects === 0).map(({ rule }) => ({ rule, since: since(rule) }));
  return someOf([...kept, ...idle]);
}

function addedByOthers({ addedByOthers: added = [] }: DriftFound): SyncState['addedByOthers'] {
  return someOf(added.map((drift) => ({ object: drift.object, managers: managersOf(drift) })));
}

function afterPull(before: SyncState, report: SyncReported): SyncState {
  if (isLate(before, report)) return before;
  const suspended = suspensionOf(report);
  if (suspended !== undefined) {
    const known = { ...before, ...knownPlace(report) };
    return { ...known, pulledAt: report.at, result: 'suspended', errors: [], notices: [keptNotice(suspended)] };
  }
  return {
    ...before,
    ...(report.result === 'failed' ? {} : whereabouts(before, report)),
    pulledAt: report.at,
    result: report.result,
    ...(report.result === 'synced' && { settled: report.revision, unhealthy: undefined }),
    ...(report.result === 'unhealthy' && { unhealthy: before.unhealthy ?? report.revision }),
    rollout: nextRollout(before, outcomeOf(report)),
    counts: report.counts,
    health: keptHealth(report.health),
    images: imagesAfter(before, report),
    errors: keptErrors(report.errors),
    notices: someOf((report.notices ?? []).map(keptNotice)),
    skipped: someOf(report.changes.filter(({ action }) => action === 'skipped')),
  };
}

/** What a sync ran before a report; undefined where that is not known. In another cluster, where it came to, it begins anew. */
export function imagesBefore(state: SyncState | undefined, { cluster }: Report): RunningImage[] | undefined {
  return state === undefined || state.cluster === cluster ? state?.images : [];
}

/** What a sync runs after a pull; a puller that does not tell leaves what was known. */
function imagesAfter(before: SyncState, report: SyncReported): RunningImage[] | undefined {
  const { images, at } = report;
  const known = imagesBefore(before, report);
  if (images === undefined) return known;
  const since = new Map(known?.map((one) => [one.ref, one.since]));
  return images.slice(0, mostImages).map((ref) => ({ ref, since: since.get(ref) ?? at }));
}

// A check tells what the last pull applied; it may have begun before that pull ended, then the pull knows better.
function whereabouts(before: SyncState, report: Report): Partial<SyncState> {
  const known = knownPlace(report);
  const older = report.type === 'DriftFound' && report.at <= (before.pulledAt ?? '');
  if (report.revision === undefined || report.revision === before.revision || older) return known;
  return { ...known, revision: report.revision, appliedAt: report.at };
}

function knownPlace({ cluster, environment }: Report): Pick<SyncState, 'cluster' | 'environment'> {
  return { cluster, ...(environment !== undefined && { environment }) };
}

/** A notice as the state keeps it. */
export function keptNotice(notice: Problem): Problem {
  return { ...notice, message: cut(notice.message) };
}

/** The errors of a pull as the state keeps them: of very many always the same ones, in whatever order they came. */
export function keptErrors(errors: readonly Problem[]): Problem[] {
  const some =
    errors.length <= mostKept
      ? errors
      : [...errors].sort((a, b) => compare(errorText(a), errorText(b))).slice(0, mostKept);
  return some.map((error) => ({ ...error, message: cut(error.message) }));
}

/** What makes two errors the same one, whatever their messages say. */
export function errorText({ code, file, line, object }: Problem): string {
  return JSON.stringify([code, file, line, object]);
}

/** As many as are kept; undefined where there are none. */
function someOf<T>(all: T[]): T[] | undefined {
  return all.length === 0 ? undefined : all.slice(0, mostKept);
}

/** All of a small sync; of a large one what is not well. */
function keptHealth(health: SyncReported['health']): SyncReported['health'] {
  const kept = health.length <= mostKept ? health : health.filter((one) => one.status !== 'Current').slice(0, mostKept);
  return kept.map((one) => ({ ...one, reason: cut(one.reason) }));
}

function cut(text: string): string {
  return shortText(text, longestText);
}
