import { type MarkerPart, parseMarkerComment } from './marker-name.ts';
import { locate } from './marker-place.ts';
import { readYaml } from './read-yaml.ts';
import {
  holdsToken,
  largestFile,
  markerToken,
  mayHoldMarkers,
  type SkippedMarker,
  type SourceFile,
  tokenLines,
} from './source-file.ts';
import type { Spot, YamlText } from './yaml-text.ts';

/** A marker beside a scalar that can be edited. */
export interface Marker {
  /** The policy's name, verbatim. */
  policy: string;
  part: MarkerPart;
  /** What the scalar says now. */
  value: string;
  /** The scalar's line, from 1. */
  line: number;
  spot: Spot;
}

/** A file with markers: those that can be applied, and those that cannot with the reason. */
export interface MarkedFile {
  path: string;
  bytes: Uint8Array;
  markers: Marker[];
  skipped: SkippedMarker[];
  /** The parsed text; undefined when the file could not be read, and then `markers` is empty. */
  yaml?: YamlText;
}

/**
 * Finds the markers of a file. Undefined when it cannot hold any, by its name or because the token is not in its bytes (then nothing is parsed).
 * Never throws: a file that cannot be read has every marker in `skipped`.
 */
export function findMarkers({ path, bytes }: SourceFile): MarkedFile | undefined {
  if (!mayHoldMarkers(path) || !holdsToken(bytes)) return undefined;
  const refuse = (reason: string): MarkedFile => {
    return { path, bytes, markers: [], skipped: tokenLines(bytes).map((line) => ({ file: path, line, reason })) };
  };
  if (bytes.length > largestFile) return refuse(`the file is larger than ${largestFile / 1024 / 1024} MB`);
  const text = decode(bytes);
  if (text === undefined) return refuse('the file is not UTF-8');
  const yaml = readYaml(text);
  if ('reason' in yaml) return refuse(yaml.reason);
  return { path, bytes, yaml, ...collect(path, yaml) };
}

function collect(file: string, yaml: YamlText): Pick<MarkedFile, 'markers' | 'skipped'> {
  const markers: Marker[] = [];
  const skipped: SkippedMarker[] = [];
  const lineAt = lineCounter(yaml.text);
  const skip = (line: number, reason: string) => {
    if (skipped.at(-1)?.line !== line) skipped.push({ file, line, reason });
  };
  for (let at = next(yaml, 0); at >= 0; ) {
    const line = lineAt(at);
    const place = locate(yaml, at);
    const name = 'comment' in place ? parseMarkerComment(place.comment) : place;
    const target = 'found' in place ? editable(yaml, place.found) : place;
    if ('reason' in name) skip(line, name.reason);
    else if ('reason' in target) skip(line, target.reason);
    else {
      const { spot } = target;
      markers.push({
        ...name,
        value: yaml.value(spot),
        line: line + countLines(yaml.text, at, spot.start),
        spot,
      });
    }
    at = next(yaml, 'end' in place ? place.end : at + 1);
  }
  return { markers, skipped };
}

function next(yaml: YamlText, from: number): number {
  return yaml.text.indexOf(markerToken, from);
}

/** The scalar, or why it cannot be edited in place. */
function editable(yaml: YamlText, found: { spot: Spot } | { reason: string }): { spot: Spot } | { reason: string } {
  if ('reason' in found) return found;
  const { style, start, end, tag } = found.spot;
  if (style === 'block') return { reason: 'the value is a block scalar, which is not edited: write it on one line' };
  if (/[\r\n]/.test(yaml.text.slice(start, end))) {
    return { reason: 'the value goes over several lines: write it on one line' };
  }
  if (tag === undefined || tag === '!!str' || tag === '!') return found;
  return { reason: `the value has the YAML tag ${tag}, so that its text is not what is read` };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Gives line numbers for offsets that only grow. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let from = 0;
  return (offset) => {
    line += countLines(text, from, offset);
    from = offset;
    return line;
  };
}

function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
