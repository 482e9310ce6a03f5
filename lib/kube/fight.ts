import type { FieldDrift } from '../model/drift.ts';
import { type FieldPath, pathText } from './fields.ts';
import { classOf, type ManagerRules, ourManager } from './managers.ts';

/** How often one field of an object was put right against one writer. */
export interface Rewrite {
  /** Empty for the object itself, which somebody deletes. */
  path: string[];
  /** Who wrote it, as managed fields name it; absent where they do not. */
  manager?: string;
  /** ISO 8601, UTC: when it was put right, the last few times, oldest first. */
  times: string[];
  /** Set while the two are at it. */
  fight?: { since: string; rewrites: number; pauseMinutes: number };
}

/** Two writers of one field, for people. */
export interface Fight {
  /** As `formatObjectId` writes it. */
  object: string;
  /** Paths for people; empty when the object itself is deleted again and again. */
  fields: string[];
  manager?: string;
  /** How often Windlass has put it right. */
  rewrites: number;
  /** ISO 8601, UTC: when it was put right first and last, and until when it is left as it is. */
  since: string;
  last: string;
  until: string;
}

/** What is different now, with the path that managed fields use. */
export interface Finding {
  path: FieldPath;
  field?: FieldDrift;
}

/** What to do about what differs, given how often it was put right before. */
export interface Judgement {
  /** Fields to leave as they are for now. */
  paused: FieldPath[];
  /** The history when what is not paused is put right now. */
  rewrites: Rewrite[];
  /** The history when nothing is written; only the end of a fight is news. */
  ended: boolean;
  fights: Fight[];
}

/** So many rewrites within the window are a fight: of a program, and of a person, who may try things. */
const enough = { program: 5, person: 15 };
const windowMs = 60 * 60_000;
/** A fight is over when the other has been silent for as long, counted from our last rewrite. */
const silenceMs = windowMs;
const firstPauseMinutes = 5;
const longestPauseMinutes = 60;
/** Of one object. What is beyond them is put right and not counted. */
const mostRewrites = 20;

/**
 * Judges what differs on an object by the history that its record has. A field that was put right often against the same writer is left
 * for a growing time between two rewrites.
 */
export function judge(
  object: string,
  history: readonly Rewrite[],
  findings: readonly Finding[],
  now: Date,
  managers?: ManagerRules,
): Judgement {
  const known = new Map(history.map((rewrite) => [keyOf(rewrite), rewrite]));
  const found = new Map(findings.map(asRewrite).map((rewrite) => [keyOf(rewrite), rewrite]));
  const quiet = history.filter((rewrite) => !found.has(keyOf(rewrite)) && !isOver(rewrite, now));
  const paused: FieldPath[] = [];
  const standing: Rewrite[] = [...quiet];
  for (const [key, { path, manager }] of found) {
    const before = known.get(key);
    const isPaused = before?.fight !== undefined && now.getTime() < untilOf(before);
    if (isPaused) paused.push(path);
    standing.push(
      isPaused ? before : rewritten(before ?? { path, ...(manager && { manager }), times: [] }, now, managers),
    );
  }
  return {
    paused,
    rewrites: standing.sort(byWeight).slice(0, mostRewrites),
    ended: history.some((rewrite) => rewrite.fight !== undefined && !standing.some(sameAs(rewrite))),
    fights: fightsOf(object, standing),
  };
}

function rewritten(before: Rewrite, now: Date, managers?: ManagerRules): Rewrite {
  const limit = isPersons(before, managers) ? enough.person : enough.program;
  const times = [...before.times, now.toISOString()].slice(-limit);
  const { fight } = before;
  if (fight !== undefined) {
    const pauseMinutes = Math.min(2 * fight.pauseMinutes, longestPauseMinutes);
    return { ...before, times, fight: { ...fight, rewrites: fight.rewrites + 1, pauseMinutes } };
  }
  const since = times[0]!;
  if (times.length < limit || now.getTime() - Date.parse(since) > windowMs) return { ...before, times };
  return { ...before, times, fight: { since, rewrites: times.length, pauseMinutes: firstPauseMinutes } };
}

/** A deletion names nobody, and is mostly a person's. */
function isPersons({ path, manager }: Rewrite, managers?: ManagerRules): boolean {
  return path.length === 0 || manager === ourManager || classOf(manager, managers) === 'person';
}

function isOver({ times }: Rewrite, now: Date): boolean {
  return now.getTime() - lastOf(times) >= silenceMs;
}

function untilOf({ times, fight }: Rewrite): number {
  return lastOf(times) + (fight?.pauseMinutes ?? 0) * 60_000;
}

function lastOf(times: readonly string[]): number {
  return Date.parse(times.at(-1) ?? '');
}

function asRewrite({ path, field }: Finding): Rewrite {
  return { path: [...path], ...(field?.manager && { manager: field.manager }), times: [] };
}

function keyOf({ path, manager = '' }: Rewrite): string {
  return JSON.stringify([manager, ...path]);
}

function sameAs(one: Rewrite): (other: Rewrite) => boolean {
  return (other) => keyOf(one) === keyOf(other);
}

/** Fights first, then what was rewritten most often. */
function byWeight(a: Rewrite, b: Rewrite): number {
  const [left, right] = [a, b].map(({ fight, times }) => (fight === undefined ? 0 : 1000) + times.length);
  return right! - left! || (keyOf(a) < keyOf(b) ? -1 : 1);
}

/** One for each writer of an object. */
function fightsOf(object: string, rewrites: readonly Rewrite[]): Fight[] {
  const fought = rewrites.filter(({ fight }) => fight !== undefined);
  return [...Map.groupBy(fought, ({ manager, path }) => `${path.length === 0} ${manager ?? ''}`).values()].map(
    (all) => ({
      object,
      fields: all
        .map(({ path }) => pathText(path))
        .filter((text) => text !== '')
        .sort(),
      ...(all[0]!.manager && { manager: all[0]!.manager }),
      rewrites: Math.max(...all.map(({ fight }) => fight!.rewrites)),
      since: all.map(({ fight }) => fight!.since).sort()[0]!,
      last: new Date(Math.max(...all.map(({ times }) => lastOf(times)))).toISOString(),
      until: new Date(Math.max(...all.map(untilOf))).toISOString(),
    }),
  );
}
