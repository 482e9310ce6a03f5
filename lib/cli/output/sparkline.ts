import type { Io } from '../command.ts';

const blocks = [...'▁▂▃▄▅▆▇█'];
const letters = [...'_.:-=+*#'];

/**
 * A row of marks, one a value, as high as the value is beside the greatest: the lowest mark is nothing, whatever else there is. Blocks on a UTF-8
 * terminal, else ASCII.
 */
export function sparkline(values: readonly number[], env: Io['env']): string {
  const marks = isUtf8(env) ? blocks : letters;
  const most = Math.max(...values, 0);
  const highest = marks.length - 1;
  return values.map((value) => marks[value <= 0 ? 0 : Math.max(1, Math.round((value / most) * highest))]).join('');
}

/** By the first of the three that is set, as the C library does: POSIX, "Environment Variables", 8.2. */
function isUtf8(env: Io['env']): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((one) => one !== undefined && one !== '');
  return /utf-?8/i.test(locale ?? '');
}
