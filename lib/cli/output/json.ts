import type { Io } from '../command.ts';

/** Prints a value as JSON, indented on a terminal and for people's pipes alike, with a final newline. */
export function printJson(io: Io, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
