import type { ObjectDrift } from '../model/drift.ts';
import type { Incident } from '../model/incident.ts';
import type { Report } from '../model/messages.ts';
import { shortText } from '../model/shorten.ts';
import type { PendingDrift, SyncState } from '../model/state.ts';
import type { Known, Transitions } from './draft.ts';
import { mostAlone, objectsOf } from './drift-content.ts';
import { howItEnded, howItHealed } from './how-it-ended.ts';
import { healedBy, isForChecks, isUnseen, lookOf, remaining } from './look.ts';

/** Objects that are kept by name; of more, only since when the first of them drifts. */
const mostPending = 500;
/** Of the content that is kept: it is for the audit trail alone. */
const mostFields = 10;
const longestValue = 200;

/** Since when an object drifts, as far as it was seen: the first look of those without a break. */
export function firstSeen(state: SyncState | undefined, object: string, at: string): string {
  const known = state?.pending?.objects.find((one) => one.object === object)?.since ?? state?.pending?.restSince;
  return known === undefined || known > at ? at : known;
}

/** True when an object drifts for longer than the grace period, or there is none. */
export function isDue(state: SyncState | undefined, report: Report, object: string): boolean {
  const { graceSeconds = 0 } = report;
  if (graceSeconds === 0) return true;
  const { at } = lookOf(report);
  return Date.parse(at) - Date.parse(firstSeen(state, object, at)) >= graceSeconds * 1000;
}

/** What drifts after a report, with the time since when; nothing is kept where there is no grace period. */
export function pendingAfter(state: SyncState, report: Report): SyncState['pending'] {
  if ((report.graceSeconds ?? 0) === 0) return undefined;
  const { at, complete } = lookOf(report);
  const before = state.pending?.objects ?? [];
  if (at <= (state.seenAt ?? '')) return withoutHealed(state, report);
  const drifting = remaining(report).filter(({ object }) => !isOver(state, object, at));
  const healed = new Set(healedBy(report));
  const named = new Set(drifting.map(({ object }) => object));
  const stays = (one: PendingDrift) => !healed.has(one.object) && (!complete || isBeyond(report, one));
  const objects = [
    ...before.filter((one) => !named.has(one.object) && stays(one)),
    ...drifting.map((drift) => ({ object: drift.object, since: firstSeen(state, drift.object, at), drift })),
  ].sort((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0));
  const kept = objects.slice(0, mostPending).map((one) => (objects.length > mostAlone ? bare(one) : compact(one)));
  const restSince = objects.length > mostPending ? (state.pending?.restSince ?? at) : undefined;
  return kept.length === 0 ? undefined : { objects: kept, ...(restSince !== undefined && { restSince }) };
}

/** Drift that was over before its grace period was, so that nobody is told. */
export interface EndedWithinGrace extends PendingDrift {
  how: Incident['resolution'];
}

/** What a report shows to be over within the grace period; nothing when it comes again. */
export function endedWithinGrace(known: Known, report: Report, transitions: Transitions): EndedWithinGrace[] {
  if ((report.graceSeconds ?? 0) === 0) return [];
  const { state } = known;
  const { at } = lookOf(report);
  const healed = healedNow(known, report).map((drift): EndedWithinGrace => {
    const { object } = drift;
    return { object, since: firstSeen(state, object, at), drift, how: howItHealed(report, drift) };
  });
  const gone = goneNow(state, report).map((one) => {
    const ended = { object: one.object, isUnmanaged: stateOf(one) === 'unmanaged', seenAt: one.since };
    return { ...one, how: howItEnded(state, report, ended) };
  });
  const told = toldOf(known, transitions);
  return [...healed, ...gone].filter(({ object }) => !told.has(object));
}

function healedNow({ state }: Known, report: Report): ObjectDrift[] {
  const healed = new Set(healedBy(report));
  const { at, drift } = lookOf(report);
  return drift.filter(({ object }) => healed.has(object) && !isOver(state, object, at));
}

// What was put right since the look is over and written down, also by this report itself.
function isOver(state: SyncState | undefined, object: string, at: string): boolean {
  return state?.healed?.some((one) => one.object === object && one.at >= at) ?? false;
}

function goneNow(state: SyncState | undefined, report: Report): PendingDrift[] {
  const { at, complete, drift } = lookOf(report);
  if (!complete || at <= (state?.seenAt ?? '')) return [];
  const named = new Set(drift.map(({ object }) => object));
  return (state?.pending?.objects ?? []).filter((one) => !named.has(one.object) && !isBeyond(report, one));
}

/** The objects of all incidents about drift. */
function toldOf({ open }: Known, { opened }: Transitions): Set<string> {
  const incidents = [...open, ...opened].filter(({ kind }) => kind === 'drift');
  return new Set(incidents.flatMap((one) => (one.object === undefined ? [...objectsOf(one)] : [one.object])));
}

// A look that began later has seen the object drift again.
function withoutHealed({ pending, seenAt = '' }: SyncState, report: Report): SyncState['pending'] {
  if (pending === undefined || seenAt > report.at) return pending;
  const healed = new Set(healedBy(report));
  const objects = pending.objects.filter(({ object, since }) => !healed.has(object) || since > report.at);
  return objects.length === 0 ? undefined : { ...pending, objects };
}

/** True for what the report says nothing about. */
function isBeyond(report: Report, one: PendingDrift): boolean {
  return isUnseen(report, one.object, stateOf(one)) || isForChecks(report, one.object, stateOf(one));
}

function stateOf({ drift, state }: PendingDrift): PendingDrift['state'] {
  return drift?.state ?? state;
}

function bare(one: PendingDrift): PendingDrift {
  const { object, since } = one;
  return { object, since, ...(stateOf(one) === 'unmanaged' && { state: 'unmanaged' }) };
}

function compact({ object, since, drift, state }: PendingDrift): PendingDrift {
  if (drift === undefined) return { object, since, ...(state !== undefined && { state }) };
  const fields = drift.fields.slice(0, mostFields).map((field) => {
    const { git, live, ...rest } = field;
    return { ...rest, ...('git' in field && { git: short(git) }), ...('live' in field && { live: short(live) }) };
  });
  return { object, since, drift: { ...drift, fields } };
}

function short(value: unknown): unknown {
  const text = JSON.stringify(value) ?? '';
  return text.length <= longestValue ? value : shortText(text, longestValue);
}
