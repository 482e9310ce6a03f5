import type { Site } from './sites.ts';

const quantity = /^\d+(\.\d+)?(m|k|M|G|Ki|Mi|Gi|Ti)?$/;

/** Other values that somebody might write at a place, the likeliest to be accepted first. */
export function otherValues({ value, schema, pointer }: Site): unknown[] {
  const name = String(pointer.at(-1));
  const choices = (schema.enum ?? []).filter((one) => one !== value && one !== '');
  if (choices.length > 0) return choices.slice(0, 3);
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'number') return Number.isInteger(value) ? [value + 1, value - 1, value + 10] : [value + 0.5];
  if (typeof value !== 'string') return [];
  if (schema.format === 'byte' || isEncoded(pointer)) return [Buffer.from(`${value} by hand`).toString('base64')];
  if (name === 'image') return [`${value.replace(/[:@].*$/, '')}:by-hand`];
  if (/^\d+%$/.test(value)) return ['42%'];
  if (quantity.test(value)) return [value.replace(/^\d+/, (digits) => String(Number(digits) + 1)), `${value}1`];
  if (/^\d+(h|m|s)$/.test(value)) return [value.replace(/^\d+/, (digits) => String(Number(digits) + 1))];
  if (/^([\d*/,-]+ ){4}[\d*/,-]+$/.test(value)) return ['17 4 * * 2'];
  if (value.includes('\n')) return [`${value}# by hand\n`];
  return [`${value}-by-hand`, `${value}x`, `by-hand.${value}`, `/by-hand${value}`].filter(
    (one) => one.length < 400_000,
  );
}

/** Values of Secrets, and binary ones of ConfigMaps, are base64. */
function isEncoded(pointer: Site['pointer']): boolean {
  return pointer[0] === 'binaryData';
}
