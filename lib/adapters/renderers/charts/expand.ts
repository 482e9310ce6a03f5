import { chartLimits } from '../../../desired/chart-files.ts';
import type { ChartFile } from '../../../desired/ports.ts';
import { UserError } from '../../../model/errors.ts';
import { unpackChart } from './unpack.ts';

/** Charts in charts in charts: no real one is nested deeper than three. */
const deepest = 8;
/** Of a chart with all archives in it. */
const mostBytes = 50_000_000;
const archive = /^(?<charts>(?:.*\/)?charts\/)(?<name>[^/._][^/]*)\.(?:tgz|tar\.gz)$/;

/**
 * Puts directories in place of the archives in `charts/`, where `helm dependency build` leaves what a chart depends on: so they are read as
 * strictly as the chart's own archive, and helm unpacks nothing. Throws `UserError` for one that is refused, or nested without end.
 */
export async function expandArchives(files: readonly ChartFile[], depth = 0): Promise<ChartFile[]> {
  const expanded: ChartFile[] = [];
  for (const file of files) {
    const found = archive.exec(file.path)?.groups;
    if (found === undefined) {
      expanded.push(file);
      continue;
    }
    if (depth === deepest) throw refused(`${file.path} is an archive in archives ${deepest} deep`);
    const inner = await expandArchives(await unpackChart(file.bytes, file.path), depth + 1);
    // The suffix keeps apart from a directory of the same name.
    for (const { path, bytes } of inner)
      expanded.push({ path: `${found['charts']}${found['name']}.unpacked/${path}`, bytes });
  }
  const bytes = expanded.reduce((sum, one) => sum + one.bytes.length, 0);
  if (expanded.length > 2 * chartLimits.files || bytes > mostBytes)
    throw refused(`it has ${expanded.length} files with ${bytes} bytes with all archives in charts/`);
  return expanded;
}

function refused(why: string): UserError {
  return new UserError(`the chart is refused: ${why}`, { code: 'helm-archive' });
}
