import { randomBytes } from 'node:crypto';
import { UserError } from '../../model/errors.ts';
import { systemNamespace } from '../../model/system-namespace.ts';
import type { Answer, Client } from './client.ts';
import { isAbsent, readError } from './status.ts';
import { makeSystemNamespace } from './system-namespace.ts';

const name = 'windlass-hash-key';
const secrets = `/api/v1/namespaces/${systemNamespace}/secrets`;
const tries = 5;

/** The key for the hashes of Secrets, in the Secret `windlass-hash-key`. Undefined where there is none. */
export async function readHashKey(client: Client): Promise<Uint8Array | undefined> {
  const found = await client.send({ verb: 'get', method: 'GET', path: `${secrets}/${name}` });
  if (found.status === 200) return keyOf(found);
  if (isAbsent(found, name) || isAbsent(found, systemNamespace)) return undefined;
  throw readError(client.server, `read the Secret ${name}`, found, client.hint('forbidden'));
}

/** The key, made where there is none. Two who make it at once have the same one: the first one's. */
export async function readOrMakeHashKey(client: Client): Promise<Uint8Array> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const found = await readHashKey(client);
    if (found !== undefined) return found;
    await make(client);
  }
  throw new UserError(`Secret/${systemNamespace}/${name} is deleted as soon as it is made`, { code: 'hash-key' });
}

/** A second maker finds that it exists (409) and takes the first one's. */
async function make(client: Client): Promise<void> {
  const metadata = { name, namespace: systemNamespace, labels: { 'app.kubernetes.io/managed-by': 'windlass' } };
  const data = { key: randomBytes(32).toString('base64') };
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, data });
  const answer = await client.send({ verb: 'write-record', method: 'POST', path: secrets, body });
  if (answer.status === 201 || answer.status === 409) return;
  if (!isAbsent(answer, systemNamespace)) throw readError(client.server, `make the Secret ${name}`, answer);
  await makeSystemNamespace(client);
}

function keyOf(answer: Answer): Uint8Array {
  const text = (answer.json as { data?: { key?: string } }).data?.key ?? '';
  const key = Buffer.from(text, 'base64');
  if (key.length < 16)
    throw new UserError(`Secret/${systemNamespace}/${name} has no usable key: it was changed by somebody`, {
      code: 'hash-key',
    });
  return key;
}
