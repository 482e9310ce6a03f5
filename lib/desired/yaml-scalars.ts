/** What a plain scalar stands for, or why it is not read. */
export type Scalar = { value: string | number | boolean | null } | { refused: string };

const words = new Map<string, true | false | null>();
for (const word of ['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE']) words.set(word, true);
for (const word of ['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE']) words.set(word, false);
for (const word of ['', '~', 'null', 'Null', 'NULL']) words.set(word, null);

const notFinite = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const integer = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)$/;
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

const tooBig: Scalar = {
  refused: 'this integer is 2^53 or more and could be changed on its way; quote it if it is a text',
};

/**
 * Reads a plain scalar as kubectl does, which reads YAML with Go's yaml.v2: YAML 1.1 words are booleans (`yes`, `on`, and `y` too),
 * `0123`, `0o17` and `0b1` are numbers, underscores in numbers are dropped, dates and `12:30:00` stay strings.
 * Refused: what JSON cannot hold (`.inf`, `.nan`), and integers beyond 2^53, which would silently change.
 */
export function readScalar(text: string): Scalar {
  const word = words.get(text);
  if (word !== undefined) return { value: word };
  const first = text.charCodeAt(0);
  const numeric = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;
  return numeric ? readNumber(text) : { value: text };
}

function readNumber(text: string): Scalar {
  if (notFinite.test(text)) return { refused: 'JSON cannot hold this number' };
  const plain = text.replaceAll('_', '');
  const match = integer.exec(plain);
  if (match) return readInteger(text, match[1] === '-', match[2]!);
  if (!float.test(plain)) return { value: text };
  const value = Number(plain);
  if (!Number.isFinite(value)) return { value: text };
  // `0129` is no octal number, and so is a decimal one.
  if (/^[-+]?[0-9]+$/.test(plain) && !Number.isSafeInteger(value)) return tooBig;
  return { value: value === 0 ? 0 : value };
}

function readInteger(text: string, negative: boolean, digits: string): Scalar {
  const octal = /^0[0-7]+$/.test(digits);
  const size = BigInt(octal ? `0o${digits.slice(1)}` : digits.toLowerCase());
  // With a prefix, what does not fit in 64 bits is no number for kubectl; without one it is a float.
  if (/^0[xXbBoO]/.test(digits) && size > (negative ? 2n ** 63n : 2n ** 64n - 1n)) return { value: text };
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) return tooBig;
  return { value: size === 0n ? 0 : Number(negative ? -size : size) };
}
