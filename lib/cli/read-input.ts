import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Io } from './command.ts';
import { localFiles } from './wiring.ts';

/** The text of a file that the user named, from the working directory; `-` is standard input. Throws `UserError` when it cannot be read. */
export async function readInput(io: Io, file: string): Promise<string> {
  if (file === '-') return await text(io.stdin);
  const files = await localFiles();
  return files.readText(resolve(io.cwd, file));
}

/** How messages name an input. */
export function nameOfInput(file: string): string {
  return file === '-' ? 'standard input' : file;
}
