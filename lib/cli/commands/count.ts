import { UserError } from '../../model/errors.ts';
import type { Args, Option } from '../command.ts';

/** How many of something are meant, where nobody says it and at most. */
export interface Count {
  usual: number;
  most: number;
  /** What is counted: `records`. */
  of: string;
}

/** The option --limit. */
export function limitOption({ usual, of }: Count): Option {
  return { type: 'string', value: 'N', help: `so many ${of} at most (default: ${usual})` };
}

/** The number that an option says. Throws `UserError` for a text that is none (`012` may be meant as ten), and for too many. */
export function countOf(args: Args, option: string, { usual, most, of }: Count): number {
  const text = args.text(option);
  if (text === undefined) return usual;
  const count = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (count > 0 && count <= most) return count;
  throw new UserError(`--${option} "${text}" is not a number of ${of}: 1 to ${most}`, { code: 'usage' });
}
