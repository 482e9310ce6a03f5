/** How many bytes a message has on its way. */
export function sizeOf(message: object): number {
  return Buffer.byteLength(JSON.stringify(message));
}

/** A text of at most so many characters; one that was cut ends with `…`. */
export function shortText(text: string, length: number): string {
  // A cut must not leave half of a surrogate pair.
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** The first of many in words: `a, b, c and 42 more`. */
export function fewOf(all: readonly string[], most: number): string {
  const more = all.length - most;
  return more <= 0 ? all.join(', ') : `${all.slice(0, most).join(', ')} and ${more} more`;
}
