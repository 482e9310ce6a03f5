import { endOf } from '../model/until.ts';
import { compareBytes } from './bytes.ts';

/** One tag of an image, with what the registry tells of it. */
export interface TagFacts {
  tag: string;
  /** `sha256:...`: what the tag points at. */
  digest?: string;
  /** ISO 8601 with time and zone: when the image (not the tag) was pushed first. */
  pushedAt?: string;
}

/**
 * The facts of each tag, in the order in which the tags come first. Of two entries for one tag the one that was pushed last counts, then
 * the greater digest: never the one that happens to be listed last.
 */
export function byTag(tags: readonly (string | TagFacts)[]): Map<string, TagFacts> {
  const found = new Map<string, TagFacts>();
  for (const given of tags) {
    const facts = factsOf(given);
    const known = found.get(facts.tag);
    if (known === undefined || compareFacts(facts, known) > 0) found.set(facts.tag, facts);
  }
  return found;
}

/** A tag alone has no facts. */
export function factsOf(tag: string | TagFacts): TagFacts {
  return typeof tag === 'string' ? { tag } : tag;
}

/** When the image was pushed, in milliseconds since 1970; undefined when that is not told, or cannot be read. */
export function pushTime({ pushedAt }: TagFacts): number | undefined {
  return pushedAt?.includes('T') ? endOf(pushedAt) : undefined;
}

function compareFacts(a: TagFacts, b: TagFacts): number {
  const [left, right] = [pushTime(a) ?? Number.NEGATIVE_INFINITY, pushTime(b) ?? Number.NEGATIVE_INFINITY];
  if (left !== right) return left - right;
  return compareBytes(a.digest ?? '', b.digest ?? '');
}
