import { readFile } from 'node:fs/promises';
import { freePort } from './free-port.ts';
import type { Ports } from './programs.ts';
import { writeWhole } from './write-whole.ts';

/** The ports of the last start where they are still free, else others; written down for the next start. */
export async function choosePorts(file: string, attempt: number): Promise<Ports> {
  const last: Partial<Ports> = attempt === 1 ? await readPorts(file) : {};
  const ports: Ports = {
    apiServer: await freePort(last.apiServer),
    etcdClient: await freePort(last.etcdClient),
    etcdPeer: await freePort(last.etcdPeer),
  };
  await writeWhole(file, JSON.stringify(ports));
  return ports;
}

async function readPorts(file: string): Promise<Partial<Ports>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Partial<Ports>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
