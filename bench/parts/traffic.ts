import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** What went over one port. */
export interface Traffic {
  requests: number;
  /** Bytes to the server, headers included, before TLS. */
  up: number;
  /** And back. */
  down: number;
}

/** The traffic of this process's HTTP servers since a mark. */
export interface TrafficWatch {
  mark(): void;
  /** Waits until all requests are answered. `busy`: the milliseconds in which at least one was being answered. */
  since(): Promise<{ byPort: Map<number, Traffic>; busy: number }>;
}

/** Watches all HTTP servers of this process, whoever made them. One watch a process. */
export function watchTraffic(): TrafficWatch {
  const sockets = new Map<Socket, { port: number; up: number; down: number }>();
  let requests: number[] = [];
  let open = 0;
  let busy = 0;
  let busySince = 0;
  let idle = Promise.withResolvers<void>();
  idle.resolve();
  subscribe('http.server.request.start', (message) => {
    const { socket } = (message as { request: IncomingMessage }).request;
    const port = socket.localPort ?? 0;
    if (!sockets.has(socket)) sockets.set(socket, { port, up: 0, down: 0 });
    requests.push(port);
    if (open++ > 0) return;
    busySince = performance.now();
    idle = Promise.withResolvers<void>();
  });
  subscribe('http.server.response.finish', () => {
    if (--open > 0) return;
    busy += performance.now() - busySince;
    idle.resolve();
  });
  return {
    mark: () => {
      requests = [];
      busy = 0;
      for (const [socket, seen] of sockets) {
        if (socket.destroyed) sockets.delete(socket);
        else Object.assign(seen, { up: socket.bytesRead, down: socket.bytesWritten });
      }
    },
    since: async () => {
      await idle.promise;
      const byPort = new Map<number, Traffic>();
      const of = (port: number) => byPort.get(port) ?? { requests: 0, up: 0, down: 0 };
      for (const port of requests) byPort.set(port, { ...of(port), requests: of(port).requests + 1 });
      for (const [socket, { port, up, down }] of sockets) {
        const before = of(port);
        const [read, written] = [socket.bytesRead - up, socket.bytesWritten - down];
        byPort.set(port, { ...before, up: before.up + read, down: before.down + written });
      }
      return { byPort, busy };
    },
  };
}
