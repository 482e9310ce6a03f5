import type { FieldsV1 } from '../fields.ts';
import type { KindSchema } from '../schema.ts';
import { isMap } from '../values.ts';
import { groupsOf } from './items.ts';
import { childPlace, isAtomic, itemPlace, type Place, rootPlace } from './place.ts';

/** The fields that an object sets, as `managedFields` would write them of whoever applied it. */
export function declaredFields(object: unknown, kind: KindSchema): FieldsV1 {
  return fieldsIn(object, rootPlace(kind));
}

function fieldsIn(value: unknown, place: Place): FieldsV1 {
  if (isAtomic(place, value)) return {};
  if (Array.isArray(value)) {
    const item = itemPlace(place);
    const groups = [...groupsOf(value, place).values()];
    return Object.fromEntries(groups.map(({ element, items }) => [element, fieldsIn(items[0]?.value, item)]));
  }
  if (!isMap(value)) return {};
  const fields = Object.entries(value).flatMap(([key, inner]): [string, FieldsV1][] => {
    const child = childPlace(place, key);
    return child === undefined || inner === null || inner === undefined ? [] : [[`f:${key}`, fieldsIn(inner, child)]];
  });
  return Object.fromEntries(fields);
}
