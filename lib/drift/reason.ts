import { messageOf, RetryableError, UserError } from '../model/errors.ts';

/** Why something could not be read. Throws what is neither the user's nor the world's trouble, but a bug. */
export function reasonOf(error: unknown): string {
  if (error instanceof UserError || error instanceof RetryableError) return messageOf(error);
  throw error;
}
