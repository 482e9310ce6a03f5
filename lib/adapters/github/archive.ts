import { createTarDecoder, type ParsedTarEntry } from 'modern-tar';
import { UserError } from '../../model/errors.ts';
import { GitHubFailure, lost } from './failure.ts';

/** How large an archive may be. */
export interface ArchiveLimits {
  /** Unpacked, with headers; 1 GiB unless told. */
  maxBytes?: number;
  /** Files, links and directories; 200,000 unless told. */
  maxEntries?: number;
}

/** A file of an archive. It is to be read, or skipped, before the next one comes. */
export interface ArchiveFile {
  /** Without the archive's top folder. */
  path: string;
  size: number;
  /** Its bytes as they come. Throws `GitHubFailure` when the archive is cut short among them. */
  chunks(): AsyncIterable<Uint8Array>;
  skip(): Promise<void>;
}

const longestPath = 4096;

/**
 * The files of a `tar.gz` one after another, as the bytes come; links, and what is neither file nor directory, are passed over. Throws `GitHubFailure` for an archive
 * that is cut short or damaged, `UserError` for one that is too large, or has paths that lead out of it.
 */
export async function* filesOfArchive(
  archive: ReadableStream<Uint8Array>,
  { maxBytes = 1024 ** 3, maxEntries = 200_000 }: ArchiveLimits = {},
): AsyncGenerator<ArchiveFile> {
  const paths = new Set<string>();
  let entries = 0;
  let top: string | undefined;
  try {
    const unpacked = archive
      .pipeThrough(new DecompressionStream('gzip') as TransformStream<Uint8Array, Uint8Array>)
      .pipeThrough(atMost(maxBytes));
    for await (const entry of unpacked.pipeThrough(createTarDecoder({ strict: true }))) {
      if (++entries > maxEntries) throw refused('archive-too-large', `more than ${maxEntries} files and directories`);
      const [folder, path] = splitPath(entry.header.name);
      top ??= folder;
      if (folder !== top) throw refused('archive-path', `more than one top folder, ${top} and ${folder}`);
      if (!isFile(entry)) {
        await entry.body.cancel();
        continue;
      }
      if (paths.has(path)) throw refused('archive-path', `the path ${path} twice`);
      paths.add(path);
      yield { path, size: entry.header.size, chunks: () => chunksOf(entry), skip: () => entry.body.cancel() };
    }
  } catch (error) {
    throw damaged(error);
  }
}

/** The bytes of a file of an archive. */
export async function bytesOf(file: ArchiveFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(file.size);
  let at = 0;
  for await (const chunk of file.chunks()) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function* chunksOf(entry: ParsedTarEntry): AsyncGenerator<Uint8Array> {
  try {
    yield* entry.body;
  } catch (error) {
    throw damaged(error);
  }
}

function damaged(error: unknown): Error {
  if (error instanceof UserError || error instanceof GitHubFailure) return error;
  return lost(`the archive is cut short or damaged: ${error instanceof Error ? error.message : String(error)}`);
}

function isFile(entry: ParsedTarEntry): boolean {
  return (entry.header.type ?? 'file') === 'file';
}

function splitPath(name: string): [folder: string, path: string] {
  const parts = name.replace(/\/$/, '').split('/');
  const bad = parts.some((part) => part === '' || part === '.' || part === '..') || name.includes('\0');
  if (bad || name.length > longestPath) throw refused('archive-path', `the path ${JSON.stringify(name.slice(0, 200))}`);
  return [parts[0]!, parts.slice(1).join('/')];
}

function atMost(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      bytes += chunk.length;
      if (bytes > maxBytes) throw refused('archive-too-large', `more than ${maxBytes} bytes unpacked`);
      controller.enqueue(chunk);
    },
  });
}

function refused(code: string, why: string): UserError {
  return new UserError(`the archive of the repository is refused: it has ${why}`, { code });
}
