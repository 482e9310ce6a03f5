import { compareBytes } from './bytes.ts';
import type { PlacedTag, Policy } from './policy.ts';
import type { TagFacts } from './tag-facts.ts';

/** The tags that Git has, by what the policy makes of them. */
export interface InGit {
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
  const git: InGit = { texts: [...new Set([current].flat())], strange: [], unknown: [] };
  for (const text of git.texts) {
    const place = policy.place(listed.get(text) ?? text);
    if ('rank' in place) keepNewest(git, policy, place);
    else if (!place.unknownAge) git.strange.push(text);
    else if (changedAt === undefined) git.unknown.push(text);
    else {
      const then = policy.place({ tag: text, pushedAt: changedAt.toISOString() });
      if ('rank' in then) keepNewest(git, policy, { ...then, since: changedAt });
    }
  }
  return git;
}

function keepNewest(git: InGit, policy: Policy, tag: NonNullable<InGit['newest']>): void {
  const { newest } = git;
  if (newest === undefined || (policy.compare(tag, newest) || compareBytes(tag.tag, newest.tag)) > 0) git.newest = tag;
}
