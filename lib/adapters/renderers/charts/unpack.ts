import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { chartLimits } from '../../../desired/chart-files.ts';
import type { ChartFile } from '../../../desired/ports.ts';
import { UserError } from '../../../model/errors.ts';
import { treePath } from '../../../model/tree-path.ts';

const unzip = promisify(gunzip);
/** Headers and padding of an archive come to what its files have. */
const overhead = 1024 * (chartLimits.files + 2);

/**
 * The files of a chart's archive, without its top folder. Throws `UserError` for one that is damaged or too large, and for one with anything
 * but files and directories in it, a path that leads out, a second top folder, or a path twice: nothing of such an archive is used.
 */
export async function unpackChart(archive: Uint8Array, origin: string): Promise<ChartFile[]> {
  const refuse = (why: string) =>
    new UserError(`the archive of the chart ${origin} is refused: ${why}`, { code: 'helm-archive', subject: origin });
  const tar = await unzip(archive, { maxOutputLength: chartLimits.bytes + overhead }).catch(
    (error: NodeJS.ErrnoException) => {
      throw refuse(
        error.code === 'ERR_BUFFER_TOO_LARGE' ? 'it has more than 20 MB unpacked' : 'it is no gzip archive, or damaged',
      );
    },
  );
  const entries = await unpackTar(tar, { strict: true }).catch(() => {
    throw refuse('it is no tar archive, or damaged');
  });
  const files = new Map<string, ChartFile>();
  const tops = new Set<string>();
  let bytes = 0;
  for (const { header, data } of entries) {
    const { name, type = 'file' } = header;
    const shown = JSON.stringify(name.slice(0, 200));
    if (type === 'pax-global-header' || type === 'directory') {
      if (type === 'directory' && inside(name.replace(/\/$/, '')) === undefined)
        throw refuse(`it has the path ${shown}`);
      continue;
    }
    if (type !== 'file') throw refuse(`${shown} is a ${type}`);
    const path = inside(name);
    const slash = path?.indexOf('/') ?? -1;
    if (path === undefined || slash < 0) throw refuse(`it has the path ${shown}`);
    tops.add(path.slice(0, slash));
    const file = { path: path.slice(slash + 1), bytes: data ?? new Uint8Array() };
    if (files.has(file.path)) throw refuse(`it has the path ${shown} twice`);
    bytes += file.bytes.length;
    if (file.bytes.length > chartLimits.fileBytes) throw refuse(`${shown} has more than 5 MB`);
    files.set(file.path, file);
  }
  if (tops.size !== 1) throw refuse(`it has ${tops.size} top folders`);
  if (files.size > chartLimits.files || bytes > chartLimits.bytes)
    throw refuse(`it has ${files.size} files with ${bytes} bytes`);
  return [...files.values()];
}

/** A path that is written as it leads; `./` before it is what tar itself writes. */
function inside(name: string): string | undefined {
  const path = name.replace(/^\.\//, '');
  return treePath(path) === path || path === '' || path === '.' ? path : undefined;
}
