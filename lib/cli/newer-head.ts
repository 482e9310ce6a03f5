/** How often a pull that waits asks whether there is a newer head, in milliseconds: it costs a ls-remote. */
const askEvery = 10_000;

/**
 * A signal that is given when the head of the branch is no longer the one that is being pulled. Asks until `close`; where the repository
 * cannot be reached it asks again the next time.
 */
export function newerHead(
  head: () => Promise<string>,
  pulled: string,
  every = askEvery,
): { signal: AbortSignal; close(): void } {
  const found = new AbortController();
  const close = () => clearInterval(timer);
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    const now = await head().catch(() => pulled);
    asking = false;
    if (now === pulled) return;
    close();
    found.abort();
  };
  const timer = setInterval(ask, every);
  return { signal: found.signal, close };
}
