/** One replacement in a text: at `start` (in UTF-16 units) stands `before`, and `after` comes in its place. */
export interface Splice {
  start: number;
  before: string;
  after: string;
}

/** Applies splices, given in any order. Throws when the text is not the one they were made for, or when they overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const parts: string[] = [];
  let position = 0;
  for (const { start, before, after } of inOrder(splices)) {
    if (start < position || !text.startsWith(before, start)) {
      throw new Error(`a splice does not fit the text: at ${start} there is no ${JSON.stringify(before)}`);
    }
    parts.push(text.slice(position, start), after);
    position = start + before.length;
  }
  return parts.join('') + text.slice(position);
}

/** The splices that undo these: applied to the result they give the text from before. */
export function invertSplices(splices: readonly Splice[]): Splice[] {
  let shift = 0;
  return inOrder(splices).map(({ start, before, after }) => {
    const inverse = { start: start + shift, before: after, after: before };
    shift += after.length - before.length;
    return inverse;
  });
}

function inOrder(splices: readonly Splice[]): Splice[] {
  return [...splices].sort((a, b) => a.start - b.start);
}
