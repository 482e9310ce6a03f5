import { createHash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type AppliedRecord, readRecord } from '../../kube/record.ts';
import { UserError } from '../../model/errors.ts';
import type { AppliedRecords } from '../../pull/ports.ts';
import type { Answer, Client } from './client.ts';
import { isAbsent, readError } from './status.ts';

const namespace = 'windlass-system';
const keySecret = 'windlass-hash-key';
const manager = 'windlass-record';
/** The way a record is stored; what it holds has a format number of its own (`AppliedRecord.format`). */
const storage = '1';
/** A ConfigMap holds at most 1 MiB. */
const partSize = 900 * 1024;
const readTries = 5;

interface ConfigMap {
  metadata: { name: string; annotations?: Record<string, string> };
  binaryData?: Record<string, string>;
}

/** What the head says about the whole record. */
interface Head {
  generation: number;
  /** Names of the ConfigMaps that hold what follows the head's own part, in order. */
  parts: string[];
  sha256: string;
  bytes: Buffer;
}

/**
 * The applied records as gzipped JSON in ConfigMaps of `windlass-system`. The head, `windlass-record-<sync>-0`, holds the first 900 KB and
 * names the ConfigMaps with the rest, which are written before it under names that the previous generation does not use: one write of the
 * head moves everything to the new generation, and a writer that is cut off leaves the old one whole.
 */
export class ClusterRecords implements AppliedRecords {
  readonly #client: Client;
  #key: Promise<Uint8Array> | undefined;
  readonly #generations = new Map<string, Head>();
  readonly #readOnly: boolean;

  /** With `readOnly` nothing is written, not even the hash key: where there is none yet, there is nothing that was hashed with it. */
  constructor(client: Client, { readOnly = false }: { readOnly?: boolean } = {}) {
    this.#client = client;
    this.#readOnly = readOnly;
  }

  async read(sync: string): Promise<AppliedRecord | undefined> {
    for (let attempt = 1; ; attempt++) {
      const head = await this.#head(sync);
      if (head === undefined) return undefined;
      const bytes = await this.#whole(head);
      // A writer may have moved on between the reads of head and parts.
      if (bytes !== undefined) return parse(sync, bytes);
      if (attempt === readTries) throw unreadable(sync, 'its parts do not belong together');
    }
  }

