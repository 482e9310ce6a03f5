import { isTrouble, messageOf, UserError } from '../model/errors.ts';
import { noTimeLeft } from './time-left.ts';

/** Why something could not be read. Throws what is neither the user's nor the world's trouble, but a bug. */
export function reasonOf(error: unknown): string {
  if (isTrouble(error)) return messageOf(error);
  throw error;
}

/** The same of a reading that ends when its signal does. */
export function whyNot(error: unknown, signal: AbortSignal | undefined): string {
  return signal?.aborted ? noTimeLeft : reasonOf(error);
}

/** True where the reader may not see it: not the same as that there is nothing. */
export function isForbidden(error: unknown): boolean {
  return error instanceof UserError && error.code === 'forbidden';
}
