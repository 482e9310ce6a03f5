import type { Io } from '../command.ts';

/** Wraps a text so that a terminal shows it so; the text itself where no colours are wanted. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
}

/**
 * Colours for one stream: only on a terminal, never with NO_COLOR set to anything (https://no-color.org) or TERM=dumb.
 * FORCE_COLOR switches them on for a pipe.
 */
export function styleFor(stream: { isTTY?: boolean }, env: Io['env']): Style {
  const wanted = env['NO_COLOR'] ? false : env['FORCE_COLOR'] ? true : stream.isTTY === true && env['TERM'] !== 'dumb';
  const wrap = (open: number, close: number) => (text: string) =>
    wanted ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: wrap(1, 22),
    dim: wrap(2, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
    blue: wrap(34, 39),
  };
}
