import type { FieldDrift, ObjectDrift } from './drift.ts';

const longestValue = 120;

/** Why an object is missing: its fields' managers went with it. */
export const missingReason = 'deleted, by whom is not recorded';

/** One line for each thing that differs in an object: `apps/Deployment/shop/web: spec.replicas is 5, Git says 3 (kubectl, Update, scale, 12:01:33)`. */
export function driftLines(drift: ObjectDrift): string[] {
  const object = printable(drift.object);
  if (drift.state === 'missing') return [`${object} is missing: ${printable(drift.reason ?? missingReason)}`];
  if (drift.state === 'unmanaged')
    return [`${object} is in the cluster, but nobody declared it${because(drift.reason)}`];
  const lines = drift.fields.map((field) => `${object}: ${fieldText(field)}`);
  if (lines.length > 0 && drift.reason === undefined) return lines;
  return [`${object} was ${drift.state}${because(drift.reason)}`, ...lines];
}

/** What is different in one field, what Git says, and who did it when: `spec.replicas is 5, Git says 3 (kubectl, Update, scale, 12:01:33)`. */
export function fieldText(field: FieldDrift): string {
  const live = field.live === undefined ? 'is gone' : `is ${valueText(field.live)}`;
  const git = field.git === undefined ? '' : `, Git says ${valueText(field.git)}`;
  return `${printable(field.path)} ${live}${git} (${attribution(field)})`;
}

/** Who changed a field, as far as the API server tells: `kubectl-set, Update, 12:01:33`, or what is known instead. */
export function attribution(field: FieldDrift, { date = false } = {}): string {
  const time = field.time === undefined || date ? field.time : timeText(field.time);
  const when = time ?? (field.manager === undefined ? undefined : 'when is not recorded');
  const known = [field.manager, field.operation, field.subresource, when, field.note].filter(
    (part) => part !== undefined,
  );
  return known.length === 0 ? 'by whom is not recorded' : printable(known.join(', '));
}

/** The managers that a drift names, without repetition. */
export function managersOf(drift: ObjectDrift): string[] {
  return [...new Set(drift.fields.flatMap((field) => field.manager ?? []))];
}

/** A value as JSON, cut when it is long, without characters that change how a terminal shows it. */
export function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return printable(text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`);
}

/** A text on one line: control and direction characters are written as `\u001b`. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${printable(reason)}`;
}

// managedFields give UTC to the second; the day is left out where a person reads a message of today.
function timeText(time: string): string {
  const match = /T(\d{2}:\d{2}:\d{2})/.exec(time);
  return match?.[1] ?? time;
}
