import { isTrouble } from '../model/errors.ts';
import type { HourCount, HourCounts } from './ports.ts';

/** In an hour of the clock, of one cluster. One a minute is more than anybody reads, and than a team has on its worst day, save that all of a large cluster fails at once. */
export const mostAnHour = 60;
/** Tries to save against other reports of the cluster, of which few are worked in at a time. */
const mostTries = 20;

/** Whose reports are counted, and where. */
export interface HourLimit {
  /** Who sent them: the ARN of the cluster by whose queue they came. */
  sender: string;
  counts: HourCounts;
  now(): Date;
  /** Told when it could not be counted. */
  warn(message: string): void;
}

/** What there is room for in this hour. */
export interface Room {
  /** Those that were asked for and may be done. */
  ids: ReadonlySet<string>;
  /** The hour as it is kept; absent where it was not counted. */
  hour?: { count: HourCount; version: number };
}

/**
 * Takes room for what is named by `ids`, in this order, as far as there is any. What has room already has it still: a report that comes again takes no more. Where
 * it cannot be counted there is room for all, with a warning.
 */
export async function takeRoom(what: string, ids: readonly string[], limit: HourLimit | undefined): Promise<Room> {
  const all: Room = { ids: new Set(ids) };
  if (limit === undefined || ids.length === 0) return all;
  const { sender, counts, now, warn } = limit;
  try {
    for (let tries = 0; tries < mostTries; tries++) {
      const kept = await counts.count(`${what} ${sender}`);
      const version = kept?.version ?? 0;
      const before = hourOf(kept?.count, `${what} ${sender}`, now());
      const count = withMore(before, ids, now());
      if (count !== before && !(await counts.saveCount(count, version))) continue;
      const has = new Set(count.ids);
      const hour = { count, version: count === before ? version : version + 1 };
      return { ids: new Set(ids.filter((id) => has.has(id))), hour };
    }
    warn(`${what} of ${sender} are not counted: others count them all the time`);
  } catch (error) {
    if (!isTrouble(error)) throw error;
    warn(`${what} of ${sender} are not counted: ${error.message}`);
  }
  return all;
}

/** Keeps that people know of an hour that there was too much. Where that fails they are told once more. */
export async function saveKnown({ hour }: Room, { counts, warn, sender }: HourLimit): Promise<void> {
  if (hour === undefined) return;
  try {
    await counts.saveCount({ ...hour.count, isKnown: true }, hour.version);
  } catch (error) {
    if (!isTrouble(error)) throw error;
    warn(`it is not kept that people know of too much of ${sender}: ${error.message}`);
  }
}

/** The hour that is kept, or a new one. A clock that is behind the one before it begins none. */
function hourOf(kept: HourCount | undefined, of: string, now: Date): HourCount {
  const hour = now.toISOString().slice(0, 13);
  return kept !== undefined && kept.hour >= hour ? kept : { of, hour, ids: [] };
}

/** The same object where nothing is new. */
function withMore(count: HourCount, ids: readonly string[], now: Date): HourCount {
  const fresh = ids.filter((id) => !count.ids.includes(id));
  const more = fresh.slice(0, mostAnHour - count.ids.length);
  const isFull = more.length < fresh.length && count.fullAt === undefined;
  if (more.length === 0 && !isFull) return count;
  return { ...count, ids: [...count.ids, ...more], ...(isFull && { fullAt: now.toISOString() }) };
}
