/**
 * True when the text fits a pattern in which `*` stands for any text. By hand, since a pattern with many stars would keep a regular
 * expression busy.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

/** True for an object's written name that fits a pattern in which `*` stands for any text without a slash. */
export function matchesObject(pattern: string, object: string): boolean {
  const parts = object.split('/');
  const wanted = pattern.split('/');
  return wanted.length === parts.length && wanted.every((one, i) => matchesGlob(one, parts[i]!));
}
