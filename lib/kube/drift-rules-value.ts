import { meansItem, meansKey, type PathPattern, type PathStep } from './drift-rules-path.ts';
import { contains, equals, type HashTree } from './projection.ts';
import { isMap } from './values.ts';

/**
 * True when a value is what was recorded, save for what lies at the places. A field of managed fields can be a whole list or map; a rule may mean
 * something inside it. An item that is meant as a whole may also have been put in.
 * `exact`: a key that was not recorded counts.
 */
export function sameBut(
  value: unknown,
  tree: HashTree | undefined,
  places: readonly PathPattern[],
  { exact, key }: { exact: boolean; key?: Uint8Array | undefined },
): boolean {
  const options = { exact, key };
  if (places.some((place) => place.length === 0)) return true;
  if (places.length === 0) return exact ? equals(value, tree, key) : contains(value, tree, key);
  if (tree === undefined || typeof tree === 'string' || 'i' in tree) return false;
  if ('l' in tree) {
    const items = (Array.isArray(value) ? value : value === undefined || value === null ? [] : undefined)?.map(
      (item: unknown, index) => ({
        item,
        below: places.filter(([step]) => meansItem(step!, item, index)).map((place) => place.slice(1)),
      }),
    );
    const isAsRecorded = (all: NonNullable<typeof items>) =>
      all.length === tree.l.length && all.every(({ item, below }, i) => sameBut(item, tree.l[i], below, options));
    const isMeant = ({ below }: NonNullable<typeof items>[number]) => below.some((place) => place.length === 0);
    return items !== undefined && (isAsRecorded(items) || isAsRecorded(items.filter((one) => !isMeant(one))));
  }
  const map = value === undefined || value === null ? {} : value;
  if (!isMap(map)) return false;
  const names = exact ? [...new Set([...Object.keys(tree.m), ...Object.keys(map)])] : Object.keys(tree.m);
  return names.every((name) => {
    const below = places.filter(([step]) => meansKey(step!, name)).map((place) => place.slice(1));
    const recorded = Object.hasOwn(tree.m, name) ? tree.m[name] : undefined;
    return sameBut(map[name], recorded, below, options);
  });
}

/** A value without what lies at the places. */
export function withoutPlaces(value: unknown, places: readonly PathPattern[]): unknown {
  if (places.length === 0) return value;
  const rest = (means: (step: PathStep) => boolean) =>
    places.filter(([step]) => step !== undefined && means(step)).map((place) => place.slice(1));
  const kept = (inner: unknown, below: readonly PathPattern[]) =>
    below.some((place) => place.length === 0) ? [] : [withoutPlaces(inner, below)];
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) =>
      kept(
        item,
        rest((step) => meansItem(step, item, index)),
      ),
    );
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      kept(
        inner,
        rest((step) => meansKey(step, name)),
      ).map((left) => [name, left]),
    ),
  );
}
