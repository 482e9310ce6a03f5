import type { Problem } from '../model/errors.ts';

/** A piece of a file, and where in the file it begins: turns offsets in the piece into places in the file. */
export interface SourceText {
  file: string;
  text: string;
  /** The line of the piece's first character, from 1. */
  firstLine: number;
}

/** Longer lines are not shown with a problem. */
const longestShown = 400;
const lineStarts = new WeakMap<SourceText, number[]>();
const secrets = new WeakMap<SourceText, boolean>();

/** Where an offset is: line and column from 1, and the text of the line. */
export function placeOf(source: SourceText, offset: number): { line: number; column: number; source: string } {
  const starts = startsOf(source);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  const start = starts[low]!;
  const line = source.text.slice(start, starts[low + 1]).replace(/[\r\n]+$/, '');
  return { line: source.firstLine + low, column: offset - start + 1, source: line };
}

/**
 * A problem at an offset. The line is shown with it, unless the piece declares a Secret: reports and pages carry problems on,
 * and so no message holds a value either.
 */
export function problemAt(source: SourceText, offset: number, code: string, message: string, hint?: string): Problem {
  const { source: text, ...place } = placeOf(source, Math.max(0, offset));
  const shown = text.length <= longestShown && !declaresSecret(source);
  return {
    code,
    message,
    file: source.file,
    ...place,
    ...(shown && { source: text }),
    ...(hint !== undefined && { hint }),
  };
}

function declaresSecret(source: SourceText): boolean {
  const known = secrets.get(source);
  if (known !== undefined) return known;
  const found = /["']?kind["']?\s*:\s*["']?Secret(?:List)?\b|["']?sops["']?\s*:/.test(source.text);
  secrets.set(source, found);
  return found;
}

function startsOf(source: SourceText): number[] {
  const known = lineStarts.get(source);
  if (known !== undefined) return known;
  const starts = [0];
  for (const match of source.text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  lineStarts.set(source, starts);
  return starts;
}
