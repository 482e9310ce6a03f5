import { isBase64 } from '../base64.ts';
import { canonicalJson } from '../hash.ts';
import { durationText, isSameDuration, nanosecondsOf } from './duration.ts';
import { isFree, type Place } from './place.ts';
import { isSameQuantity, isSameResource, quantityPattern } from './quantity.ts';

/** Compares two values that are neither maps nor lists, of one place, by what they mean there. */
export function isSameScalar(a: unknown, b: unknown, place: Place): boolean {
  // Numbers are compared as numbers: 1.0 is 1.
  return a === b || (ruleOf(place)?.(a, b) ?? false);
}

/** True for two texts that are the same JSON map or list, written differently. */
export function isSameJson(a: unknown, b: unknown): boolean {
  const [one, other] = [structureIn(a), structureIn(b)];
  return one !== undefined && one === other;
}

type Rule = (a: unknown, b: unknown) => boolean;

const quantityType = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

const byType: Readonly<Record<string, Rule>> = {
  [quantityType]: isSameQuantity,
  'io.k8s.apimachinery.pkg.apis.meta.v1.Duration': isSameDuration,
};

const byFormat: Readonly<Record<string, Rule>> = {
  duration: isSameDuration,
  'int-or-string': isSameNumberOrText,
  byte: isSameBytes,
  'date-time': isSameTime,
  json: isSameJson,
};

function ruleOf(place: Place): Rule | undefined {
  const { schema, type = '', kind, field } = place;
  if (type === quantityType && isFree(place)) return isSameResource;
  if (Object.hasOwn(byType, type)) return byType[type];
  // A custom resource can only say by the pattern that a field is a quantity.
  if (schema.pattern === quantityPattern) return isSameQuantity;
  if (schema['x-kubernetes-int-or-string']) return isSameNumberOrText;
  if (schema.format !== undefined && Object.hasOwn(byFormat, schema.format)) return byFormat[schema.format];
  // Nor can it say "duration" in the way that most are generated: a controller that writes it back spells it out.
  return !kind.builtIn && schema.type === 'string' && field !== '' ? isSpelledOut : undefined;
}

/** `80` and `"80"`: a port's name, or a percentage, is never a bare number. */
function isSameNumberOrText(a: unknown, b: unknown): boolean {
  const text = (value: unknown) => (typeof value === 'number' ? String(value) : value);
  return typeof a !== typeof b && text(a) === text(b);
}

/** base64 that Git may have broken into lines. */
function isSameBytes(a: unknown, b: unknown): boolean {
  const bytes = bytesIn(a);
  return bytes !== undefined && bytes === bytesIn(b);
}

function bytesIn(value: unknown): string | undefined {
  return typeof value === 'string' && isBase64(value) ? Buffer.from(value, 'base64').toString('base64') : undefined;
}

/** The same moment; one of whole seconds is that of any fraction of it, for most times are kept so. */
function isSameTime(a: unknown, b: unknown): boolean {
  if (!isTime(a) || !isTime(b)) return false;
  const isWhole = (text: string) => !/\.\d*[1-9]/.test(text);
  const [one, other] = [Date.parse(a), Date.parse(b)];
  return isWhole(a) || isWhole(b)
    ? Math.floor(one / 1000) === Math.floor(other / 1000)
    : sameFraction(a, b) && one === other;
}

function sameFraction(a: string, b: string): boolean {
  const fraction = (text: string) => /\.(\d*?)0*(?!\d)/.exec(text)?.[1];
  return fraction(a) === fraction(b);
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value));
}

/** Two durations, of which one is spelled as a program in Go spells it out: nobody else writes `8760h0m0s`. */
function isSpelledOut(a: unknown, b: unknown): boolean {
  const nanoseconds = nanosecondsOf(a);
  if (nanoseconds === undefined || nanoseconds !== nanosecondsOf(b)) return false;
  const text = durationText(nanoseconds);
  return a === text || b === text;
}

function structureIn(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return undefined;
  try {
    return canonicalJson(JSON.parse(value));
  } catch {
    return undefined;
  }
}
