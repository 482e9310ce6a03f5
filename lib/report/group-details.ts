import type { FieldDrift, ObjectDrift } from '../model/drift.ts';
import type { Incident } from '../model/incident.ts';
import type { Report } from '../model/messages.ts';
import { shortText } from '../model/shorten.ts';
import { linesOfGroup, objectOf, stateOf } from './drift-content.ts';

/** Objects of which the values are kept, too. */
const mostWithValues = 300;
/** Characters of JSON in one record: the store cuts lists of longer ones. */
const longestPart = 20_000;
/** Of one object, so that it fits into a record. */
const mostFields = 10;
const longest = { path: 300, text: 200, value: 200 };

/** What the audit trail keeps of one of many objects. */
export type ObjectDetails = Pick<ObjectDrift, 'object' | 'state'> &
  Partial<Pick<ObjectDrift, 'fields' | 'reason'>> & { fieldsLeftOut?: number };

/**
 * What is known of each object of an incident about many, in parts that fit into a record each. Of what the report says nothing about, the state
 * alone.
 */
export function groupDetails(report: Report, incident: Incident): ObjectDetails[][] {
  const seen = new Map(report.drift.map((drift) => [drift.object, drift]));
  const all = linesOfGroup(incident).map((line, index): ObjectDetails => {
    const drift = seen.get(objectOf(line));
    return drift === undefined
      ? { object: objectOf(line), state: stateOf(line) }
      : detailsOf(drift, index < mostWithValues);
  });
  return inParts(all);
}

function detailsOf({ object, state, fields, reason }: ObjectDrift, withValues: boolean): ObjectDetails {
  const leftOut = fields.length - mostFields;
  return {
    object,
    state,
    ...(reason !== undefined && { reason: shortText(reason, longest.text) }),
    ...(fields.length > 0 && { fields: fields.slice(0, mostFields).map((field) => fieldOf(field, withValues)) }),
    ...(leftOut > 0 && { fieldsLeftOut: leftOut }),
  };
}

function fieldOf({ git, live, path, note, ...attribution }: FieldDrift, withValues: boolean): FieldDrift {
  return {
    path: shortText(path, longest.path),
    ...(withValues && git !== undefined && { git: short(git) }),
    ...(withValues && live !== undefined && { live: short(live) }),
    ...attribution,
    ...(note !== undefined && { note: shortText(note, longest.text) }),
  };
}

function short(value: unknown): unknown {
  const text = JSON.stringify(value) ?? '';
  return text.length <= longest.value ? value : shortText(text, longest.value);
}

function inParts(all: readonly ObjectDetails[]): ObjectDetails[][] {
  const parts: ObjectDetails[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const one of all) {
    const length = JSON.stringify(one).length + 1;
    if (size + length > longestPart) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)!.push(one);
    size += length;
  }
  return parts;
}
