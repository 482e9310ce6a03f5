import type { MarkerPart } from './marker-name.ts';
import type { SkippedMarker } from './source-file.ts';
import type { Spot, YamlText } from './yaml-text.ts';

/** A marker beside a scalar that can be edited, or a target that names one. */
export interface Marker {
  /** The policy's name, verbatim. */
  policy: string;
  part: MarkerPart;
  /** What the scalar says now. */
  value: string;
  /** The scalar's line, from 1. */
  line: number;
  spot: Spot;
  /** Of a target: its number among the file's targets. Markers of one number are edited together or not at all. */
  target?: number;
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
