import type { Client } from './client.ts';
import { readError } from './status.ts';

/** What an API server says of itself. */
export interface Server {
  /** `v1.35.4` */
  version: string;
  /** Its clock, as it wrote it. */
  date: string | undefined;
}

/** Asks an API server for its version. Throws where it does not answer, or lets nobody in with these credentials. */
export async function readServer(client: Client): Promise<Server> {
  const answer = await client.send({ verb: 'discover', method: 'GET', path: '/version' });
  const { gitVersion = '' } = (answer.json ?? {}) as { gitVersion?: string };
  if (answer.status !== 200) throw readError(client.server, 'tell its version', answer);
  return { version: gitVersion, date: answer.date };
}
