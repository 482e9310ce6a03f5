import { relative } from 'node:path';
import type { Io } from '../command.ts';

/** A path as a person would type it from here. */
export function shown(io: Pick<Io, 'cwd'>, path: string): string {
  const from = relative(io.cwd, path);
  return from === '' ? '.' : from.startsWith('..') ? path : from;
}
