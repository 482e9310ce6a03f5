import { printable } from '../model/drift-text.ts';

/** What cannot be seen but changes how text is read, beside what `printable` knows: joiners, marks of direction, soft hyphens, tags. */
const invisible =
  /\u034f|[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff]|[\u{e0000}-\u{e0fff}]/gu;

/** A text on one line that shows all that is in it: control, direction and invisible characters are written as `\u202e`. */
export function visible(text: string): string {
  return printable(text.toWellFormed()).replace(invisible, (character) =>
    character.codePointAt(0)! > 0xffff
      ? `\\u{${character.codePointAt(0)!.toString(16)}}`
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Escapes what Slack reads as links, mentions and entities: exactly these three.
 * https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function escapeSlack(text: string): string {
  return text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!);
}

/** For a block of code: a backtick cannot be escaped there and would end it, so a look-alike takes its place. */
export function inCode(text: string): string {
  return withoutCalls(visible(text)).replaceAll('`', 'ˋ');
}

/** For running text: what would make it bold, struck or a link is replaced by look-alikes. */
export function inProse(text: string): string {
  return withoutCalls(visible(text))
    .replace(/[*~`]/g, (character) => ({ '*': '∗', '~': '∼', '`': 'ˋ' })[character]!)
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '＿')
    .replaceAll('://', '[:]//')
    .replace(/^>/, '›');
}

// Slack makes calls of these without any markup where a workspace or a client is set so.
function withoutCalls(text: string): string {
  return text.replace(/@(?=channel|here|everyone)/gi, '＠');
}

/** The first characters of a text that are at most `limit` UTF-16 units in all after `dress`, with a note when that is not all of it. */
export function cut(text: string, limit: number, dress: (text: string) => string = (same) => same): string {
  const whole = dress(text);
  if (whole.length <= limit) return whole;
  const note = `… (${text.length.toLocaleString('en-US')} characters)`;
  const points = [...text];
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (dress(points.slice(0, middle).join('')).length + note.length <= limit) low = middle;
    else high = middle - 1;
  }
  return dress(points.slice(0, low).join('')) + note;
}
