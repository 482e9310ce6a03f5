/** The line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  return 1 + countLines(text, 0, offset);
}

/** The line ends from one offset to another; none where `to` is not behind `from`. */
export function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
