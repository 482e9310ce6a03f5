import { printable } from '../../model/drift-text.ts';
import type { Io } from '../command.ts';
import { styleFor } from './style.ts';
import { widthOf } from './width.ts';
import { wrap } from './wrap.ts';

/** What comes before a text: how it is painted, and how far the lines below it are indented; as far as it reaches unless told. */
export interface Begin {
  begin: string;
  paint?: (text: string) => string;
  indent?: number;
}

/** A text that others wrote, in the width of a terminal; one line in a pipe. */
export function filled(
  { stdout }: Pick<Io, 'stdout'>,
  { begin, paint = (text) => text, indent = begin.length }: Begin,
  text: string,
): string {
  const width = widthOf(stdout);
  const line = printable(text);
  const lines = begin.length + line.length <= width ? [line] : wrap(line, width, ' '.repeat(indent), begin.length);
  return `${paint(begin)}${lines.join('\n')}`;
}

/** Prints what else is to be known. */
export function printNotes(io: Io, notes: readonly string[]): void {
  const { yellow } = styleFor(io.stdout, io.env);
  for (const note of notes) io.stdout.write(`${filled(io, { begin: 'note ', paint: yellow }, note)}\n`);
}
