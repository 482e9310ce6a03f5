/** The last character of ASCII. */
const last = 0x7f;

/**
 * RE2 with Unicode's categories and scripts as far as ASCII goes: a pattern is matched with tags, and those are ASCII. Each name is known as before, and
 * what a pattern says of an ASCII text is the same.
 */
export function asciiTables(source: string): string {
  return source.replace(
    /(: \(\) => new UnicodeRangeTable\(decodeRanges\(")([^"]*)(?=", (true|false)\)\))/g,
    (_, before: string, ranges: string, isByOne: string) => before + asciiPart(ranges, isByOne === 'true' ? 2 : 3),
  );
}

/** Of ranges in their order, each of so many numbers: how far its begin is from the last end, its end from its begin, and perhaps its step. */
function asciiPart(ranges: string, size: number): string {
  const numbers = ranges.match(/[g-z0-9+-]*[A-Za-f]/g) ?? [];
  let end = 0;
  for (let at = 0; at < numbers.length; at += size) {
    const begin = end + numberOf(numbers[at]!);
    if (begin > last) return numbers.slice(0, at).join('');
    end = begin + numberOf(numbers[at + 1]!);
  }
  return ranges;
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-';

/** A number in base 64 as RE2JS writes it: five bits a digit, the lowest first, and a sixth for "there is more". */
function numberOf(written: string): number {
  return [...written].reduceRight((value, digit) => value * 32 + (digits.indexOf(digit) % 32), 0);
}
