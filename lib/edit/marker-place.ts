import type { Spot, YamlText } from './yaml-text.ts';

/** Where a marker stands: the scalar that it is for, or why there is none. The comment is there wherever the token is in one; `end` is its end. */
export type Place = { reason: string } | { comment: string; end: number; found: { spot: Spot } | { reason: string } };

/**
 * Finds the scalar that the marker at an offset belongs to: the one before it on its line, or, when the comment has a line of its own,
 * the single value or list item right below it. Those are the places where Flux finds a marker.
 */
export function locate(yaml: YamlText, at: number): Place {
  const { text, spots } = yaml;
  const index = lastBefore(spots, at);
  const before = spots[index];
  if (before !== undefined && at < before.end) return { reason: insideReason(before) };
  const lineStart = startOfLine(text, at);
  const beside = before !== undefined && before.end > lineStart ? before : undefined;
  const from = beside?.end ?? lineStart;
  const hash = hashIn(text, from, at);
  if (hash < 0) return { reason: 'the marker is not in a comment' };
  const comment = text.slice(hash, endOfLine(text, at));
  const between = text
    .slice(from, hash)
    .replace(/^\uFEFF/, '')
    .trim();
  const end = hash + comment.length;
  const block = spots[index + 1];
  if (/\s[|>][-+0-9]*$/.test(` ${between}`) && block?.style === 'block')
    return { comment, end, found: { spot: block } };
  if (beside !== undefined) return { comment, end, found: besideSpot(beside, between) };
  return { comment, end, found: headOf(yaml, index + 1, { lineStart, between, end }) };
}

function insideReason(spot: Spot): string {
  if (spot.style === 'block') return 'the marker stands inside a block of text, which is not searched';
  return 'the marker stands inside a text, not in a comment';
}

/** The comment stands behind a scalar on the same line. */
function besideSpot(spot: Spot, between: string): { spot: Spot } | { reason: string } {
  if (between === '' || between === ',') {
    if (spot.kind === 'alias') return { reason: 'the value is an alias: put the marker beside its anchor' };
    if (spot.role === 'key') return { reason: 'the marker stands beside a key, not beside a value' };
    return { spot };
  }
  if (/[[{]$/.test(between)) return { reason: 'the marker stands at the opening of a mapping or list' };
  if (/[}\]]/.test(between)) return { reason: 'the marker stands beside a mapping or list, not beside a single value' };
  return {
    reason:
      'the marker stands beside a key without a value on the same line: put it at the end of the line with the value',
  };
}

/** The comment has a line of its own (or stands behind a dash). */
function headOf(
  yaml: YamlText,
  index: number,
  { lineStart, between, end }: { lineStart: number; between: string; end: number },
): { spot: Spot } | { reason: string } {
  const { text, spots } = yaml;
  const elsewhere = {
    reason: 'the marker does not stand beside a value: put it at the end of the line with the value',
  };
  const next = spots[index];
  if (next === undefined || next.kind === 'alias' || next.role === 'key') return elsewhere;
  const [gap, header] = splitHeader(text.slice(end, next.start), next);
  const dashes = between + gap.replace(/\s+/g, '');
  const inFlow = next.role === 'item' && dashes === '' && isInFlow(yaml, index, lineStart);
  if (dashes !== (next.role === 'item' && !inFlow ? '-' : '')) return elsewhere;
  if (isComment(lineBefore(text, lineStart)))
    return { reason: 'the comment above the value has more lines than the marker' };
  // A comment behind the value hides the one above it, as in Flux.
  if (next.style === 'block' ? header.includes('#') : hasComment(yaml, index)) {
    return { reason: 'the comment behind the value hides the marker above it' };
  }
  return { spot: next };
}

/** Whether a comment stands behind a scalar on its line. */
function hasComment({ text, spots }: YamlText, index: number): boolean {
  const { end } = spots[index]!;
  const next = spots[index + 1]?.start ?? text.length;
  return /^\s*,?\s+#/.test(text.slice(end, Math.min(endOfLine(text, end), next)));
}

/** The text before a scalar, and the first line of a block apart. */
function splitHeader(gap: string, { style }: Spot): [gap: string, header: string] {
  const header = style === 'block' ? /[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?\r?\n?$/.exec(gap) : null;
  return header === null ? [gap, ''] : [gap.slice(0, header.index), header[0]];
}

/** Whether a line stands right behind the bracket or comma of a list in flow style. */
function isInFlow({ text, spots }: YamlText, index: number, lineStart: number): boolean {
  const between = text.slice(spots[index - 1]?.end ?? 0, lineStart).replace(/(^|\s)#[^\r\n]*/g, '$1');
  return /[[,]\s*$/.test(between);
}

/** The index of the last spot that begins at or before an offset; -1 when there is none. */
function lastBefore(spots: readonly Spot[], at: number): number {
  let low = 0;
  let high = spots.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spots[middle]!.start <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The first `#` that begins a comment: at the beginning of a line or after a blank. */
function hashIn(text: string, from: number, to: number): number {
  for (let at = text.indexOf('#', from); at >= 0 && at < to; at = text.indexOf('#', at + 1)) {
    if (at === 0 || /[ \t\r\n\uFEFF]/.test(text[at - 1]!)) return at;
  }
  return -1;
}

function startOfLine(text: string, at: number): number {
  return Math.max(text.lastIndexOf('\n', at - 1), text.lastIndexOf('\r', at - 1)) + 1;
}

function endOfLine(text: string, at: number): number {
  const end = /[\r\n]/.exec(text.slice(at, at + 4096));
  if (end !== null) return at + end.index;
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline;
}

function lineBefore(text: string, lineStart: number): string {
  if (lineStart === 0) return '';
  const end = text.endsWith('\r\n', lineStart) ? lineStart - 2 : lineStart - 1;
  return text.slice(startOfLine(text, end), end);
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith('#');
}
