import type { ImageText } from './texts.ts';

/** A text of now, and what it was then. */
export interface Pair {
  now: ImageText;
  old: ImageText;
}

/** Texts of an image at two revisions, put together. */
export interface Matched {
  pairs: Pair[];
  /** Texts of now that were not there, as far as can be told. */
  added: ImageText[];
  /** Texts of then that are not there any more. */
  gone: ImageText[];
}

/**
 * Finds for each text of now what it was then: in the same file, or the one that it was renamed from, at the same keys; where only the keys
 * changed, in the same order while there is no doubt.
 */
export function matchTexts(
  now: readonly ImageText[],
  then: readonly ImageText[],
  former: (path: string) => string | undefined,
): Matched {
  const left = Map.groupBy(then, (text) => slot(text, text.path));
  const matched: Matched = { pairs: [], added: [], gone: [] };
  for (const group of Map.groupBy(now, (text) => slot(text, text.path)).values()) {
    const path = former(group[0]!.path);
    const key = path === undefined ? undefined : slot(group[0]!, path);
    const others = (key !== undefined && left.get(key)) || [];
    if (key !== undefined) left.delete(key);
    const one = matchGroup(group, others);
    matched.pairs.push(...one.pairs);
    matched.added.push(...one.added);
    matched.gone.push(...one.gone);
  }
  matched.gone.push(...[...left.values()].flat());
  return matched;
}

function matchGroup(now: readonly ImageText[], then: readonly ImageText[]): Matched {
  const pairs: Pair[] = [];
  const rest = [...then];
  const added: ImageText[] = [];
  for (const text of now) {
    const same = rest.findIndex(({ key }) => key !== undefined && key === text.key);
    if (same < 0) added.push(text);
    else pairs.push({ now: text, old: rest.splice(same, 1)[0]! });
  }
  const isClear = added.length === rest.length && (isOneValue(rest) || added.every(({ key }) => key === undefined));
  if (!isClear) return { pairs, added, gone: rest };
  return { pairs: [...pairs, ...added.map((text, index) => ({ now: text, old: rest[index]! }))], added: [], gone: [] };
}

/** True where all of these say the same. */
export function isOneValue(texts: readonly ImageText[]): boolean {
  return texts.every(({ marker }) => marker.value === texts[0]!.marker.value);
}

function slot({ marker: { policy, part } }: ImageText, path: string): string {
  return JSON.stringify([path, policy, part]);
}
