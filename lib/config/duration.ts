const units = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** Reads `90s`, `10m`, `1h30m`, `2d`: whole numbers with a unit, greatest first. Gives seconds; undefined when the text is none, or zero. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(text);
  if (!match) return undefined;
  const seconds = Object.values(units).reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0);
  return seconds > 0 ? seconds : undefined;
}

/** True for a day of the calendar (`2027-01-31`) or a time with its zone (`2027-01-31T12:00:00Z`). */
export function isDateOrTime(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text);
  if (!match || Number.isNaN(Date.parse(text))) return false;
  const day = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  return day.getUTCDate() === Number(match[3]);
}
