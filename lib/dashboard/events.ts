import type { DashboardPorts } from './ports.ts';

/**
 * The state as server-sent events: one at once, one after each change. A reader that is slower than the changes gets the newest state
 * next, never a queue of old ones. Ends when the signal aborts or the reader goes away.
 */
export function stateStream(ports: DashboardPorts, signal: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const changes = ports.changes(ended)[Symbol.asyncIterator]();
  let first = true;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!first && (await changes.next()).done) {
          controller.close();
          return;
        }
        first = false;
        controller.enqueue(encoder.encode(`event: state\ndata: ${JSON.stringify(await ports.state())}\n\n`));
      },
      cancel() {
        stop.abort();
      },
    },
    { highWaterMark: 0 },
  );
}
