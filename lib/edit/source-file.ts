/** A file of the config repo. */
export interface SourceFile {
  /** Path from the repo's root, with `/`. */
  path: string;
  bytes: Uint8Array;
}

/** A marker that was not applied, and why. Lines count from 1. */
export interface SkippedMarker {
  file: string;
  line: number;
  reason: string;
  /** The policies that it is about, where that is known: several may have places on one line. */
  policies?: string[];
}

/** What every marker contains; a file without it is never parsed. */
export const markerToken = '$imagepolicy';

/** Larger files are not read: nobody writes them by hand, and a parser takes long for them. In bytes. */
export const largestFile = 5 * 1024 * 1024;

/** True for the files that Flux looks for markers in: `.yaml`, `.yml`, and `Kustomization`. */
export function mayHoldMarkers(path: string): boolean {
  return /\.ya?ml$|(?:^|\/)Kustomization$/.test(path);
}

/** True when the bytes contain a marker's token: a search, no parse. */
export function holdsToken(bytes: Uint8Array): boolean {
  return viewOf(bytes).includes(markerToken);
}

/** The line of each token in a file that is not parsed. */
export function tokenLines(bytes: Uint8Array): number[] {
  const view = viewOf(bytes);
  const lines: number[] = [];
  let line = 1;
  let newline = view.indexOf(0x0a);
  for (let at = view.indexOf(markerToken); at >= 0; at = view.indexOf(markerToken, at + 1)) {
    while (newline >= 0 && newline < at) {
      line++;
      newline = view.indexOf(0x0a, newline + 1);
    }
    if (lines.at(-1) !== line) lines.push(line);
  }
  return lines;
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
