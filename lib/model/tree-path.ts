/**
 * A path inside the config repo in its one form: `/` between names, no `.`, no leading or trailing slash; `.` is the root.
 * Undefined for a path that leads out, is absolute, or has a backslash or a control character in it.
 */
export function treePath(text: string): string | undefined {
  if (text === '' || text.startsWith('/') || /[\\\p{Cc}]/u.test(text)) return undefined;
  const names: string[] = [];
  for (const name of text.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names.length === 0 ? '.' : names.join('/');
}

/** Joins a path onto a directory of the tree; undefined where it leads out of the tree. */
export function joinTreePath(directory: string, path: string): string | undefined {
  return path.startsWith('/') ? undefined : treePath(`${directory}/${path}`);
}

/** True when `path` is `directory` or lies below it. */
export function isWithin(directory: string, path: string): boolean {
  return directory === '.' || path === directory || path.startsWith(`${directory}/`);
}

/** The directory that a path lies in; `.` for one at the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '.' : path.slice(0, slash);
}

/**
 * The first of all paths of a Git tree that no honest tree has: one with `.`, `..` or `.git` among its names (CVE-2014-9390), or one that lies below
 * another entry, which as a symbolic link would lead out of the tree. Undefined where all are well.
 */
export function strayPath(paths: Iterable<string>): string | undefined {
  const all = new Set(paths);
  for (const path of all) {
    if (!isTreeFile(path)) return path;
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      if (all.has(path.slice(0, at))) return path;
    }
  }
  return undefined;
}

/** The path itself. Throws an `Error`, a bug, for one that no file of a Git tree can have: what is read or written there would be elsewhere. */
export function treeFile(path: string): string {
  if (!isTreeFile(path)) throw new Error(`${JSON.stringify(path)} is not a path inside a repository`);
  return path;
}

function isTreeFile(path: string): boolean {
  return !path.includes('\0') && !path.split('/').some((name) => /^(?:|\.|\.\.|\.git)$/i.test(name));
}
