const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const form = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const longest = 100;

/** A duration as programs in Go write it (`8760h`, `1h30m`), in nanoseconds; undefined for what is none. */
export function nanosecondsOf(value: unknown): bigint | undefined {
  if (typeof value !== 'string' || value.length > longest) return undefined;
  if (/^[+-]?0$/.test(value)) return 0n;
  const [, sign, parts] = form.exec(value) ?? [];
  if (parts === undefined) return undefined;
  let sum = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of parts.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    sum += (BigInt(whole + fraction) * units[unit]!) / 10n ** BigInt(fraction.length);
  }
  return sign === '-' ? -sum : sum;
}

/** True for two spellings of one duration: `8760h` and `8760h0m0s`. */
export function isSameDuration(a: unknown, b: unknown): boolean {
  const nanoseconds = nanosecondsOf(a);
  return nanoseconds !== undefined && nanoseconds === nanosecondsOf(b);
}

/** The spelling in which a program in Go writes a duration back: `8760h0m0s`, `1.5s`, `100ms`. */
export function durationText(nanoseconds: bigint): string {
  if (nanoseconds < 0n) return `-${durationText(-nanoseconds)}`;
  if (nanoseconds === 0n) return '0s';
  const small = (['ms', 'µs', 'ns'] as const).find((unit) => nanoseconds >= units[unit]!);
  if (nanoseconds < units['s']! && small !== undefined) return decimalText(nanoseconds, units[small]!) + small;
  const hours = nanoseconds / units['h']!;
  const minutes = (nanoseconds % units['h']!) / units['m']!;
  const seconds = `${decimalText(nanoseconds % units['m']!, units['s']!)}s`;
  if (hours > 0n) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${minutes}m${seconds}` : seconds;
}

function decimalText(value: bigint, unit: bigint): string {
  const rest = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .replace(/0+$/, '');
  return rest === '' || unit === 1n ? String(value / unit) : `${value / unit}.${rest}`;
}
