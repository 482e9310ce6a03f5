import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server over which all bytes are counted, as they are on the wire. */
export interface CountedWire {
  url: string;
  /** Bytes to the server and back since the last call. */
  since(): { up: number; down: number };
  close(): Promise<void>;
}

/** Opens a way to a server on this machine. */
export async function countedWireTo(server: string): Promise<CountedWire> {
  const target = new URL(server);
  const sockets = new Set<Socket>();
  let [up, down] = [0, 0];
  // Nagle's algorithm would hold small requests back for 40 ms each, which neither side does of itself.
  const listening = createServer({ noDelay: true }, (from) => {
    const to = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    from.on('data', ({ length }: Buffer) => {
      up += length;
    });
    to.on('data', ({ length }: Buffer) => {
      down += length;
    });
    from.pipe(to);
    to.pipe(from);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => sockets.delete(one) && other.destroy());
    }
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    since: () => {
      const counted = { up, down };
      [up, down] = [0, 0];
      return counted;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listening.close(resolve));
    },
  };
}
