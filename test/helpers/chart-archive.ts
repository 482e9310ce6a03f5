import { gzipSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';

/** The archive of a chart, as `helm package` makes it: files below a folder with the chart's name. */
export async function chartArchive(files: Record<string, string | Uint8Array>, folder = 'web'): Promise<Uint8Array> {
  return await tarGz(Object.entries(files).map(([path, content]) => entry(`${folder}/${path}`, content)));
}

/** A `tar.gz` of any entries. */
export async function tarGz(entries: TarEntry[]): Promise<Uint8Array> {
  return new Uint8Array(gzipSync(await packTar(entries)));
}

/** One file of an archive. */
export function entry(name: string, content: string | Uint8Array): TarEntry {
  const body = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { header: { name, size: body.length, type: 'file' }, body };
}
