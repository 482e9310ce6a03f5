import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A way to a server that a test can spoil. */
export interface Relay {
  /** `https://127.0.0.1:PORT` */
  url: string;
  port: number;
  /** How many connections were made through it. */
  connections(): number;
  /** Breaks all connections, and refuses new ones until `mend`. */
  cut(): void;
  mend(): void;
  /** The connections that there are stay open, and carry nothing any more in either direction, as behind a NAT that forgot them. New ones are good. */
  hush(): void;
}

/** Opens a way to a server on this machine; it is closed after the test. */
export async function relayTo(server: string): Promise<Relay> {
  const target = new URL(server);
  const sockets = new Set<Socket>();
  let isCut = false;
  let count = 0;
  const listening = createServer((from) => {
    if (isCut) return void from.destroy();
    count++;
    const to = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one
        .on('error', () => other.destroy())
        .on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
    }
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    listening.close();
  });
  const { port } = listening.address() as AddressInfo;
  return {
    ...{ url: `https://127.0.0.1:${port}`, port, connections: () => count, cut },
    mend: () => {
      isCut = false;
    },
    hush: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}
