import { findMarkers } from './find-markers.ts';
import type { MarkerName } from './marker-name.ts';
import { markerToken, mayHoldMarkers, type SourceFile } from './source-file.ts';
import { applySplices, type Splice } from './splice.ts';
import type { Spot, YamlText } from './yaml-text.ts';

/** A marker that is to stand beside a scalar. */
export interface MarkerWish extends MarkerName {
  spot: Spot;
}

/** What came of it: the file with the markers that have a place, and the wishes that have none, with the reason. */
export interface MarkedUp {
  after: Uint8Array;
  placed: MarkerWish[];
  refused: { wish: MarkerWish; reason: string }[];
}

/**
 * Writes markers at the ends of lines; no other byte changes. The result is read again: it must have the markers that were there, and each new
 * one at its scalar. `yaml` is the file as `readYaml` reads it.
 */
export function addMarkers(file: SourceFile, yaml: YamlText, wishes: readonly MarkerWish[]): MarkedUp {
  const untouched = { after: file.bytes, placed: [] };
  if (!mayHoldMarkers(file.path)) {
    const reason = 'markers stand in files that end in .yaml or .yml only';
    return { ...untouched, refused: wishes.map((wish) => ({ wish, reason })) };
  }
  const refused: MarkedUp['refused'] = [];
  const placed: MarkerWish[] = [];
  const splices: Splice[] = [];
  for (const wish of wishes) {
    const splice = spliceFor(yaml, wish);
    if ('reason' in splice) refused.push({ wish, reason: splice.reason });
    else {
      placed.push(wish);
      splices.push(splice);
    }
  }
  if (placed.length === 0) return { ...untouched, refused };
  const after = new TextEncoder().encode(applySplices(yaml.text, splices));
  if (isAsMeant(file, after, { yaml, placed })) return { after, placed, refused };
  const reason = 'the marker would not be found beside the value';
  return { ...untouched, refused: [...refused, ...placed.map((wish) => ({ wish, reason }))] };
}

function spliceFor({ text }: YamlText, { spot, ...name }: MarkerWish): Splice | { reason: string } {
  const rest = /^[^\r\n]*/.exec(text.slice(spot.end))![0];
  if (rest.includes('#')) return { reason: 'another comment stands on the line' };
  if (!/^[ \t]*,?[ \t]*$/.test(rest)) return { reason: 'something else stands behind it on the line' };
  return { start: spot.end + rest.length, before: '', after: ` ${markerComment(name)}` };
}

/** `# {"$imagepolicy": "web:tag"}`. */
function markerComment({ policy, part }: MarkerName): string {
  const name = part === 'image' ? policy : `${policy}:${part}`;
  return `# {${JSON.stringify(markerToken)}: ${JSON.stringify(name)}}`;
}

function isAsMeant(
  file: SourceFile,
  after: Uint8Array,
  { yaml, placed }: { yaml: YamlText; placed: readonly MarkerWish[] },
): boolean {
  const before = findMarkers(file);
  const now = findMarkers({ ...file, bytes: after });
  if (now?.yaml === undefined || now.yaml.shape !== yaml.shape) return false;
  if (now.skipped.length !== (before?.skipped.length ?? 0)) return false;
  if (now.markers.length !== (before?.markers.length ?? 0) + placed.length) return false;
  return placed.every(({ policy, part, spot }) =>
    now.markers.some((marker) => marker.spot.node === spot.node && marker.policy === policy && marker.part === part),
  );
}
