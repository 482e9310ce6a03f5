/** Tells any number of listeners that something changed. A slow listener hears of many changes once. */
export interface Changes {
  changed(): void;
  /** Yields after each change until the signal aborts; changes within `gatherMs` are one. */
  listen(signal: AbortSignal): AsyncIterable<void>;
}

/** Makes a source of changes. */
export function createChanges(gatherMs = 100): Changes {
  const listeners = new Set<() => void>();
  return {
    changed: () => {
      for (const tell of listeners) tell();
    },
    async *listen(signal) {
      let pending = false;
      let wake = () => {};
      const tell = () => {
        pending = true;
        wake();
      };
      listeners.add(tell);
      signal.addEventListener('abort', tell);
      try {
        while (!signal.aborted) {
          if (!pending) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
          if (signal.aborted) return;
          await new Promise((resolve) => setTimeout(resolve, gatherMs));
          pending = false;
          yield;
        }
      } finally {
        listeners.delete(tell);
        signal.removeEventListener('abort', tell);
      }
    },
  };
}
