/**
 * Fills words into lines of at most a width, which a longer word exceeds; all but the first line are indented. `taken`: columns of the first line that
 * are before it.
 */
export function wrap(text: string, width: number, indent = '', taken = 0): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const next = line === '' ? word : `${line} ${word}`;
    const isFull = (lines.length === 0 ? taken : indent.length) + next.length > width;
    if (!isFull || line === '') {
      line = next;
      continue;
    }
    lines.push(line);
    line = word;
  }
  if (line !== '') lines.push(line);
  return lines.map((one, index) => (index === 0 ? one : `${indent}${one}`));
}

/** A column of text is not made narrower: it is left to the terminal then. */
const narrowest = 20;

/** A text beside what begins its line, under itself where it is longer than the width. */
export function hanging(begin: string, text: string, width: number | undefined): string[] {
  if (width === undefined || width < begin.length + narrowest) return [`${begin}${text}`];
  return wrap(text, width - begin.length).map(
    (line, index) => `${index === 0 ? begin : ' '.repeat(begin.length)}${line}`,
  );
}

/**
 * Fills paragraphs into the width of a terminal. What is indented, and a line that is not full because the next one begins something (`JSON:`,
 * `Exit code:`, an option), stays on a line of its own; the second column of what is indented is filled under itself.
 */
export function wrapParagraphs(text: string, width: number): string[] {
  const parts: string[][] = [];
  let isOpen = false;
  let before = '';
  for (const line of text.trim().split('\n')) {
    const isOwn = line.trim() === '' || /^\s/.test(line);
    // Within a sentence, or a shape of JSON, a word with a colon begins nothing.
    const begins = /^(?:JSON|Exit code|--)/.test(line) || (/^[a-z]+:/.test(line) && before.endsWith('.'));
    if (isOpen && !isOwn && !begins) parts.at(-1)!.push(line);
    else parts.push([line]);
    isOpen = !isOwn;
    before = line;
  }
  return parts.flatMap((part) => {
    const [line = ''] = part;
    if (!/^\s|^$/.test(line)) return wrap(part.join(' '), width);
    const [, begin, text] = /^(\s+\S.*?\s{2,})(\S.*)$/.exec(line) ?? [];
    return begin === undefined || text === undefined ? part : hanging(begin, text, width);
  });
}
