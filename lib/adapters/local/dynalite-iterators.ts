import { ClassicLevel } from 'classic-level';

interface Iterator {
  next(): Promise<unknown>;
  close(): Promise<void>;
}

type Iterate = (...options: unknown[]) => Iterator;

let watched = false;

/**
 * Closes the iterators that dynalite leaves open. It reads each query through an iterator of the database and never closes one, and the
 * database holds all that are open: a loop that runs for days would grow by tens of kilobytes a query. Here dynalite gets a handle
 * instead, and the iterator is closed at its end, or when the handle was given up and collected.
 */
export function closeAbandonedIterators(): void {
  if (watched) return;
  watched = true;
  const abandoned = new FinalizationRegistry<Iterator>((iterator) => void iterator.close().catch(() => undefined));
  // What classic-level (a directory) and memory-level have in common.
  const level = Object.getPrototypeOf(ClassicLevel.prototype) as Record<'keys' | 'values', Iterate>;
  for (const method of ['keys', 'values'] as const) {
    const iterate = level[method];
    level[method] = function (this: unknown, ...options) {
      const iterator = iterate.apply(this, options);
      const handle = handleOf(iterator);
      abandoned.register(handle, iterator);
      return handle;
    };
  }
}

// In a function of its own: nothing that the iterator holds may hold the handle.
function handleOf(iterator: Iterator): Iterator {
  return {
    async next() {
      const value = await iterator.next();
      if (value === undefined) await iterator.close();
      return value;
    },
    close: () => iterator.close(),
  };
}
