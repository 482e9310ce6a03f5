import { isWithin } from '../model/tree-path.ts';

/** The name of a file that lists what is not read, in .gitignore's syntax; it counts for its directory and everything below. */
export const ignoreFileName = '.windlassignore';

/** One pattern of an ignore file, relative to the directory that the file is in. */
export interface IgnorePattern {
  directory: string;
  pattern: RegExp;
  negated: boolean;
  directoriesOnly: boolean;
}

/** Reads an ignore file (https://git-scm.com/docs/gitignore, "PATTERN FORMAT"). */
export function parseIgnoreFile(text: string, directory: string): IgnorePattern[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/(?<!\\)\s+$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const negated = line.startsWith('!');
      const body = (negated ? line.slice(1) : line).replace(/^\\([#!])/, '$1');
      return { directory, negated, directoriesOnly: body.endsWith('/'), pattern: toRegExp(body.replace(/\/$/, '')) };
    });
}

/** True when a file, or a directory that it is in, is ignored; the last pattern that fits a name decides. */
export function isIgnored(path: string, patterns: readonly IgnorePattern[]): boolean {
  const names = path.split('/');
  return names.some((_, index) => {
    const isFile = index === names.length - 1;
    return decides(names.slice(0, index + 1).join('/'), isFile, patterns);
  });
}

function decides(path: string, isFile: boolean, patterns: readonly IgnorePattern[]): boolean {
  let ignored = false;
  for (const { directory, pattern, negated, directoriesOnly } of patterns) {
    if (!isWithin(directory, path) || path === directory || (directoriesOnly && isFile)) continue;
    const relative = directory === '.' ? path : path.slice(directory.length + 1);
    if (pattern.test(relative)) ignored = !negated;
  }
  return ignored;
}

/** A pattern with a slash before its end is bound to its directory; another one fits a name at any depth. */
function toRegExp(pattern: string): RegExp {
  const bound = pattern.includes('/');
  const parts =
    pattern.replace(/^\//, '').match(/\*\*\/|\/\*\*$|\*\*|\*|\?|\[(?:\\.|[^\]\\])+\]|\\.|[^*?[\\]+|./gs) ?? [];
  const body = parts.map((part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '/**') return '/.*';
    if (part === '**' || part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.length > 2 && part.startsWith('[')) return characterClass(part);
    return literal(part.length === 2 && part.startsWith('\\') ? part.slice(1) : part);
  });
  return new RegExp(`^${bound ? '' : '(?:.*/)?'}${body.join('')}$`, 's');
}

function characterClass(part: string): string {
  const negated = /^\[[!^]/.test(part);
  const body = part.slice(negated ? 2 : 1, -1).replace(/[\\[\]^]/g, (character) => `\\${character}`);
  return negated ? `[^/${body}]` : `[${body}]`;
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