  async write(record: AppliedRecord): Promise<void> {
    if (this.#readOnly) throw new Error('these records were opened for reading');
    const { sync } = record;
    const previous = this.#generations.get(sync) ?? (await this.#head(sync));
    const generation = (previous?.generation ?? 0) + 1;
    const bytes = await promisify(gzip)(JSON.stringify(record));
    const slot = generation % 2 === 0 ? 'a' : 'b';
    const rest = chunks(bytes.subarray(partSize)).map((part, index) => ({
      name: `windlass-record-${sync}-${slot}${index + 1}`,
      part,
    }));
    for (const { name, part } of rest) await this.#writeMap(name, sync, part, {});
    const head = {
      generation,
      parts: rest.map(({ name }) => name),
      sha256: sha256(bytes),
      bytes: bytes.subarray(0, partSize),
    };
    await this.#writeMap(headName(sync), sync, head.bytes, {
      'windlass.dev/record-storage': storage,
      'windlass.dev/record-generation': String(generation),
      'windlass.dev/record-parts': head.parts.join(','),
      'windlass.dev/record-sha256': head.sha256,
    });
    this.#generations.set(sync, head);
    for (const name of previous?.parts ?? []) await this.#removeMap(name);
  }

  hashKey(): Promise<Uint8Array> {
    this.#key ??= this.#readOrMakeKey();
    this.#key.catch(() => {
      this.#key = undefined;
    });
    return this.#key;
  }

  /** The key where there is one: a drift check must write nothing. */
  async savedHashKey(): Promise<Uint8Array | undefined> {
    const path = `/api/v1/namespaces/${namespace}/secrets/${keySecret}`;
    const found = await this.#client.send({ verb: 'get', method: 'GET', path });
    if (found.status === 200) return keyOf(found);
    if (isAbsent(found, keySecret) || isAbsent(found, namespace)) return undefined;
    throw readError(this.#client.server, `read the Secret ${keySecret}`, found);
  }

  async #head(sync: string): Promise<Head | undefined> {
    const map = await this.#readMap(headName(sync));
    if (map === undefined) return undefined;
    const { 'windlass.dev/record-storage': version, ...said } = map.metadata.annotations ?? {};
    if (version !== storage)
      throw unreadable(sync, `its storage is of version ${version ?? '(none)'}, this Windlass reads ${storage}`);
    const generation = Number(said['windlass.dev/record-generation']);
    const parts = (said['windlass.dev/record-parts'] ?? '').split(',').filter(Boolean);
    if (!Number.isInteger(generation)) throw unreadable(sync, 'its generation is missing');
    const head = { generation, parts, sha256: said['windlass.dev/record-sha256'] ?? '', bytes: bytesOf(map) };
    this.#generations.set(sync, head);
    return head;
  }

  /** Undefined when the parts are not those that the head names. */
  async #whole(head: Head): Promise<Buffer | undefined> {
    const rest = await Promise.all(head.parts.map((name) => this.#readMap(name)));
    const bytes = Buffer.concat([
      head.bytes,
      ...rest.map((map) => (map === undefined ? Buffer.alloc(0) : bytesOf(map))),
    ]);
    return sha256(bytes) === head.sha256 ? bytes : undefined;
  }

  async #readMap(name: string): Promise<ConfigMap | undefined> {
    const answer = await this.#client.send({ verb: 'get', method: 'GET', path: mapPath(name) });
    if (answer.status === 200) return answer.json as ConfigMap;
    if (isAbsent(answer, name) || isAbsent(answer, namespace)) return undefined;
    throw readError(this.#client.server, `read the applied record ${name}`, answer);
  }

  async #writeMap(name: string, sync: string, bytes: Buffer, annotations: Record<string, string>): Promise<void> {
    const labels = { 'app.kubernetes.io/managed-by': 'windlass', 'windlass.dev/record-of': sync };
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, labels, annotations },
      binaryData: { record: bytes.toString('base64') },
    };
    const answer = await this.#apply(mapPath(name), body);
    if (answer.status !== 200 && answer.status !== 201)
      throw readError(this.#client.server, `write the applied record ${name}`, answer);
  }

  /** Makes the namespace when the server says that it is missing. */
  async #apply(path: string, body: unknown): Promise<Answer> {
    const send = (to: string, what: unknown) =>
      this.#client.send({
        verb: 'write-record',
        method: 'PATCH',
        path: `${to}?fieldManager=${manager}&force=true`,
        body: JSON.stringify(what),
        contentType: 'application/apply-patch+yaml',
      });
    const answer = await send(path, body);
    if (!isAbsent(answer, namespace)) return answer;
    const made = await send(`/api/v1/namespaces/${namespace}`, namespaceObject);
    if (made.status !== 200 && made.status !== 201)
      throw readError(this.#client.server, `make the namespace ${namespace}`, made);
    return send(path, body);
  }

  async #removeMap(name: string): Promise<void> {
    const answer = await this.#client.send({ verb: 'write-record', method: 'DELETE', path: mapPath(name) });
    if (answer.status !== 200 && !isAbsent(answer, name))
      throw readError(this.#client.server, `remove the old record ${name}`, answer);
  }

  async #readOrMakeKey(): Promise<Uint8Array> {
    const path = `/api/v1/namespaces/${namespace}/secrets`;
    for (let attempt = 1; ; attempt++) {
      const found = await this.#client.send({ verb: 'get', method: 'GET', path: `${path}/${keySecret}` });
      if (found.status === 200) return keyOf(found);
      if (!isAbsent(found, keySecret) && !isAbsent(found, namespace))
        throw readError(this.#client.server, `read the Secret ${keySecret}`, found);
      if (this.#readOnly) return randomBytes(32);
      if (attempt === readTries) throw readError(this.#client.server, `make the Secret ${keySecret}`, found);
      await this.#makeKey(path);
    }
  }

  /** A second maker finds that it exists (409) and takes the first one's. */
  async #makeKey(path: string): Promise<void> {
    const metadata = { name: keySecret, namespace, labels: { 'app.kubernetes.io/managed-by': 'windlass' } };
    const body = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      data: { key: randomBytes(32).toString('base64') },
    });
    const answer = await this.#client.send({ verb: 'write-record', method: 'POST', path, body });
    if (answer.status === 201 || answer.status === 409) return;
    if (!isAbsent(answer, namespace)) throw readError(this.#client.server, `make the Secret ${keySecret}`, answer);
    const made = await this.#apply(`/api/v1/namespaces/${namespace}`, namespaceObject);
    if (made.status !== 200 && made.status !== 201)
      throw readError(this.#client.server, `make the namespace ${namespace}`, made);
  }
}

const namespaceObject = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: namespace, labels: { 'app.kubernetes.io/managed-by': 'windlass' } },
};

function headName(sync: string): string {
  return `windlass-record-${sync}-0`;
}

function mapPath(name: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
}

function bytesOf(map: ConfigMap): Buffer {
  return Buffer.from(map.binaryData?.['record'] ?? '', 'base64');
}

function chunks(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / partSize);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * partSize, (index + 1) * partSize));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function parse(sync: string, bytes: Buffer): Promise<AppliedRecord> {
  let stored: unknown;
  try {
    stored = JSON.parse((await promisify(gunzip)(bytes)).toString('utf8'));
  } catch (cause) {
    throw unreadable(sync, 'it is not gzipped JSON', cause);
  }
  const read = readRecord(stored, sync);
  if ('refused' in read) throw unreadable(sync, read.refused);
  return read.record;
}

function keyOf(answer: Answer): Uint8Array {
  const text = (answer.json as { data?: { key?: string } }).data?.key ?? '';
  const key = Buffer.from(text, 'base64');
  if (key.length < 16)
    throw new UserError(`Secret/${namespace}/${keySecret} has no usable key: it was changed by somebody`, {
      code: 'hash-key',
    });
  return key;
}

function unreadable(sync: string, why: string, cause?: unknown): UserError {
  return new UserError(
    `the applied record of sync ${sync} cannot be read: ${why} (ConfigMap/${namespace}/${headName(sync)}); nothing was applied or pruned`,
    { code: 'record-unreadable', subject: sync, cause },
  );
}
