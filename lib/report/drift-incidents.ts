import { isDeepStrictEqual } from 'node:util';
import type { ObjectDrift } from '../model/drift.ts';
import { managersOf } from '../model/drift-text.ts';
import type { Incident } from '../model/incident.ts';
import type { Report, SyncReported } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';
import { type About, type Content, contentHash, type Draft, inNamespaces, type Known } from './draft.ts';

/** With more objects than this drifting at once, one incident tells of all: a namespace was deleted, a label was set on everything. */
export const mostAlone = 20;
/** Objects that such an incident names. */
const mostNamed = 500;

/** One look at a whole sync: by a check, or by a pull before it changed anything. */
interface Look {
  at: string;
  /** False for a pull that failed: what it does not name may drift all the same. */
  complete: boolean;
  drift: ObjectDrift[];
}

/** Opens, changes and resolves the incidents of kind `drift`. */
export function driftTransitions(draft: Draft, known: Known, report: Report): void {
  const look = lookOf(report);
  const fresh = look.at > (known.state?.seenAt ?? '');
  const healed = report.type === 'SyncReported' && report.drift.some((drift) => isHealed(report, drift));
  if (fresh || healed) tellDrift(draft, known, report, look, fresh);
  if (fresh && look.complete) resolveGone(draft, known, report, look);
  if (healed) resolveHealed(draft, known, report, look);
}

/** When a report saw the whole sync; undefined for a pull that failed before it had. */
export function seenAt(report: Report): string | undefined {
  const look = lookOf(report);
  return look.complete ? look.at : undefined;
}

/** What still drifts after a pull: what it did not put right. */
export function remaining(report: Report): ObjectDrift[] {
  return report.type === 'SyncReported' ? report.drift.filter((drift) => !isHealed(report, drift)) : report.drift;
}

/** The objects that a report says were put right. */
export function healedBy(report: Report): string[] {
  if (report.type === 'DriftFound') return [];
  return report.drift.filter((drift) => isHealed(report, drift)).map(({ object }) => object);
}

function lookOf(report: Report): Look {
  return report.type === 'DriftFound'
    ? { at: report.at, complete: true, drift: report.drift }
    : { at: report.startedAt, complete: report.result !== 'failed', drift: report.drift };
}

/** Tells each drifting object, or all in one; an older look only tells what its own pull healed and nobody has told. */
function tellDrift(draft: Draft, known: Known, report: Report, look: Look, fresh: boolean): void {
  const about = (object?: string): About => ({
    kind: 'drift',
    cluster: report.cluster,
    sync: report.sync,
    ...(object === undefined ? {} : { object }),
  });
  const isOpen = (drift: ObjectDrift) => draft.find(about(drift.object)) !== undefined;
  const told = fresh
    ? look.drift
    : look.drift.filter((drift) => report.type === 'SyncReported' && isHealed(report, drift));
  const alone = told.filter((drift) => !isOpen(drift) && !isSettled(known, drift.object, look, report));
  const group = draft.find(about());
  if (fresh) {
    for (const drift of look.drift.filter(isOpen)) draft.tell(about(drift.object), contentOf(drift), look.at);
  }
  if (group === undefined && alone.length <= mostAlone) {
    for (const drift of alone) draft.tell(about(drift.object), contentOf(drift), look.at);
  } else if (group === undefined || (fresh && bringsNew(group, alone))) {
    draft.tell(about(), groupContent(report.sync, alone), look.at);
  }
}

/** Resolves what a complete look did not show any more, save what could not be read. */
function resolveGone(draft: Draft, known: Known, report: Report, look: Look): void {
  const drifting = new Set(look.drift.map((drift) => drift.object));
  const unknown = report.type === 'DriftFound' ? report.unknown.map((one) => one.object) : [];
  for (const incident of draft.ofKind('drift')) {
    const { object } = incident;
    const stays = object === undefined ? unknown.length > 0 || restOf(draft, look).length > 0 : drifting.has(object);
    if (stays || (object !== undefined && unknown.some((one) => covers(one, object)))) continue;
    draft.resolve(incident, howItEnded(known.state, report, incident), look.at);
  }
}

