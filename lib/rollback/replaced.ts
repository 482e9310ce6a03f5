import type { ImageEntry } from '../config/config.ts';
import { holdPath } from '../config/holds.ts';
import { hasPassed } from '../model/until.ts';
import { digestOrTag } from '../policy/choose-digest.ts';
import { compilePolicy } from '../policy/policy.ts';
import type { Hold } from '../policy/spec.ts';

/** The holds of the same image that keep something else, while the new one holds back all that they do: it takes their place. Void ones stay as they are. */
export function replacedBy(
  hold: Hold,
  entry: ImageEntry,
  { holds, now }: { holds: readonly Hold[]; now: Date },
): Hold[] {
  return holds.filter(
    (old) =>
      old.image === hold.image &&
      digestOrTag(old.tag) !== digestOrTag(hold.tag) &&
      !hasPassed(old.until, now) &&
      holdsAll(entry, hold, old),
  );
}

/** What people are told of it. */
export function replacedText(old: Hold): string {
  const { image, tag, past, by, why } = old;
  return `the hold of ${image} on ${tag}, past ${past} (${by}: ${why}) goes: ${holdPath(old)}`;
}

/** One that is against what it is gone to now was mistaken; else its `past` must not be after that of the new one. */
function holdsAll(entry: ImageEntry, hold: Hold, old: Hold): boolean {
  if (digestOrTag(old.past) === digestOrTag(hold.past)) return true;
  if (entry.digest !== undefined) return digestOrTag(old.past) === digestOrTag(hold.tag);
  const policy = compilePolicy(entry);
  const [place, former] = [policy.place(hold.past), policy.place(old.past)];
  return 'rank' in place && 'rank' in former && policy.compare(place, former) >= 0;
}
