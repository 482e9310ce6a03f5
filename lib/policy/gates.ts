/** From the least to the greatest. What a scanner calls otherwise (`informational`, `undefined`) is below `low`. */
export const severities = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** What an image must pass before it is taken. What is left out is not asked. */
export interface GateRules {
  /** The least severity of a finding that keeps an image back. ECR only. */
  scan?: Severity;
  /** How long ago it must have been pushed. ECR only. */
  minAgeSeconds?: number;
}

/** What the registry's scanner says of one image. `none`: there is no scan and none is under way. */
export type ScanState =
  | { state: 'complete'; findings: Partial<Record<Severity, number>> }
  | { state: 'pending' }
  | { state: 'none'; reason: string };

/** What the gates are asked with; only what they need. */
export interface GateFacts {
  /** ISO 8601: when the image was pushed. */
  pushedAt?: string;
  scan?: ScanState;
  now: Date;
}

/** Why an image must wait, by all gates that it does not pass; undefined when it passes them all. What is not known does not pass. */
export function gateReason(gates: GateRules, { pushedAt, scan, now }: GateFacts): string | undefined {
  const reasons = [
    gates.minAgeSeconds === undefined ? undefined : ageReason(gates.minAgeSeconds, pushedAt, now),
    gates.scan === undefined ? undefined : scanReason(gates.scan, scan),
  ].filter((reason) => reason !== undefined);
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

function ageReason(minAge: number, pushedAt: string | undefined, now: Date): string | undefined {
  const pushed = pushedAt === undefined ? Number.NaN : Date.parse(pushedAt);
  if (Number.isNaN(pushed))
    return `the registry does not tell when it was pushed, and minAge ${duration(minAge)} needs to know`;
  // A registry whose clock is ahead pushes in the future. The end, not the age, is told: the same words each time it is looked at.
  const open = pushed + minAge * 1000;
  if (now.getTime() >= open) return undefined;
  const until = new Date(Math.ceil(open / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  return `minAge ${duration(minAge)} is over at ${until}`;
}

function scanReason(gate: Severity, scan: ScanState | undefined): string | undefined {
  if (scan === undefined) return 'scan: the registry was not asked';
  if (scan.state === 'pending') return 'scan: it is not finished';
  if (scan.state === 'none') {
    return `scan: there is none (${scan.reason}): switch scanning on in the registry, or leave out the gate`;
  }
  const counted = severities.slice(severities.indexOf(gate));
  const findings = counted.reduce((sum, severity) => sum + (scan.findings[severity] ?? 0), 0);
  if (findings === 0) return undefined;
  const above = counted.length === 1 ? gate : `${gate} or above`;
  return `scan: ${findings} ${findings === 1 ? 'finding' : 'findings'} of ${above}`;
}

/**
 * Why an image lacks a platform; undefined when it has all that are required. A platform is `os/arch[/variant]`. `linux/arm64` and
 * `linux/arm64/v8` are one: v8 is what arm64 means when nothing is said. Everything else must be equal, letter by letter.
 */
export function platformReason(required: readonly string[], platforms: readonly string[]): string | undefined {
  const there = new Set(platforms.map(plain));
  const missing = required.filter((platform) => !there.has(plain(platform)));
  if (missing.length === 0) return undefined;
  const only = platforms.length === 0 ? 'it names no platform' : `it has only ${platforms.join(', ')}`;
  return `lacks ${missing.join(' and ')}: ${only}`;
}

function plain(platform: string): string {
  return platform.endsWith('/arm64/v8') ? platform.slice(0, -'/v8'.length) : platform;
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** As windlass.yaml writes it: `10m`, `1h30m`, `45s`. Seconds are told below a minute, or where they were asked for. */
function duration(seconds: number): string {
  let rest = seconds;
  let text = '';
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest %= size;
  }
  return rest > 0 || text === '' ? `${text}${rest}s` : text;
}
