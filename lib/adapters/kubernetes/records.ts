import { createHash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type AppliedRecord, readRecord } from '../../kube/record.ts';
import { readSparingly } from '../../kube/sparing-record.ts';
import { RetryableError, UserError } from '../../model/errors.ts';
import { systemNamespace } from '../../model/system-namespace.ts';
import type { AppliedRecords } from '../../pull/ports.ts';
import type { Client } from './client.ts';
import { readHashKey, readOrMakeHashKey } from './hash-key.ts';
import {
  bytesOf,
  generationIn,
  listMaps,
  type MapVersion,
  type RecordMap,
  readMap,
  removeMap,
  syncsWithMaps,
  versionOfMap,
  writeMap,
} from './record-maps.ts';

/** The way a record is stored; what it holds has a format number of its own (`AppliedRecord.format`). */
const storage = '1';
/** A ConfigMap holds at most 1 MiB. */
const partSize = 900 * 1024;
const readTries = 5;

/** What the head says about the whole record. */
interface Head {
  version: MapVersion;
  generation: number;
  /** Names of the ConfigMaps that hold what follows the head's own part, in order. */
  parts: string[];
  sha256: string;
}

/** What the instances for single pulls share. */
interface Shared {
  readOnly: boolean;
  key?: Promise<Uint8Array> | undefined;
}

/**
 * The applied records as gzipped JSON in ConfigMaps of `windlass-system`. The head, `windlass-record-<sync>-0`, holds the first 900 KB and
 * names the ConfigMaps with the rest, which are written before it under names that no other write has: one write of the head, on condition
 * of the resourceVersion that was read, moves everything to the new generation. A writer that is cut off, or comes too late, leaves the
 * record whole; what it wrote beside is removed by the next write that has parts.
 */
export class ClusterRecords implements AppliedRecords {
  readonly #client: Client;
  readonly #shared: Shared;
  /** The heads that were last read or written here; undefined where there was none. */
  readonly #seen = new Map<string, Head | undefined>();

  /** With `readOnly` nothing is written, not even the hash key: where there is none yet, there is nothing that was hashed with it. */
  constructor(client: Client, shared: Partial<Shared> = {}) {
    this.#client = client;
    this.#shared = Object.assign(shared, { readOnly: shared.readOnly ?? false });
  }

