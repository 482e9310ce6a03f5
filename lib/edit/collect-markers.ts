import { editable } from './editable.ts';
import type { MarkedFile } from './marker.ts';
import { longToken, parseMarkerComment } from './marker-name.ts';
import { locate } from './marker-place.ts';
import { markerToken } from './source-file.ts';
import { countLines } from './source-line.ts';
import type { YamlText } from './yaml-text.ts';

/** Collects the markers of a file that was read. `lineRefused`: why a line is not to be touched at all. */
export function collectMarkers(
  file: string,
  yaml: YamlText,
  lineRefused: (line: number) => string | undefined = () => undefined,
): Pick<MarkedFile, 'markers' | 'skipped'> {
  const found: Pick<MarkedFile, 'markers' | 'skipped'> = { markers: [], skipped: [] };
  const lineAt = lineCounter(yaml.text);
  const next = tokensIn(yaml.text);
  for (let at = next(0); at >= 0; ) {
    const line = lineAt(at);
    const reason = lineRefused(line);
    const place = reason === undefined ? locate(yaml, at) : { reason };
    const marker = markerAt(yaml, place);
    if ('marker' in marker) {
      const { spot } = marker.marker;
      const apart = countLines(yaml.text, at, spot.start) - countLines(yaml.text, spot.start, at);
      found.markers.push({ ...marker.marker, line: line + apart });
    } else if (found.skipped.at(-1)?.line !== line && !isForeign(yaml.text, at, place)) {
      found.skipped.push({ file, line, reason: marker.reason });
    }
    at = next('end' in place ? place.end : at + 1);
  }
  return found;
}

function markerAt(yaml: YamlText, place: ReturnType<typeof locate>) {
  if ('reason' in place) return place;
  const name = parseMarkerComment(place.comment);
  if ('reason' in name) return name;
  if ('reason' in place.found) return place.found;
  const scalar = editable(yaml, place.found.spot);
  return 'reason' in scalar ? scalar : { marker: { ...name, ...scalar } };
}

/** The long form's token is no sign of a marker unless it is one: other tools write it too, and not in comments alone. */
function isForeign(text: string, at: number, place: ReturnType<typeof locate>): boolean {
  if (!text.startsWith(longToken, at)) return false;
  return 'reason' in place || 'reason' in parseMarkerComment(place.comment);
}

/** Gives the next place of either token, for offsets that only grow; -1 when there is none. */
function tokensIn(text: string): (from: number) => number {
  const places = [markerToken, longToken].map((token) => ({ token, at: text.indexOf(token) }));
  return (from) => {
    for (const place of places) if (place.at >= 0 && place.at < from) place.at = text.indexOf(place.token, from);
    const ahead = places.filter(({ at }) => at >= 0).map(({ at }) => at);
    return ahead.length === 0 ? -1 : Math.min(...ahead);
  };
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
