import { isDeepStrictEqual } from 'node:util';
import type { FieldDrift, ObjectDrift } from '../../../lib/model/drift.ts';
import { textOf } from './path.ts';
import type { MadeEdit } from './run.ts';

/** The server tells times in whole seconds. */
const slackMs = 2000;
/** Longer texts are cut where they are shown. */
const longestShown = 1000;

/** What is wrong in the values and times of a finding, for people; its object, fields and managers are compared elsewhere. */
export function wrongIn(made: MadeEdit, told: ObjectDrift | undefined): string[] {
  return (told?.fields ?? []).flatMap((field) => [...wrongValue(made, field), ...wrongTime(made, field)]);
}

function wrongValue({ differences, object, kind }: MadeEdit, field: FieldDrift): string[] {
  const difference = differences.find(({ path }) => textOf(path) === field.path);
  if (difference === undefined) return [];
  const { what, live } = difference;
  const says = (wanted: string) => [
    `${object}: ${field.path} is told as ${JSON.stringify(field.live)?.slice(0, 200)}, ${wanted}`,
  ];
  if (what === 'removed') return field.live === undefined ? [] : says('and is gone');
  if (what === 'reordered' || what === 'dropped') return [];
  if (kind === 'Secret' && !/^(metadata\.labels|type|immutable)/.test(field.path)) {
    return /^("hash:[\w-]{16}"|\{.*\})$/.test(JSON.stringify(field.live)) ? [] : says('and must be a hash');
  }
  // Of a map or an item that is new, only what is the person's is shown.
  if (what === 'added' && typeof live === 'object') return [];
  return isDeepStrictEqual(field.live, shown(live)) ? [] : says(`and is ${JSON.stringify(live)?.slice(0, 200)}`);
}

function wrongTime({ from, to, object }: MadeEdit, { manager, path, time, subresource }: FieldDrift): string[] {
  // Of a scaling the server notes no time.
  if (manager === undefined || (subresource === 'scale' && time === undefined)) return [];
  const at = Date.parse(time ?? '');
  if (at >= from.getTime() - slackMs && at <= to.getTime() + slackMs) return [];
  return [
    `${object}: ${path} is told to be of ${time}, and was made between ${from.toISOString()} and ${to.toISOString()}`,
  ];
}

function shown(value: unknown): unknown {
  if (typeof value === 'string' && value.length > longestShown) {
    return `${value.slice(0, longestShown)}… (${value.length} characters)`;
  }
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shown(inner)]));
}
