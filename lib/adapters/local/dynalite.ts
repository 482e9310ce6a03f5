import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClassicLevel } from 'classic-level';
import dynalite from 'dynalite';
import { messageOf, UserError } from '../../model/errors.ts';
import { closeAbandonedIterators } from './dynalite-iterators.ts';

/** A running DynamoDB API. */
export interface Dynalite {
  /** `http://127.0.0.1:PORT` */
  endpoint: string;
  /** Ends it and closes its files. Clients must have ended their requests. */
  stop(): Promise<void>;
}

/**
 * Starts an embedded DynamoDB API on 127.0.0.1, in memory or with its data in a directory (which is made where it is missing).
 * A directory that a killed process left behind is recovered.
 * Throws `UserError` when the directory is in use by another process or its files are damaged, or the port is taken.
 */
export async function startDynalite(options: { path?: string; port?: number } = {}): Promise<Dynalite> {
  closeAbandonedIterators();
  if (options.path !== undefined) await recover(options.path);
  const server = dynalite({ path: options.path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, stop: () => stop(server) };
}

// dynalite ends the process when it cannot open its files, so they are opened here first.
async function recover(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  const level = new ClassicLevel(path);
  try {
    await level.open();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const locked = (cause as { code?: string } | undefined)?.code === 'LEVEL_LOCKED';
    throw new UserError(
      locked
        ? `the records in ${path} are in use by another process`
        : `the records in ${path} cannot be opened (${messageOf(error)}): move the directory away to start with none`,
      { code: locked ? 'records-in-use' : 'records-damaged', subject: path },
    );
  }
  await level.close();
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken ? new UserError(`port ${port} is already in use`, { code: 'port-in-use', subject: String(port) }) : error,
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error == null ? resolve() : reject(error)));
    // Connections that clients keep open would hold the end up.
    server.closeIdleConnections();
  });
}
