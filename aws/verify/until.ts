import { setTimeout as sleep } from 'node:timers/promises';

/** Asks every two seconds until there is an answer; undefined when there is none within the seconds. Throws when it is told to stop. */
export async function until<T>(
  ask: () => Promise<T | undefined>,
  seconds: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  for (const end = performance.now() + seconds * 1000; ; ) {
    signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined || performance.now() > end) return answer;
    await sleep(2000, undefined, { signal });
  }
}
