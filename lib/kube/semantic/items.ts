import { canonicalJson } from '../hash.ts';
import { isMap } from '../values.ts';
import { itemPlace, type Place } from './place.ts';

/** Items of a list that share an element, in their order. */
export interface Group {
  /** As `managedFields` names such an item: `k:{"name":"web"}` or `v:"a"`. */
  element: string;
  items: { value: unknown; index: number }[];
}

/** The items of a list whose items are told apart, by element; a key that an item leaves to its default counts with it. */
export function groupsOf(list: readonly unknown[], place: Place): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const [index, value] of list.entries()) {
    const element = elementOf(value, place);
    const group = groups.get(element);
    if (group === undefined) groups.set(element, { element, items: [{ value, index }] });
    else group.items.push({ value, index });
  }
  return groups;
}

/** True where some of the items stand before others that they stand behind in the other list; items that one list lacks do not count. */
export function isReordered(git: ReadonlyMap<string, Group>, live: ReadonlyMap<string, Group>): boolean {
  const places = [...git.keys()].flatMap((element) => live.get(element)?.items[0]?.index ?? []);
  return places.some((place, i) => i > 0 && place < places[i - 1]!);
}

function elementOf(item: unknown, place: Place): string {
  if (place.schema['x-kubernetes-list-type'] === 'set' || !isMap(item)) return `v:${canonicalJson(item)}`;
  const { properties = {} } = itemPlace(place).schema;
  const keys = (place.schema['x-kubernetes-list-map-keys'] ?? []).flatMap((key): [string, unknown][] => {
    const value = item[key] ?? properties[key]?.default;
    return value === undefined ? [] : [[key, value]];
  });
  return `k:${canonicalJson(Object.fromEntries(keys))}`;
}
