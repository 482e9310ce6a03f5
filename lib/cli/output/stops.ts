import { printable } from '../../model/drift-text.ts';
import type { Io } from '../command.ts';
import { filled } from './filled.ts';
import { styleFor } from './style.ts';
import { table } from './table.ts';

/** A hold or a suspend in a list: what it is about and until when, and below that, or in a pipe behind it, why and by whom. */
export interface StopRow {
  cells: readonly string[];
  why: string;
  isVoid: boolean;
}

/** Prints holds or suspends: what each is about, and why; on a terminal under each other, in a pipe a line each. */
export function printStops(io: Io, rows: readonly StopRow[]): void {
  if (rows.length === 0) return;
  const style = styleFor(io.stdout, io.env);
  const paint = (cell: string, column: number, row: number) => {
    if (rows[row]!.isVoid) return style.dim(cell);
    return column === 0 ? style.yellow(cell) : cell;
  };
  const cells = rows.map((row) => [...row.cells, ...(io.stdout.isTTY ? [] : [row.why])].map(printable));
  const lines = table(cells, paint).split('\n');
  const below = (row: StopRow) => (io.stdout.isTTY ? [filled(io, { begin: '  ', indent: 4 }, row.why)] : []);
  io.stdout.write(`${rows.flatMap((row, index) => [lines[index]!, ...below(row)]).join('\n')}\n`);
}
