import type { ObjectDrift } from '../model/drift.ts';
import type { Incident } from '../model/incident.ts';
import type { Report, SyncReported } from '../model/messages.ts';
import { type About, type Draft, earliest, type First, type Known } from './draft.ts';
import {
  bringsNew,
  contentOf,
  groupContent,
  linesOfGroup,
  madeAt,
  mostAlone,
  namesAll,
  objectOf,
  objectsOf,
  stateOf,
} from './drift-content.ts';
import { isNextCheck, standsSince } from './found.ts';
import { firstSeen, isDue } from './grace.ts';
import { type Ended, howItEnded, howItHealed } from './how-it-ended.ts';
import { hasFailed, isForChecks, isHealed, isUnseen, type Look, lookOf, unreadOf } from './look.ts';

/** Opens, changes and resolves the incidents of kind `drift`. */
export function driftTransitions(draft: Draft, known: Known, report: Report): void {
  const look = lookOf(report);
  const fresh = look.at > (known.state?.seenAt ?? '');
  const healed = report.type === 'SyncReported' && report.drift.some((drift) => isHealed(report, drift));
  const stands = report.drift.some(({ object }) => standsSince(known.state, report, object) !== undefined);
  if (fresh || healed || stands) tellDrift(draft, known, report, look, fresh);
  if (look.complete && (fresh || isNextCheck(known.state, report))) resolveGone(draft, known, report, look, fresh);
  if (healed) resolveHealed(draft, known, report, look);
}

/** Tells each drifting object, or all in one; an older look only tells what its own pull healed and nobody has told, or what each check finds. */
function tellDrift(draft: Draft, known: Known, report: Report, look: Look, fresh: boolean): void {
  const about = (object?: string): About => ({
    kind: 'drift',
    cluster: report.cluster,
    sync: report.sync,
    ...(object === undefined ? {} : { object }),
  });
  const isOpen = (drift: ObjectDrift) => draft.find(about(drift.object)) !== undefined;
  const stands = ({ object }: ObjectDrift) => standsSince(known.state, report, object) !== undefined;
  const counts = (drift: ObjectDrift) => fresh || stands(drift);
  const told = look.drift.filter(
    (drift) => counts(drift) || (report.type === 'SyncReported' && isHealed(report, drift)),
  );
  const isNew = ({ object }: ObjectDrift) =>
    !isSettled(known, object, look, report) && isDue(known.state, report, object);
  const alone = told.filter((drift) => !isOpen(drift) && (stands(drift) || isNew(drift)));
  const group = draft.find(about());
  for (const drift of look.drift.filter((one) => counts(one) && isOpen(one)))
    draft.tell(about(drift.object), contentOf(drift), look.at);
  const first = ({ object }: ObjectDrift) =>
    seenBefore(standsSince(known.state, report, object) ?? firstSeen(known.state, object, look.at), look);
  // What is cut off has no names to be told by.
  const isMany = alone.length > mostAlone || (alone.length > 0 && look.cut > 0);
  if (group === undefined && !isMany) {
    for (const drift of alone)
      draft.tell(about(drift.object), contentOf(drift), look.at, { ...madeAt(drift, look.at), ...first(drift) });
  } else if (group === undefined || ((fresh || alone.some(stands)) && bringsNew(group, alone))) {
    const kept = group === undefined ? [] : linesUnseen(group, report, alone);
    draft.tell(about(), groupContent(report.sync, alone, { kept, cut: look.cut }), look.at, earliest(alone.map(first)));
  } else if (alone.length > 0) draft.see(group);
}

/**
 * Resolves what a complete look did not show any more, save what it could not read or does not look at. A check that pulls outran ends only what nobody
 * declared: of that they say nothing.
 */
