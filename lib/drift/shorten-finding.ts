import type { FieldDrift, ObjectDrift, RuleUse, Unknown } from '../model/drift.ts';
import { most } from '../model/message-limits.ts';
import type { DriftFound } from '../model/messages.ts';
import { formatObjectId, parseObjectId } from '../model/object-id.ts';
import { shortText, sizeOf } from '../model/shorten.ts';

/** SQS takes messages of 256 KiB from every queue, and counts some attributes. */
export const messageBytes = 250 * 1024;
/** Of one object; more than `mostAlone` of the report flow fit into a message, so that what is cut is always one of many. In bytes. */
const objectBytes = 8 * 1024;
/** Of a value that is too large by itself. In characters of its JSON. */
const longestValue = 500;
/** What is left to controllers is no finding. */
const mostLeft = 100;
/** What rules did, and what could not be read, leave room for drift. In bytes. */
const ruleBytes = 32 * 1024;
const unknownBytes = 96 * 1024;

/**
 * A finding as it can be sent: with at most `bytes`, the last objects counted in `cut` instead of named. An object's fields are cut to 8 KiB, always
 * in the same way, so that the same drift is no news because of what drifts beside it. What is unknown is never left out: of very many
 * objects, their kinds are unknown, and of very many kinds everything is. Of very many rules those that did something are named.
 */
export function shortenFinding(found: DriftFound, bytes: number = messageBytes): DriftFound {
  const { addedByOthers, ...rest } = { ...found, drift: found.drift.map(shortObject) };
  if (rest.rules !== undefined) rest.rules = rest.rules.map(shortRule);
  const others = addedByOthers?.slice(0, most.addedByOthers).map(shortObject);
  const whole = { ...rest, ...(others !== undefined && { addedByOthers: others }) };
  if (sizeOf(whole) <= bytes) return whole;
  const bare: DriftFound = {
    ...rest,
    ...{ drift: [], cut: found.drift.length },
    ...(rest.rules && fittingRules(rest.rules)),
    unknown: unknownThatFit(found.unknown),
    leftToControllers: found.leftToControllers.slice(0, mostLeft),
  };
  const drift = firstThatFit(whole.drift, bytes - sizeOf(bare));
  const { cut: _, ...uncut } = bare;
  const cut = found.drift.length - drift.length;
  return { ...uncut, drift, ...(cut > 0 && { cut }) };
}

/** The first items that have at most so many bytes together. */
export function firstThatFit<T extends object>(items: readonly T[], bytes: number): T[] {
  let left = bytes;
  const end = items.findIndex((item) => {
    left -= sizeOf(item) + 1;
    return left < 0;
  });
  return end === -1 ? [...items] : items.slice(0, end);
}

function shortObject(drift: ObjectDrift): ObjectDrift {
  if (sizeOf(drift) <= objectBytes) return drift;
  const fields = firstThatFit(drift.fields.map(shortField), objectBytes - sizeOf({ ...drift, fields: [] }) - 100);
  const more = drift.fields.length - fields.length;
  const reasons = [drift.reason, more === 0 ? undefined : `and ${more} more fields`].filter((one) => one !== undefined);
  return { ...drift, fields, ...(reasons.length > 0 && { reason: reasons.join('; ') }) };
}

function shortField(field: FieldDrift): FieldDrift {
  return {
    ...field,
    path: shortText(field.path, longestValue),
    ...('git' in field && { git: shortValue(field.git) }),
    ...('live' in field && { live: shortValue(field.live) }),
  };
}

function shortValue(value: unknown): unknown {
  const text = JSON.stringify(value) ?? '';
  return text.length <= longestValue ? value : shortText(text, longestValue);
}

function shortRule({ rule, objects }: RuleUse): RuleUse {
  return { rule: shortText(rule, longestValue), objects };
}

/** Those that took something away come first. */
function fittingRules(rules: readonly RuleUse[]): Pick<DriftFound, 'rules' | 'rulesCut'> {
  const used = [...rules].sort((a, b) => Number(b.objects > 0) - Number(a.objects > 0));
  const kept = firstThatFit(used, ruleBytes);
  const rulesCut = rules.length - kept.length;
  return rulesCut === 0 ? { rules: [...rules] } : { rules: kept, rulesCut };
}

/** By kind, and where that is too much as a whole. */
function unknownThatFit(unknown: readonly Unknown[]): Unknown[] {
  const kinds = byKind(unknown);
  return sizeOf(kinds) <= unknownBytes ? kinds : byKind(unknown.map((one) => ({ ...one, object: '*' })));
}

/** The kinds of the objects, each with the reason of its first; apart from them those of which only undeclared objects are unknown. */
function byKind(unknown: readonly Unknown[]): Unknown[] {
  const kinds = Map.groupBy(unknown, ({ object, undeclared }) => `${undeclared === true} ${kindOf(object)}`);
  return [...kinds.values()].map((ofKind) => {
    const { object, reason, undeclared } = ofKind[0]!;
    const more = ofKind.length - 1;
    const isWritten = ofKind.every(({ beingWritten }) => beingWritten);
    const short = shortText(reason, longestValue);
    return {
      object: kindOf(object),
      reason: more === 0 ? short : `${short} (and ${more} more)`,
      ...(isWritten && { beingWritten: true }),
      ...(undeclared && { undeclared }),
    };
  });
}

/** The kind of an object; what is no object's name stays. */
function kindOf(object: string): string {
  const id = parseObjectId(object);
  return id === undefined ? object : formatObjectId({ ...id, namespace: '', name: '' });
}
