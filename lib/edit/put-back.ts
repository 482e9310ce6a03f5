import type { MarkedFile, Marker } from './marker.ts';
import type { EditedFile } from './plan-edits.ts';
import { readBack, type ScalarEdit } from './read-back.ts';
import { writeScalar } from './scalar-text.ts';
import { applySplices } from './splice.ts';
import type { TextFormat } from './yaml-text.ts';

/** What a scalar is to say again. */
export interface PutBack {
  marker: Marker;
  value: string;
  /** How it was written then, quotes included; absent: it is written in the style that the scalar has. */
  written?: WrittenScalar;
}

/** A scalar's source, and the kind of file and scalar that it is from. */
export interface WrittenScalar {
  source: string;
  format: TextFormat;
  block: boolean;
}

/** How the scalar of a marker is written in its file. */
export function writtenOf(file: MarkedFile, { spot }: Marker): WrittenScalar {
  return {
    source: file.yaml!.text.slice(spot.start, spot.end),
    format: file.yaml!.format,
    block: spot.style === 'block',
  };
}

/**
 * Puts texts back into a file, byte by byte as they were written where that reads as it did, else in the style that the scalar has now. Nothing else of
 * the file changes; `reason` where that cannot be.
 */
export function putBack(file: MarkedFile, wishes: readonly PutBack[]): { file: EditedFile } | { reason: string } {
  const exact = edited(
    file,
    wishes.map((wish) => editOf(file, wish, true)),
  );
  if (!('reason' in exact) || wishes.every(({ written }) => written === undefined)) return exact;
  return edited(
    file,
    wishes.map((wish) => editOf(file, wish, false)),
  );
}

function editOf(file: MarkedFile, { marker: { spot }, value, written }: PutBack, exact: boolean): ScalarEdit {
  const { text, format } = file.yaml!;
  const before = text.slice(spot.start, spot.end);
  const fits = written?.format === format && written.block === (spot.style === 'block');
  const verbatim = exact && written !== undefined && fits;
  const after = verbatim ? written.source : writeScalar(value, format === 'json' ? { style: 'double' } : spot);
  return { spot, value, splice: { start: spot.start, before, after }, ...(verbatim ? { verbatim } : {}) };
}

function edited(file: MarkedFile, unsorted: readonly ScalarEdit[]): { file: EditedFile } | { reason: string } {
  const yaml = file.yaml!;
  const edits = unsorted.toSorted((a, b) => a.splice.start - b.splice.start);
  const splices = edits.map(({ splice }) => splice);
  const after = applySplices(yaml.text, splices);
  const reason = readBack(yaml, after, edits);
  if (reason !== undefined) return { reason };
  return { file: { path: file.path, before: file.bytes, after: new TextEncoder().encode(after), splices } };
}
