import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './cluster.ts';

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
  /** Takes connections and says nothing on them, nor on those that there are, until `mend`, which breaks them. */
  stall(): void;
  /** The connections that there are stay open, and carry nothing any more in either direction, as behind a NAT that forgot them. New ones are good. */
  hush(): void;
  /** Calls back once, when so many more bytes have gone to the server. */
  afterBytes(bytes: number, act: () => void): void;
}

/** Opens a way to a server on this machine; it is closed after the test. */
export async function relayTo(server: string): Promise<Relay> {
  const target = new URL(server);
  const sockets = new Set<Socket>();
  let isCut = false;
  let isStalled = false;
  let count = 0;
  let awaited: { bytes: number; act: () => void } | undefined;
  const passed = ({ length }: Buffer) => {
    if (awaited === undefined) return;
    awaited.bytes -= length;
    if (awaited.bytes > 0) return;
    const { act } = awaited;
    awaited = undefined;
    act();
  };
  const listening = createServer((from) => {
    if (isCut) return void from.destroy();
    count++;
    if (isStalled) {
      sockets.add(from.on('error', () => {}).on('close', () => sockets.delete(from)));
      return;
    }
    const to = connect(Number(target.port), target.hostname);
    from.on('data', passed);
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
      if (isStalled) for (const socket of sockets) socket.destroy();
      isCut = false;
      isStalled = false;
    },
    stall: () => {
      isStalled = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    hush: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    afterBytes: (bytes, act) => {
      awaited = { bytes, act };
    },
  };
}

/** A kubeconfig whose API server is reached over this way. */
export async function kubeconfigThrough(
  { url }: Pick<Relay, 'url'>,
  plane: { kubeconfigPath: string; server: string },
): Promise<string> {
  const file = join(await temporaryFolder(), 'kubeconfig');
  await writeFile(file, (await readFile(plane.kubeconfigPath, 'utf8')).replaceAll(plane.server, url));
  return file;
}
