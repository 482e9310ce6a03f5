import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../../lib/policy/bytes.ts';
import { compareDecimals, parseDecimal } from '../../lib/policy/decimal.ts';

const sign = (number: number | bigint) => (number > 0 ? 1 : number < 0 ? -1 : 0);
const compare = (a: string, b: string) => sign(compareDecimals(parseDecimal(a)!, parseDecimal(b)!));

describe('a decimal number', () => {
  it.each([
    ['1', '1', 0],
    ['9', '10', -1],
    ['007', '7', 0],
    ['1.10', '1.1', 0],
    ['1.10', '1.9', -1],
    ['1.', '1', 0],
    ['.5', '0.50', 0],
    ['-1', '1', -1],
    ['-2', '-10', 1],
    ['-0', '0', 0],
    ['+3', '3', 0],
    ['-0.1', '-0.01', -1],
    ['9007199254740993', '9007199254740992', 1],
    ['20240101000000001', '20240101000000002', -1],
    ['1'.repeat(400), `${'1'.repeat(399)}0`, 1],
    ['0.1000000000000000055511151231257827', '0.1', 1],
  ])('%s against %s is %i', (a, b, expected) => {
    expect(compare(a, b)).toBe(expected);
    expect(compare(b, a)).toBe(expected === 0 ? 0 : -expected);
  });

  it.each([
    '',
    ' ',
    '1 ',
    '1e5',
    '12e4567',
    '0x10',
    'inf',
    'nan',
    'Infinity',
    '1_000',
    '1,5',
    '.',
    '-',
    '+',
    '1.2.3',
    '--1',
    '٣',
    'latest',
  ])('%j is none', (text) => expect(parseDecimal(text)).toBeUndefined());

  it('compares as scaled integers do, whatever the length', () => {
    const digits = fc.stringMatching(/^[0-9]{1,40}$/);
    const number = fc.tuple(fc.constantFrom('', '-'), digits, digits);
    fc.assert(
      fc.property(number, number, (a, b) => {
        const scaled = ([minus, whole, fraction]: [string, string, string]) => {
          const value = BigInt(whole + fraction.padEnd(40, '0'));
          return minus === '-' ? -value : value;
        };
        const text = ([minus, whole, fraction]: [string, string, string]) => `${minus}${whole}.${fraction}`;
        expect(compare(text(a), text(b))).toBe(sign(scaled(a) - scaled(b)));
      }),
    );
  });
});

describe('texts by their bytes', () => {
  it('compare as their UTF-8 does', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});
