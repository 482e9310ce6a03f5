import { createServer } from 'node:net';

/** The wished port where it is free on 127.0.0.1, else any free one. */
export async function freePort(wished?: number): Promise<number> {
  if (wished === undefined) return listenOnce(0);
  try {
    return await listenOnce(wished);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE' || code === 'EACCES') return listenOnce(0);
    throw error;
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}
