import { type Difference, differences, type Made } from './differences.ts';
import { textOf } from './path.ts';

/** Who made an edit. */
export interface Hand {
  manager: string;
  operation: 'Update' | 'Apply';
  subresource?: string;
  /** A person's additions are told, other programs' are not; a controller's changes are left to it. */
  who: 'person' | 'program' | 'controller';
}

/** One field that a check must tell of. */
export interface ExpectedField {
  path: string;
  manager?: string;
  operation?: 'Update' | 'Apply';
  subresource?: string;
  note?: string;
}

/** What a check must tell of one object; `fields` sorted by path. */
export interface Expected {
  object: string;
  state: 'changed' | 'added' | 'missing';
  reason?: 'created again' | 'compared by value';
  fields: ExpectedField[];
}

const removedNote = 'removed, by whom is not recorded';

/** What a check must tell after an edit by one hand; undefined: nothing. */
export function expectedOf(object: string, made: Made, by: Hand): Expected | undefined {
  // Who applies has what he applied: defaults that come with it are nobody's.
  const isTheirs = ({ path, what }: Difference) =>
    by.operation === 'Update' || what !== 'added' || made.meant === undefined || textOf(path) === made.meant;
  const fields = differences(made)
    .filter(isTheirs)
    .flatMap((one) => fieldOf(one, by));
  if (fields.length === 0) return undefined;
  const state = fields.some(({ note }) => note !== 'added') ? 'changed' : 'added';
  return { object, state, fields: sortedFields(fields) };
}

/** What a check must tell of an object that was deleted and created again by one hand: additions cannot be told from defaults. */
export function recreatedAs(object: string, made: Made, by: Hand): Expected {
  const fields = differences(made).flatMap((one): ExpectedField[] => {
    if (one.what === 'added' || one.what === 'reordered') return [];
    if (one.what === 'dropped' && one.live !== undefined) {
      return [{ path: textOf(one.path), note: 'by whom is not recorded' }];
    }
    return fieldOf(one, by);
  });
  return { object, state: 'changed', reason: 'created again', fields: sortedFields(fields) };
}

/** What a check must tell of an object whose managedFields were emptied: values are left to compare, and nobody is known. */
export function strippedAs(object: string, made: Made): Expected | undefined {
  const fields = differences(made).flatMap(({ path, what }): ExpectedField[] => {
    if (what === 'added' || what === 'reordered') return [];
    return [{ path: textOf(path), note: what === 'changed' ? 'by whom is not recorded' : removedNote }];
  });
  if (fields.length === 0) return undefined;
  return { object, state: 'changed', reason: 'compared by value', fields: sortedFields(fields) };
}

/** The fields in the order of a finding. */
export function sortedFields(fields: ExpectedField[]): ExpectedField[] {
  return [...fields].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function fieldOf({ path, what }: Difference, { who, manager, operation, subresource }: Hand): ExpectedField[] {
  const by = { manager, operation, ...(subresource !== undefined && { subresource }) };
  const at = { path: textOf(path) };
  if (what === 'removed') return [{ ...at, note: removedNote }];
  if (what === 'dropped') return [{ ...at, note: 'by admission or defaulting' }];
  if (what === 'reordered') return [{ ...at, note: 'reordered, by whom is not recorded' }];
  if (what === 'changed') return who === 'controller' ? [] : [{ ...at, ...by }];
  return who === 'person' ? [{ ...at, ...by, note: 'added' }] : [];
}