function resolveGone(draft: Draft, known: Known, report: Report, look: Look, fresh: boolean): void {
  const drifting = new Set(look.drift.map((drift) => drift.object));
  for (const incident of draft.ofKind('drift')) {
    const { object } = incident;
    if (!fresh && !endedOf(incident).isUnmanaged) continue;
    const stays =
      object === undefined
        ? isHeldUp(incident, report) ||
          isPartlyUnseen(incident, report) ||
          restOf(draft, known, report, look, incident).length > 0
        : drifting.has(object) ||
          isUnseen(report, object, incident.drift?.state) ||
          isForChecks(report, object, incident.drift?.state);
    if (stays) continue;
    draft.resolve(incident, howItEnded(known.state, report, endedOf(incident)), look.at);
  }
}

/** True for an incident about many while something could not be read: what it counts without naming it may be anything. */
function isHeldUp(group: Incident, report: Report): boolean {
  const lines = linesOfGroup(group);
  const isDeclared = namesAll(group) && lines.every((line) => stateOf(line) !== 'unmanaged');
  return unreadOf(report, isDeclared ? 'declared' : 'undeclared').length > 0;
}

function endedOf(incident: Incident): Ended {
  const { object, drift, changedAt: seenAt } = incident;
  const lines = linesOfGroup(incident);
  const isUnmanaged =
    drift === undefined
      ? lines.length > 0 && lines.every((line) => stateOf(line) === 'unmanaged')
      : drift.state === 'unmanaged';
  return { ...(object !== undefined && { object }), isUnmanaged, seenAt };
}

/** Resolves what the pull put right, unless a later look has seen it drift again. */
function resolveHealed(draft: Draft, known: Known, report: SyncReported, look: Look): void {
  const seenLater = (known.state?.seenAt ?? '') > report.at;
  const mayEnd = (incident: Incident) => !seenLater || draft.opened.includes(incident);
  const group = draft.find({ kind: 'drift' });
  const rest = group === undefined ? [] : restOf(draft, known, report, look, group);
  if (
    group !== undefined &&
    mayEnd(group) &&
    !isPartlyUnseen(group, report) &&
    rest.every((drift) => isHealed(report, drift)) &&
    (look.cut === 0 || report.healed)
  ) {
    draft.resolve(group, 'converged by pull', report.at);
  }
  for (const drift of look.drift.filter((one) => isHealed(report, one))) {
    const incident = draft.find({ kind: 'drift', object: drift.object });
    if (incident === undefined || incident.openedAt > report.at || !mayEnd(incident)) continue;
    draft.resolve(incident, howItHealed(report, drift), report.at);
  }
}

/** The drifting objects that have no incident of their own and are not in their grace period: those of the one for many. */
function restOf(draft: Draft, known: Known, report: Report, look: Look, group: Incident): ObjectDrift[] {
  const named = objectsOf(group);
  return look.drift.filter(
    ({ object }) =>
      draft.find({ kind: 'drift', object }) === undefined && (isDue(known.state, report, object) || named.has(object)),
  );
}

/** The lines of the incident about many whose objects a report says nothing about, and does not name: whether they came back it does not say. */
function linesUnseen(group: Incident, report: Report, named: readonly ObjectDrift[]): string[] {
  const objects = new Set(named.map(({ object }) => object));
  return linesOfGroup(group).filter((line) => {
    const object = objectOf(line);
    if (objects.has(object)) return false;
    const state = stateOf(line);
    return hasFailed(report) || isUnseen(report, object, state) || isForChecks(report, object, state);
  });
}

function isPartlyUnseen(group: Incident, report: Report): boolean {
  return linesUnseen(group, report, report.drift).length > 0;
}

function seenBefore(since: string, { at }: Look): First {
  return since < at ? { firstSeenAt: since } : {};
}

/**
 * True when an incident about the object, or about many, ended after the look, or a pull put the object right: what the look saw was told, or
 * never needed to be, and is over.
 */
function isSettled({ last, state }: Known, object: string, { at }: Look, report: Report): boolean {
  // What the report itself put right is told by it, also when it comes again.
  const isHealedSince =
    state?.healed?.some((one) => one.object === object && one.at >= at && one.at !== report.at) ?? false;
  return (
    isHealedSince ||
    last.some((incident) => (incident.object ?? object) === object && (incident.resolvedAt ?? '') >= at)
  );
}
