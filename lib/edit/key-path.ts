/** The keys of a dotted path, `web.image.tag`; `\.` is a dot inside a key, and a number counts the items of a list from 0. */
export function keysOfPath(path: string): string[] {
  const keys = [''];
  for (const [piece] of path.matchAll(/\\\.|\.|[^.\\]+|\\/g)) {
    if (piece === '.') keys.push('');
    else keys[keys.length - 1] += piece === '\\.' ? '.' : piece;
  }
  return keys;
}

/** The keys of a JSON Pointer (RFC 6901); undefined for a text that is none. */
export function keysOfPointer(pointer: string): string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}
