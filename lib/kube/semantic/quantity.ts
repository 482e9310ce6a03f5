/** The pattern that CRDs are generated with for a field that holds a quantity. */
export const quantityPattern =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

const form = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/;
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/** Longer texts, and larger powers of ten, are no quantities that anybody means; they are compared as texts. */
const longest = 100;
const largestPower = 1000;

/**
 * The value of a quantity in billionths; a fraction of one counts as one, as the API server rounds. Exact: no floating point. Undefined for what
 * is no quantity. (Kubernetes API reference, Quantity.)
 */
export function nanosOf(value: unknown): bigint | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value);
  const [, sign = '', whole = '', fraction = '', suffix = ''] = (text.length <= longest && form.exec(text)) || [];
  if (whole + fraction === '') return undefined;
  const power = 9 - fraction.length + (decimal[suffix] ?? (/^[eE][+-]?\d/.test(suffix) ? Number(suffix.slice(1)) : 0));
  if (Math.abs(power) > largestPower) return undefined;
  const digits = BigInt(whole + fraction) << BigInt(binary[suffix] ?? 0);
  const nanos = power >= 0 ? digits * 10n ** BigInt(power) : roundedUp(digits, 10n ** BigInt(-power));
  return sign === '-' ? -nanos : nanos;
}

/** The API server keeps larger values of some spellings as this one. */
const largest = (2n ** 63n - 1n) * 10n ** 9n;

/** True for two spellings of one quantity: `1000m`, `1` and `1.0`; `1Gi` and `1024Mi`. */
export function isSameQuantity(a: unknown, b: unknown): boolean {
  return isSameIn(1n, a, b);
}

/** The same in a map of resources (`limits`, `hard`), where the API server rounds up to thousandths. */
export function isSameResource(a: unknown, b: unknown): boolean {
  return isSameIn(1_000_000n, a, b);
}

function isSameIn(unit: bigint, a: unknown, b: unknown): boolean {
  const [one, other] = [nanosOf(a), nanosOf(b)];
  if (one === undefined || other === undefined) return false;
  if (one === largest || other === largest) return one >= largest && other >= largest;
  return inUnits(one, unit) === inUnits(other, unit);
}

function inUnits(nanos: bigint, unit: bigint): bigint {
  return nanos < 0n ? -roundedUp(-nanos, unit) : roundedUp(nanos, unit);
}

function roundedUp(digits: bigint, by: bigint): bigint {
  return (digits + by - 1n) / by;
}
