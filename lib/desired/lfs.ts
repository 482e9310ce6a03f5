/** The first line of what Git LFS keeps in place of a file (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md). */
const firstLine = /^\uFEFF?version https:\/\/git-lfs\.github\.com\/spec\/v1\r?\n/;

/** A pointer has less than 1,024 bytes. */
const longest = 1024;

export const lfsHint =
  'Windlass reads what Git itself has: keep the file out of Git LFS (git lfs untrack, git add --renormalize)';

/** True for the text of a file that Git LFS has elsewhere. */
export function isLfsPointer(text: string): boolean {
  return text.length < longest && firstLine.test(text);
}

/**
 * The JSON Pointer of a value in a ConfigMap or Secret that is such a text; undefined where there is none. A generator, or a chart that reads
 * a file, would put it there in the file's place.
 */
export function lfsPointerIn(object: { [key: string]: unknown }): string | undefined {
  const { kind } = object;
  if (kind !== 'ConfigMap' && kind !== 'Secret') return undefined;
  for (const field of ['data', 'stringData', 'binaryData']) {
    const values = object[field];
    if (typeof values !== 'object' || values === null) continue;
    const base64 = field === 'binaryData' || (kind === 'Secret' && field === 'data');
    for (const [key, value] of Object.entries(values)) {
      if (typeof value !== 'string' || value.length > 2 * longest) continue;
      if (isLfsPointer(base64 ? Buffer.from(value, 'base64').toString('utf8') : value)) return `/${field}/${key}`;
    }
  }
  return undefined;
}
