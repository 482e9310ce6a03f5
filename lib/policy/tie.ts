import { compareBytes } from './bytes.ts';
import type { PlacedTag, Policy } from './policy.ts';

/** Positive when `a` goes before `b`: by the policy's order, and of equal rank the one whose text is greater, byte by byte. Zero only for one tag. */
export function compareTags(policy: Policy, a: PlacedTag, b: PlacedTag): number {
  return policy.compare(a, b) || compareBytes(a.tag, b.tag);
}

/** The first by `compareTags`. */
export function newestOf<Tag extends PlacedTag>(policy: Policy, tags: readonly Tag[]): Tag | undefined {
  let best: Tag | undefined;
  for (const tag of tags) {
    if (best === undefined || compareTags(policy, tag, best) > 0) best = tag;
  }
  return best;
}
