import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationText, isSameDuration, nanosecondsOf } from '../../lib/kube/semantic/duration.ts';
import { isSameQuantity, isSameResource, nanosOf, quantityPattern } from '../../lib/kube/semantic/quantity.ts';

describe('quantities', () => {
  it.each([
    ['1000m', '1'],
    ['1', 1],
    ['1.0', '1'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['5.', '5'],
    ['1024Mi', '1Gi'],
    ['1Gi', 1073741824],
    ['1.5Gi', '1536Mi'],
    ['1e3', '1k'],
    ['1E3', '1000'],
    ['1E', '1000P'],
    ['1e-3', '1m'],
    ['+1', '1'],
    ['-0', '0'],
    ['0', '0Ki'],
    ['1000000u', '1'],
    ['1000000000n', '1'],
    ['0.1n', '1n'],
    ['123456789012345678901234567890', '123456789012345678901234567.890k'],
    ['16Ei', '9223372036854775807'],
    [0.1, '100m'],
    [1e-7, '100n'],
  ])('%s is %s', (a, b) => expect(isSameQuantity(a, b)).toBe(true));

  it.each([
    ['1', '1.001'],
    ['1M', '1Mi'],
    ['1', '-1'],
    ['9007199254740993', '9007199254740992'],
    ['1n', '2n'],
    ['1Ki', '1k'],
    ['', ''],
    ['.', '.'],
    ['1 Gi', '1Gi'],
    ['1gi', '1Gi'],
    ['one', 'one'],
    ['1e', '1'],
    ['1e99999999', '1e99999999'],
    [null, 0],
    [true, 1],
  ])('%s is not %s', (a, b) => expect(isSameQuantity(a, b)).toBe(false));

  it('are rounded up to thousandths in maps of resources', () => {
    expect(isSameResource('0.1n', '1m')).toBe(true);
    expect(isSameResource('1.5m', '2m')).toBe(true);
    expect(isSameResource('2m', '3m')).toBe(false);
    expect(isSameQuantity('1.5m', '2m')).toBe(false);
  });

  const suffixes = {
    '': [10n, 0n],
    n: [10n, -9n],
    u: [10n, -6n],
    m: [10n, -3n],
    k: [10n, 3n],
    M: [10n, 6n],
    G: [10n, 9n],
  } as const;
  const powers = {
    T: [10n, 12n],
    P: [10n, 15n],
    E: [10n, 18n],
    Ki: [2n, 10n],
    Mi: [2n, 20n],
    Gi: [2n, 30n],
    Ti: [2n, 40n],
    Pi: [2n, 50n],
    Ei: [2n, 60n],
  } as const;
  const all = Object.entries({ ...suffixes, ...powers });
  const largest = (2n ** 63n - 1n) * 10n ** 9n;
  const quantity = fc.record({
    negative: fc.boolean(),
    whole: fc.bigInt({ min: 0n, max: 10n ** 24n }),
    fraction: fc.stringMatching(/^[0-9]{0,12}$/),
    suffix: fc.oneof(
      fc.constantFrom(...all),
      fc.integer({ min: -20, max: 20 }).map((power) => [`e${power}`, [10n, BigInt(power)]] as const),
    ),
  });
  type Parts = typeof quantity extends fc.Arbitrary<infer T> ? T : never;
  const textOf = ({ negative, whole, fraction, suffix }: Parts) =>
    `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}${suffix[0]}`;
  /** The same number as an exact fraction: numerator over denominator. */
  const rational = ({ negative, whole, fraction, suffix: [, [base, power]] }: Parts): [bigint, bigint] => {
    const digits = BigInt(`${whole}${fraction}`) * (negative ? -1n : 1n);
    const denominator = 10n ** BigInt(fraction.length);
    return power < 0n ? [digits, denominator * base ** -power] : [digits * base ** power, denominator];
  };
  /** Away from nothing to the next billionth. */
  const rounded = ([numerator, denominator]: [bigint, bigint]): bigint => {
    const scaled = numerator * 10n ** 9n;
    const away = scaled % denominator === 0n ? 0n : scaled < 0n ? -1n : 1n;
    return scaled / denominator + away;
  };

  it('has the value of an exact fraction, rounded to billionths as the API server does', () => {
    fc.assert(
      fc.property(quantity, (parts) => {
        expect(textOf(parts)).toMatch(new RegExp(quantityPattern));
        expect(nanosOf(textOf(parts))).toBe(rounded(rational(parts)));
      }),
    );
  });

  it('are the same just where their fractions are', () => {
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        const [one, other] = [rounded(rational(a)), rounded(rational(b))];
        fc.pre(one !== largest && other !== largest);
        const same = one === other;
        expect(isSameQuantity(textOf(a), textOf(b))).toBe(same);
      }),
    );
  });

  it('keep their value when their suffix is written out', () => {
    fc.assert(
      fc.property(quantity, (parts) => {
        const [numerator, denominator] = rational(parts);
        fc.pre(denominator <= 10n ** 30n);
        const scale = 10n ** 32n / denominator;
        fc.pre(denominator * scale === 10n ** 32n);
        const digits = (numerator < 0n ? -numerator : numerator) * scale;
        const plain = `${numerator < 0n ? '-' : ''}${digits / 10n ** 32n}.${(digits % 10n ** 32n).toString().padStart(32, '0')}`;
        fc.pre(plain.length <= 100);
        expect(isSameQuantity(textOf(parts), plain)).toBe(true);
      }),
    );
  });
});

describe('durations', () => {
  it.each([
    ['8760h', '8760h0m0s'],
    ['90m', '1h30m0s'],
    ['1.5h', '1h30m0s'],
    ['0', '0s'],
    ['1000ms', '1s'],
    ['-1m', '-60s'],
    ['1us', '1µs'],
    ['1h1h', '2h'],
  ])('%s is %s', (a, b) => expect(isSameDuration(a, b)).toBe(true));

  it.each([
    ['1h', '1m'],
    ['1', '1s'],
    ['1d', '24h'],
    ['', ''],
    ['.h', '0s'],
    [1, '1s'],
  ])('%s is not %s', (a, b) => expect(isSameDuration(a, b)).toBe(false));

  it.each([
    [3_600_000_000_000n, '1h0m0s'],
    [60_000_000_000n, '1m0s'],
    [1_500_000_000n, '1.5s'],
    [100_000_000n, '100ms'],
    [1_500_000n, '1.5ms'],
    [1_500n, '1.5µs'],
    [7n, '7ns'],
    [0n, '0s'],
    [-90_000_000_000n, '-1m30s'],
  ])('%s ns is written %s', (nanoseconds, text) => expect(durationText(nanoseconds)).toBe(text));

  it('are read as they are written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (nanoseconds) => {
        expect(nanosecondsOf(durationText(nanoseconds))).toBe(nanoseconds);
      }),
    );
  });
});
