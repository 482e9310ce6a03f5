/** How many bytes a message has on its way. */
export function sizeOf(message: object): number {
  return Buffer.byteLength(JSON.stringify(message));
}

/** A text of at most so many characters; one that was cut ends with `…`. */
export function shortText(text: string, length: number): string {
  // A cut must not leave half of a surrogate pair.
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
