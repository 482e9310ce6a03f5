import { isTrouble, messageOf } from '../model/errors.ts';

/** What one question of several gives; where it cannot be answered undefined, and a note, once, says why. A bug is thrown on. */
export async function orNote<T>(notes: string[], unknown: string, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!isTrouble(error)) throw error;
    const note = `${unknown}: ${messageOf(error).split('\n')[0]}`;
    if (!notes.includes(note)) notes.push(note);
    return undefined;
  }
}
