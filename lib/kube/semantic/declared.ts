import { childrenOf, type FieldsV1, hasChildren } from '../fields.ts';
import type { HashTree } from '../projection.ts';
import type { KindSchema } from '../schema.ts';
import { isMap } from '../values.ts';
import { groupsOf } from './items.ts';
import { childPlace, isAtomic, itemPlace, type Place, rootPlace } from './place.ts';

/** The fields that an object sets, as `managedFields` would write them of whoever applied it; with `nulls` also those that it sets to nothing. */
export function declaredFields(object: unknown, kind: KindSchema, { nulls = false } = {}): FieldsV1 {
  return fieldsIn(object, rootPlace(kind), nulls);
}

/** Declared fields as a tree of which only the order of list items is told. */
export function orderOf(fields: FieldsV1): HashTree {
  if (!hasChildren(fields)) return '';
  const children = childrenOf(fields).map(([element, child]): [string, HashTree] => [element, orderOf(child)]);
  const isMap = children.every(([element]) => element.startsWith('f:'));
  return isMap
    ? { m: Object.fromEntries(children.map(([element, tree]) => [element.slice(2), tree])) }
    : { i: children };
}

function fieldsIn(value: unknown, place: Place, nulls: boolean): FieldsV1 {
  if (isAtomic(place, value)) return {};
  if (Array.isArray(value)) {
    const item = itemPlace(place);
    const groups = [...groupsOf(value, place).values()];
    return Object.fromEntries(groups.map(({ element, items }) => [element, fieldsIn(items[0]?.value, item, nulls)]));
  }
  if (!isMap(value)) return {};
  const fields = Object.entries(value).flatMap(([key, inner]): [string, FieldsV1][] => {
    const child = childPlace(place, key);
    const isSet = inner !== undefined && (nulls || inner !== null);
    return child !== undefined && isSet ? [[`f:${key}`, fieldsIn(inner, child, nulls)]] : [];
  });
  return Object.fromEntries(fields);
}
