/** A time in seconds, for people: `0.4 s`, `45 s`, `12 min`, `3.2 h`, `2.1 d`. */
export function time(seconds: number): string {
  const units: [limit: number, size: number, name: string][] = [
    [60, 1, 's'],
    [3_600, 60, 'min'],
    [172_800, 3_600, 'h'],
    [Number.POSITIVE_INFINITY, 86_400, 'd'],
  ];
  const [, size, name] = units.find(([limit]) => seconds < limit)!;
  const value = seconds / size;
  return `${value < 10 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value)} ${name}`;
}
