import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** An invocation, as a function tells X-Ray of it. Times are in milliseconds since 1970. */
export interface Invocation {
  service: string;
  begin: number;
  end: number;
  /** The sandbox was new. */
  cold: boolean;
  failed: boolean;
}

/** In the place of X-Ray's daemon: hears which invocations there were, when they began and when they ended. */
export interface TraceDaemon {
  /** For AWS_XRAY_DAEMON_ADDRESS. */
  address: string;
  invocations: readonly Invocation[];
  close(): void;
}

/** Listens on a free port of 127.0.0.1. */
export async function startTraceDaemon(): Promise<TraceDaemon> {
  const invocations: Invocation[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message) => {
    const { start_time, end_time, annotations, fault } = JSON.parse(String(message).split('\n')[1]!) as {
      start_time: number;
      end_time: number;
      annotations: { Service: string; ColdStart: boolean };
      fault?: boolean;
    };
    const { Service: service, ColdStart: cold } = annotations;
    invocations.push({ service, begin: start_time * 1000, end: end_time * 1000, cold, failed: fault === true });
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: `127.0.0.1:${socket.address().port}`, invocations, close: () => void socket.close() };
}