  session(): ClusterRecords {
    return new ClusterRecords(this.#client, this.#shared);
  }

  /** `sparing`: for many entries of which few are looked at; they hold their large parts as JSON (see `readSparingly`). */
  async read(sync: string, { sparing = false }: { sparing?: boolean } = {}): Promise<AppliedRecord | undefined> {
    for (let attempt = 1; ; attempt++) {
      const map = await readMap(this.#client, headName(sync));
      if (map === undefined) {
        this.#seen.set(sync, undefined);
        return undefined;
      }
      const head = headOf(sync, map);
      const bytes = await this.#whole(head, bytesOf(map));
      if (bytes !== undefined) {
        const record = await parse(sync, bytes, sparing ? readSparingly : readWhole);
        this.#seen.set(sync, head);
        return record;
      }
      // A writer may have moved on between the reads of head and parts.
      if (attempt === readTries) throw unreadable(sync, 'its parts do not belong together');
    }
  }

  /** The syncs that have a record in the cluster. Throws where that cannot be told. */
  async syncs(): Promise<string[]> {
    return await syncsWithMaps(this.#client);
  }

  async changed(sync: string): Promise<boolean> {
    const now = await versionOfMap(this.#client, headName(sync));
    return now?.resourceVersion !== this.#seen.get(sync)?.version.resourceVersion;
  }

  async write(record: AppliedRecord): Promise<void> {
    if (this.#shared.readOnly) throw new Error('these records were opened for reading');
    const { sync } = record;
    if (!this.#seen.has(sync)) await this.read(sync);
    const previous = this.#seen.get(sync);
    const generation = (previous?.generation ?? 0) + 1;
    const bytes = await promisify(gzip)(JSON.stringify(record));
    const parts = await this.#writeParts(sync, generation, bytes.subarray(partSize));
    const head = { generation, parts, sha256: sha256(bytes) };
    const content = { name: headName(sync), sync, bytes: bytes.subarray(0, partSize), generation };
    const annotations = {
      'windlass.dev/record-storage': storage,
      'windlass.dev/record-parts': parts.join(','),
      'windlass.dev/record-sha256': head.sha256,
    };
    const version =
      (await writeMap(this.#client, { ...content, annotations }, previous?.version)) ?? (await this.#own(sync, head));
    if (version === undefined) {
      for (const name of parts) await removeMap(this.#client, name);
      throw changedMeanwhile(sync);
    }
    this.#seen.set(sync, { ...head, version });
    if (parts.length + (previous?.parts.length ?? 0) > 0) await this.#tidy(sync, head, previous?.parts ?? []);
  }

  hashKey(): Promise<Uint8Array> {
    this.#shared.key ??= this.#shared.readOnly
      ? readHashKey(this.#client).then((key) => key ?? randomBytes(32))
      : readOrMakeHashKey(this.#client);
    this.#shared.key.catch(() => {
      this.#shared.key = undefined;
    });
    return this.#shared.key;
  }

  /** The key where there is one: a drift check must write nothing. */
  savedHashKey(): Promise<Uint8Array | undefined> {
    return readHashKey(this.#client);
  }

  /** Undefined when the parts are not those that the head names. */
  async #whole({ parts, sha256: wanted }: Head, first: Buffer): Promise<Buffer | undefined> {
    const rest = await Promise.all(parts.map((name) => readMap(this.#client, name)));
    const bytes = Buffer.concat([first, ...rest.map(bytesOf)]);
    return sha256(bytes) === wanted ? bytes : undefined;
  }

  async #writeParts(sync: string, generation: number, rest: Buffer): Promise<string[]> {
    const unique = randomBytes(4).toString('hex');
    const parts = chunks(rest).map((bytes, index) => ({
      name: `windlass-record-${sync}-${unique}-${index + 1}`,
      bytes,
    }));
    for (const { name, bytes } of parts) {
      const content = { name, sync, bytes, generation };
      // A request whose answer was lost is sent again, and then finds what it wrote itself: nobody else has this name.
      await writeMap(this.#client, content, undefined);
    }
    return parts.map(({ name }) => name);
  }

  /** The version of the head when it is what was just written: a request whose answer was lost is sent again, and then refused. */
  async #own(sync: string, { generation, sha256: wanted }: Omit<Head, 'version'>): Promise<MapVersion | undefined> {
    const map = await readMap(this.#client, headName(sync));
    const head = map && headOf(sync, map);
    return head?.generation === generation && head.sha256 === wanted ? head.version : undefined;
  }

  /** Removes what no head can name any more. What a later writer is about to name has a higher generation. */
  async #tidy(sync: string, { generation, parts }: Omit<Head, 'version'>, previous: string[]): Promise<void> {
    const there = await listMaps(this.#client, sync);
    const old = there?.filter((map) => map.generation <= generation).map(({ name }) => name) ?? previous;
    for (const name of old) if (name !== headName(sync) && !parts.includes(name)) await removeMap(this.#client, name);
  }
}

function headName(sync: string): string {
  return `windlass-record-${sync}-0`;
}

function headOf(sync: string, map: RecordMap): Head {
  const said = map.metadata.annotations ?? {};
  const version = said['windlass.dev/record-storage'];
  if (version !== storage)
    throw refusedRecord(sync, `its storage is of version ${version ?? '(none)'}, this Windlass reads ${storage}`);
  const generation = generationIn(map);
  if (!Number.isInteger(generation)) throw unreadable(sync, 'its generation is missing');
  const parts = (said['windlass.dev/record-parts'] ?? '').split(',').filter(Boolean);
  const sum = said['windlass.dev/record-sha256'] ?? '';
  return { version: map.metadata, generation, parts, sha256: sum };
}

function chunks(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / partSize);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * partSize, (index + 1) * partSize));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function readWhole(json: Uint8Array, sync: string): ReturnType<typeof readRecord> {
  return readRecord(JSON.parse(Buffer.from(json).toString('utf8')), sync);
}

/** As large as what is in the archive, which its last four bytes tell (RFC 1952), so that it is not copied together. In bytes. */
function chunkFor(archive: Buffer): number {
  const size = archive.length < 4 ? 0 : archive.readUInt32LE(archive.length - 4);
  return Math.min(Math.max(size + 1, 16 * 1024), 256 * 1024 * 1024);
}

async function parse(sync: string, bytes: Buffer, reader: typeof readSparingly): Promise<AppliedRecord> {
  let read: ReturnType<typeof readSparingly>;
  try {
    read = reader(await promisify(gunzip)(bytes, { chunkSize: chunkFor(bytes) }), sync);
  } catch (cause) {
    throw unreadable(sync, 'it is not gzipped JSON', cause);
  }
  // One that another Windlass may read is not for throwing away.
  if ('refused' in read) throw refusedRecord(sync, read.refused);
  return read.record;
}

function changedMeanwhile(sync: string): RetryableError {
  const message = `another process wrote the applied record of sync ${sync} meanwhile; it was not overwritten`;
  return new RetryableError(message, { code: 'record-changed', subject: sync });
}

/** A record that is broken: nothing reads it any more. */
function unreadable(sync: string, why: string, cause?: unknown): UserError {
  const remove = `kubectl -n ${systemNamespace} delete configmaps -l windlass.dev/record-of=${sync}`;
  const price = 'what left Git and was not pruned yet stays in the cluster';
  return refusedRecord(sync, why, { cause, wayOut: `. To begin a new one: ${remove}; the price: ${price}` });
}

function refusedRecord(sync: string, why: string, { cause, wayOut = '' }: { cause?: unknown; wayOut?: string } = {}) {
  return new UserError(
    `the applied record of sync ${sync} cannot be read: ${why} (ConfigMap/${systemNamespace}/${headName(sync)}); nothing was applied or pruned${wayOut}`,
    { code: 'record-unreadable', subject: sync, cause },
  );
}
