import type { DashboardPorts, DashboardState } from './ports.ts';

/** What the page is told beside the state: whether images can be pushed from the page, and the repositories for which they cannot. */
export interface PageState extends DashboardState {
  pushes: boolean;
  /** Absent where there is none. */
  elsewhere?: string[];
}

/** Reads what the page is told. */
export async function pageState(ports: DashboardPorts): Promise<PageState> {
  const state = await ports.state();
  const repositories = new Set(state.images.map(({ repository }) => repository));
  const elsewhere = [...repositories].filter((repository) => ports.isElsewhere?.(repository) === true);
  return { ...state, pushes: ports.push !== undefined, ...(elsewhere.length > 0 && { elsewhere }) };
}

/**
 * The state as server-sent events: one at once, one after each change. A reader that is slower than the changes gets the newest state
 * next, never a queue of old ones. Ends when the signal aborts or the reader goes away; a reader comes back after a second.
 */
export function stateStream(ports: DashboardPorts, signal: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const stop = new AbortController();
  const changes = ports.changes(AbortSignal.any([signal, stop.signal]))[Symbol.asyncIterator]();
  // Listened to before the first look, so that nothing changes unheard between the two.
  let change = listen(changes);
  let first = true;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!first) {
          if ((await change).done) {
            controller.close();
            return;
          }
          change = listen(changes);
        }
        const retry = first ? 'retry: 1000\n' : '';
        first = false;
        controller.enqueue(encoder.encode(`${retry}event: state\ndata: ${JSON.stringify(await pageState(ports))}\n\n`));
      },
      cancel() {
        stop.abort();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The next change. A failure is told to whoever waits for it, and to nobody when the reader is gone. */
function listen(changes: AsyncIterator<void>): Promise<IteratorResult<void>> {
  const next = changes.next();
  next.catch(() => {});
  return next;
}
