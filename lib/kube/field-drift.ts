import type { FieldDrift } from '../model/drift.ts';
import type { KubeObject, ManagedFieldsEntry } from '../model/kube-object.ts';
import { type FieldPath, type FieldsV1, hasChildren, nodeAt, pathText } from './fields.ts';
import type { Addition } from './foreign.ts';
import { fieldsOf, managerText } from './managers.ts';
import { shownValue } from './mask.ts';
import type { ChangedPath, LostPath } from './owned.ts';
import { resolvePath } from './resolve.ts';
import { isMap } from './values.ts';

/** Turns what was found on one object into what people see. */
export type Shower = ReturnType<typeof showerOf>;

/** Makes findings readable: Git's and the live value, and who holds the field. */
export function showerOf(live: KubeObject, desired: KubeObject | undefined, hashKey: Uint8Array) {
  const gitAt = (path: FieldPath): unknown => valueIn(desired, path, true);
  const field = (
    path: FieldPath,
    liveValue: unknown,
    entry: ManagedFieldsEntry | undefined,
    note?: string,
    gitValue = gitAt(path),
  ): FieldDrift => {
    const git = shownValue(live, path, gitValue, hashKey);
    const now = shownValue(live, path, liveValue, hashKey);
    return {
      path: pathText(path),
      ...(git === undefined ? {} : { git }),
      ...(now === undefined ? {} : { live: now }),
      ...attribution(entry),
      ...(note === undefined ? {} : { note }),
    };
  };
  return {
    lost: ({ path, value, holder }: LostPath & { holder?: ManagedFieldsEntry }) => {
      if (value === 'removed') return field(path, undefined, undefined, 'removed, by whom is not recorded');
      return field(path, valueIn(live, path), holder, holder === undefined ? 'by whom is not recorded' : undefined);
    },
    changed: ({ path, what }: ChangedPath) => {
      if (what === 'order') {
        const note = 'reordered, by whom is not recorded';
        return field(path, orderOf(valueIn(live, path)), undefined, note, orderOf(gitAt(path)));
      }
      return field(path, valueIn(live, path), undefined, 'by admission or defaulting');
    },
    added: ({ path, entry }: Addition) =>
      field(path, cutTo(valueIn(live, path), nodeAt(fieldsOf(entry) ?? {}, path)), entry, 'added'),
  };
}

/** What an entry says about who and when. */
function attribution(entry: ManagedFieldsEntry | undefined): Partial<FieldDrift> {
  if (entry === undefined) return {};
  return {
    manager: managerText(entry),
    ...(entry.operation === undefined ? {} : { operation: entry.operation }),
    ...(entry.subresource ? { subresource: entry.subresource } : {}),
    ...(entry.time === undefined ? {} : { time: entry.time }),
  };
}

function valueIn(object: KubeObject | undefined, path: FieldPath, lenient = false): unknown {
  const found = resolvePath(object, path, lenient);
  return found.count === 'none' ? undefined : found.value;
}

/** Of a map that a person made, only the keys that are theirs: controllers may have put others beside them. */
function cutTo(value: unknown, node: FieldsV1 | undefined): unknown {
  if (!isMap(value) || node === undefined || !hasChildren(node)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => Object.hasOwn(node, `f:${name}`)));
}

/** The order of a list, told by what names its items. */
function orderOf(list: unknown): unknown {
  if (!Array.isArray(list)) return list;
  return list.map((item: unknown) => (isMap(item) ? (item['name'] ?? item) : item));
}
