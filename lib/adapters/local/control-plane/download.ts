import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { messageOf } from '../../../model/errors.ts';
import type { AcquireContext, Failure } from './acquire-context.ts';
import { type Release, releaseOf } from './releases.ts';
import type { BinaryName } from './versions.ts';

const run = promisify(execFile);

/** The network does not reach the host: the other hosts are not tried either. */
class Unreachable extends Error {}

/** A body that brings nothing for this long has broken off. */
const STALLED_MS = 30_000;

/**
 * Downloads programs into the cache, each only if it has the published SHA-256. Gives what went wrong; after the first
 * host that cannot be reached it stops, so that a machine without network loses a few seconds only.
 */
export async function downloadBinaries(names: readonly BinaryName[], context: AcquireContext): Promise<Failure[]> {
  if (context.offline) return ['download: not tried, as WINDLASS_OFFLINE is set'];
  const failures: Failure[] = [];
  const work = await context.cache.workFolder();
  try {
    for (const name of names) {
      try {
        const release = releaseOf(name, context.platform, context.releaseHosts);
        await context.cache.put(name, await fetchRelease(release, work, context), `downloaded from ${release.url}`);
      } catch (error) {
        context.signal?.throwIfAborted();
        failures.push(`download of ${name}: ${messageOf(error)}`);
        if (error instanceof Unreachable) return failures;
      }
    }
    return failures;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function fetchRelease(release: Release, work: string, context: AcquireContext): Promise<string> {
  context.onProgress({ step: 'download', message: `downloading ${release.name} from ${release.url}` });
  const wanted = await publishedHash(release, context);
  const file = join(work, `${release.name}.download`);
  const actual = await fetchFile(release, file, context);
  if (actual !== wanted) {
    throw new Error(`${release.url} has the SHA-256 ${actual}, but ${wanted} is published: refused`);
  }
  if (release.inArchive === undefined) return file;
  // bsdtar on macOS reads zip files too.
  await run('tar', ['-xf', file, '-C', work, release.inArchive]);
  return join(work, release.inArchive);
}

async function publishedHash({ checksum }: Release, context: AcquireContext): Promise<string> {
  const text = await (await get(checksum.url, context)).text();
  const hash = hashIn(text, checksum);
  if (hash === undefined || !/^[0-9a-f]{64}$/.test(hash))
    throw new Error(`${checksum.url} has no SHA-256 of it: refused`);
  return hash;
}

function hashIn(text: string, checksum: Release['checksum']): string | undefined {
  if (checksum.kind === 'file') return text.trim().split(/\s/)[0];
  if (checksum.kind === 'list') {
    const lines = text.split('\n').map((line) => line.trim().split(/\s+\*?/));
    return lines.find((parts) => parts[1] === checksum.entry)?.[0];
  }
  const { assets } = JSON.parse(text) as { assets?: { name: string; digest?: string | null }[] };
  return assets?.find((asset) => asset.name === checksum.asset)?.digest?.replace(/^sha256:/, '');
}

/** Writes the body to the file and gives its SHA-256. */
async function fetchFile(release: Release, file: string, context: AcquireContext): Promise<string> {
  const response = await get(release.url, context);
  const total = Number(response.headers.get('content-length')) || undefined;
  const hash = createHash('sha256');
  let bytes = 0;
  let told = 0;
  const stalled = new AbortController();
  let timer = setTimeout(() => {}, 0);
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stalled.abort(new Error(`${release.url} sent nothing for 30 s`)), STALLED_MS);
  };
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      watch();
      hash.update(chunk);
      bytes += chunk.length;
      if (performance.now() - told > 1000) {
        told = performance.now();
        context.onProgress({ step: 'download', ...downloaded(release.name, bytes, total) });
      }
      done(null, chunk);
    },
  });
  watch();
  try {
    const signal = AbortSignal.any([stalled.signal, ...(context.signal === undefined ? [] : [context.signal])]);
    await pipeline(Readable.fromWeb(response.body!), count, createWriteStream(file), { signal });
  } catch (error) {
    throw stalled.signal.aborted ? stalled.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
  return hash.digest('hex');
}

function downloaded(name: string, bytes: number, total: number | undefined): { message: string; fraction?: number } {
  const megabytes = (count: number) => `${(count / 1e6).toFixed(0)} MB`;
  if (total === undefined) return { message: `downloading ${name}: ${megabytes(bytes)}` };
  return { message: `downloading ${name}: ${megabytes(bytes)} of ${megabytes(total)}`, fraction: bytes / total };
}

/** Gives up when the head of the answer has not come in time; the body may take as long as it flows. */
async function get(url: string, context: AcquireContext): Promise<Response> {
  const connecting = new AbortController();
  const timer = setTimeout(() => connecting.abort(), context.connectTimeoutMs);
  const signals = [connecting.signal, ...(context.signal === undefined ? [] : [context.signal])];
  try {
    const response = await fetch(url, { signal: AbortSignal.any(signals) });
    if (!response.ok) throw new Error(`${url} answers ${response.status}`);
    return response;
  } catch (error) {
    if (connecting.signal.aborted)
      throw new Unreachable(`${url} has not answered within ${context.connectTimeoutMs / 1000} s`);
    if (error instanceof TypeError) throw new Unreachable(`${url} cannot be reached: ${messageOf(error)}`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
