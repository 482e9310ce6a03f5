import type { Spot } from './yaml-text.ts';

/** Plain texts that some YAML 1.1 or 1.2 reader takes for something other than a string. */
const typed: RegExp[] = [
  /^(?:|~|null|Null|NULL|=|<<)$/,
  /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  // Integers: decimal and octal (with `_` in 1.1), hexadecimal, 1.2's octal, binary.
  /^[-+]?(?:[0-9][0-9_]*|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+)$/,
  // Floats, and 1.1's numbers of base 60 (`12:30`).
  /^[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9_]+)?$/,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/,
  /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  // Dates and times of 1.1.
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}.*)?$/,
];

/** Image references and their parts: nothing in it has a meaning to YAML, in block or flow style. */
const harmless = /^[A-Za-z0-9_](?:[A-Za-z0-9_.:/@+-]*[A-Za-z0-9_.+-])?$/;

/** True when the text, written without quotes, is read as a string by YAML 1.1 and 1.2. */
export function readsAsString(text: string): boolean {
  // Go's readers drop every `_` of what begins like a number, wherever it stands: `0_o7` is 7 to them.
  const asNumber = /^[-+.0-9]/.test(text) ? text.replaceAll('_', '') : text;
  return harmless.test(text) && !typed.some((pattern) => pattern.test(text) || pattern.test(asNumber));
}

/** The source of a scalar with a new value: in the quotes that it has, in a block as it is, else plain, and in double quotes only where plain would not be read as a string. */
export function writeScalar(value: string, { style, tag }: Pick<Spot, 'style' | 'tag'>): string {
  if (style === 'block') return value;
  if (style === 'single') return `'${value.replaceAll("'", "''")}'`;
  if (style === 'plain' && (tag === undefined ? readsAsString(value) : harmless.test(value))) return value;
  return JSON.stringify(value);
}
