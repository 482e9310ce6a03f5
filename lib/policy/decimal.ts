/** A number of any length and any number of decimals, taken apart so that it can be compared exactly. */
export interface Decimal {
  negative: boolean;
  /** Digits before the point, without leading zeros; empty for zero. */
  whole: string;
  /** Digits after the point, without trailing zeros. */
  fraction: string;
}

const decimalPattern = /^([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))$/;

/**
 * Reads `42`, `-1`, `2024.10`, `.5`. Undefined for everything else: exponents, hexadecimal, `inf` and `nan` are no numbers here,
 * because a commit's hash such as `12e4567` would be one of them.
 */
export function parseDecimal(text: string): Decimal | undefined {
  const match = decimalPattern.exec(text);
  if (match === null) return undefined;
  const whole = withoutLeadingZeros(match[2] ?? '');
  const fraction = withoutTrailingZeros(match[3] ?? match[4] ?? '');
  return { negative: match[1] === '-' && whole + fraction !== '', whole, fraction };
}

/** Negative, zero or positive, as `a` is smaller than, equal to or greater than `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.negative !== b.negative) return a.negative ? -1 : 1;
  const bySize = compareDigits(a.whole, b.whole) || compareText(a.fraction, b.fraction);
  return a.negative ? -bySize : bySize;
}

/** Compares two whole numbers written without leading zeros, of any length. */
export function compareDigits(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

/** Digits without the zeros in front; empty for zero. */
export function withoutLeadingZeros(digits: string): string {
  let start = 0;
  while (digits[start] === '0') start++;
  return digits.slice(start);
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