/** Resolves what the pull put right, unless a later look has seen it drift again. */
function resolveHealed(draft: Draft, known: Known, report: SyncReported, look: Look): void {
  const seenLater = (known.state?.seenAt ?? '') > report.at;
  const mayEnd = (incident: Incident) => !seenLater || draft.opened.includes(incident);
  const rest = restOf(draft, look);
  const group = draft.find({ kind: 'drift' });
  if (group !== undefined && mayEnd(group) && rest.every((drift) => isHealed(report, drift))) {
    draft.resolve(group, 'converged by pull', report.at);
  }
  for (const drift of look.drift.filter((one) => isHealed(report, one))) {
    const incident = draft.find({ kind: 'drift', object: drift.object });
    if (incident === undefined || incident.openedAt > report.at || !mayEnd(incident)) continue;
    const adopted = isNewRevision(known.state, report) && isWhatGitSays(drift);
    draft.resolve(incident, adopted ? 'changed in Git' : 'converged by pull', report.at);
  }
}

/** The drifting objects that have no incident of their own: those of the one for many. */
function restOf(draft: Draft, look: Look): ObjectDrift[] {
  return look.drift.filter((drift) => draft.find({ kind: 'drift', object: drift.object }) === undefined);
}

function howItEnded(state: SyncState | undefined, report: Report, incident: Incident): Incident['resolution'] {
  if (isNewRevision(state, report)) return 'changed in Git';
  const lastSeen = state?.seenAt ?? incident.changedAt;
  const pulled = report.type === 'DriftFound' && (report.appliedAt ?? '') > lastSeen;
  return pulled ? 'converged by pull' : 'undone by hand';
}

function isNewRevision(state: SyncState | undefined, report: Report): boolean {
  return report.revision !== undefined && state?.revision !== undefined && report.revision !== state.revision;
}

function isWhatGitSays(drift: ObjectDrift): boolean {
  return drift.fields.length > 0 && drift.fields.every((field) => isDeepStrictEqual(field.git, field.live));
}

// Fields that a person added go away only when the object was really written, and all of it.
function isHealed(report: SyncReported, drift: ObjectDrift): boolean {
  const written = report.changes.some(({ object, action }) => object === drift.object && action !== 'skipped');
  const added = drift.state === 'added' || drift.state === 'unmanaged';
  return added ? report.healed && written : report.healed || written;
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

/** `apps/Deployment` covers all Deployments, `*` everything. */
function covers(unknown: string, object: string): boolean {
  return unknown === '*' || unknown === object || object.startsWith(`${unknown}/`);
}

function contentOf(drift: ObjectDrift): Content {
  const fields = drift.fields.map(({ time: _, git: __, ...field }) => field);
  return {
    title: titleOf(drift),
    drift,
    ...inNamespaces([drift.object]),
    contentHash: contentHash({ state: drift.state, reason: drift.reason, fields }),
  };
}

function titleOf(drift: ObjectDrift): string {
  if (drift.state === 'missing') return `${drift.object} is missing`;
  if (drift.state === 'unmanaged') return `${drift.object} was not declared by anybody`;
  const managers = managersOf(drift).join(', ');
  if (drift.state === 'changed') return `${drift.object} was changed${managers === '' ? '' : ` by ${managers}`}`;
  return managers === ''
    ? `${drift.object} got fields that Git does not have`
    : `${managers} added fields to ${drift.object} that Git does not have`;
}

function groupContent(sync: string, drifts: ObjectDrift[]): Content {
  const lines = drifts.map(groupLine).sort();
  const missing = drifts.filter((drift) => drift.state === 'missing').length;
  const named = lines.slice(0, mostNamed);
  const more = lines.length - named.length;
  return {
    title: `${drifts.length} objects of ${sync} drifted${missing === 0 ? '' : `, ${missing} of them are missing`}`,
    details: more === 0 ? named : [...named, `and ${more} more`],
    ...inNamespaces(drifts.map(({ object }) => object)),
    contentHash: contentHash(lines),
  };
}

function groupLine(drift: ObjectDrift): string {
  return `${drift.object} ${drift.state}`;
}

// While many objects come back one by one nobody is told again; new ones are.
function bringsNew(group: Incident, drifts: ObjectDrift[]): boolean {
  const named = new Set(group.details);
  return named.size <= mostNamed && drifts.some((drift) => !named.has(groupLine(drift)));
}
