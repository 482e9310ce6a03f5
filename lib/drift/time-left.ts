/** Why something was not read that could have been. */
export const noTimeLeft = 'the check had no time left to read it';

/** What the work gives, or the signal's reason thrown when that comes first: the work may go on, nobody waits for it. */
export async function whileTime<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  // It was begun before this is called: nobody hears of its failure any more, and a failure that nobody hears of ends the process.
  if (signal.aborted) work.catch(() => undefined);
  signal.throwIfAborted();
  let stop = () => {};
  const over = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
