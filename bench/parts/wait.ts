/** Waits some milliseconds. Throws when the signal aborts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const ended = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', ended);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', ended, { once: true });
  });
}

/** Asks again and again until the answer is something; throws after `limit` milliseconds, or when the signal aborts. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  { signal, every = 100, limit = 300_000 }: { signal: AbortSignal; every?: number; limit?: number },
): Promise<T> {
  const deadline = performance.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${limit / 1000} s in vain for ${what}`);
    await pause(every, signal);
  }
}
