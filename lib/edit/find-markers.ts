import { collectMarkers } from './collect-markers.ts';
import type { MarkedFile } from './marker.ts';
import { readJson } from './read-json.ts';
import { readLines } from './read-lines.ts';
import { readYaml } from './read-yaml.ts';
import { holdsToken, largestFile, mayHoldMarkers, type SourceFile, tokenLines } from './source-file.ts';
import { describeTarget, type PolicyTarget } from './target.ts';
import { withTargets } from './with-targets.ts';

export type { MarkedFile, Marker } from './marker.ts';

/**
 * Finds the markers of a file, and the scalars that its targets name (`targets` are those of this file alone, see `targetsByFile`). Undefined
 * when there are no targets and it cannot hold markers, by its name or because the token is not in its bytes (then nothing is parsed).
 * Never throws: a file that cannot be read has every marker and target in `skipped`.
 */
export function findMarkers(file: SourceFile, targets: readonly PolicyTarget[] = []): MarkedFile | undefined {
  const { path, bytes } = file;
  const mayMark = mayHoldMarkers(path) && holdsToken(bytes);
  if (!mayMark && targets.length === 0) return undefined;
  const text = textOf(bytes);
  if ('reason' in text) return refused(file, mayMark, targets, text.reason);
  const read = path.endsWith('.json') ? readJson(text.text) : readYaml(text.text);
  if (!('reason' in read)) {
    const marked = mayMark ? collectMarkers(path, read) : { markers: [], skipped: [] };
    return { path, bytes, yaml: read, ...withTargets(path, read, marked, targets) };
  }
  const lines = mayMark && text.text.includes('{{') ? readLines(text.text) : undefined;
  if (lines === undefined) return refused(file, mayMark, targets, read.reason);
  const { markers, skipped } = collectMarkers(path, lines, (line) => lines.refused.get(line));
  const lost = refused(file, false, targets, read.reason);
  return { path, bytes, yaml: lines, markers, skipped: [...skipped, ...lost.skipped] };
}

function refused(
  { path, bytes }: SourceFile,
  mayMark: boolean,
  targets: readonly PolicyTarget[],
  reason: string,
): MarkedFile {
  const ofMarkers = (mayMark ? tokenLines(bytes) : []).map((line) => ({ file: path, line, reason }));
  const ofTargets = targets.map((target) => ({
    ...{ file: path, line: 1, reason: `${describeTarget(target)}: ${reason}` },
    policies: [target.policy],
  }));
  return { path, bytes, markers: [], skipped: [...ofMarkers, ...ofTargets] };
}

function textOf(bytes: Uint8Array): { text: string } | { reason: string } {
  if (bytes.length > largestFile) return { reason: `the file is larger than ${largestFile / 1024 / 1024} MB` };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { reason: 'the file is not UTF-8' };
  }
}
