const units = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** Reads `90s`, `10m`, `1h30m`, `2d`: whole numbers with a unit, greatest first. Gives seconds; undefined when the text is none, or zero. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(text);
  if (!match) return undefined;
  const seconds = Object.values(units).reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0);
  return seconds > 0 ? seconds : undefined;
}
