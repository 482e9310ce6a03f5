import { compareBytes } from './bytes.ts';
import type { PlacedTag, Policy } from './policy.ts';
import type { TagFacts } from './tag-facts.ts';
import { newestOf } from './tie.ts';

/** The tags that Git has, by what the policy makes of them. */
export interface InGit {
  /** Each once, in the order of their bytes. */
  texts: string[];
  /** The newest of those that have a place. `since`: its own push time is not known; what counts is when Git was given it. */
  newest?: PlacedTag & { since?: Date };
  /** Texts without a place, placeholders: adopted. */
  strange: string[];
  /** Texts that fit, of which nothing tells how old they are. */
  unknown: string[];
}

interface Asked {
  policy: Policy;
  current?: string | readonly string[];
  changedAt?: Date;
}

/**
 * Places what Git has. For `newest` a tag's age is its push time by the registry's list; where the list has it no more (lifecycle rules
 * delete running images), the image was pushed at the latest when the commit was made that set it.
 */
export function inGit({ policy, current = [], changedAt }: Asked, listed: ReadonlyMap<string, TagFacts>): InGit {
  const texts = [...new Set([current].flat())].sort(compareBytes);
  const placed: NonNullable<InGit['newest']>[] = [];
  const strange: string[] = [];
  const unknown: string[] = [];
  for (const text of texts) {
    const place = policy.place(listed.get(text) ?? text);
    if ('rank' in place) placed.push(place);
    else if (!place.unknownAge) strange.push(text);
    else {
      const then = changedAt && policy.place({ tag: text, pushedAt: changedAt.toISOString() });
      if (then !== undefined && 'rank' in then) placed.push({ ...then, since: changedAt });
      else unknown.push(text);
    }
  }
  return { texts, newest: newestOf(policy, placed), strange, unknown };
}
