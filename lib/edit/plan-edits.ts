import { formatImageRef, type ImageRef } from '../model/image-ref.ts';
import type { ImageChange } from '../model/messages.ts';
import { nearest } from '../model/nearest.ts';
import { findMarkers } from './find-markers.ts';
import type { MarkedFile, Marker } from './marker.ts';
import { readBack, type ScalarEdit } from './read-back.ts';
import { writeScalar } from './scalar-text.ts';
import type { SkippedMarker, SourceFile } from './source-file.ts';
import { applySplices, type Splice } from './splice.ts';

/** One file before and after. */
export interface EditedFile {
  path: string;
  before: Uint8Array;
  after: Uint8Array;
  /** On the file's text; their inverse undoes the edit. */
  splices: Splice[];
}

/** What an edit would do: nothing is written yet. */
export interface EditPlan {
  changes: ImageChange[];
  /** Every marker that is not applied, with the reason. */
  skipped: SkippedMarker[];
  /** Only the files that change. */
  files: EditedFile[];
}

/** Options of an edit. */
export interface EditOptions {
  /** Policies that are known and left alone, with the reason: their markers are skipped with it instead of as unknown. */
  leftAlone?: ReadonlyMap<string, string>;
  /** Whether `latest` need not name every policy there is: then a policy without an image has none here, instead of being unknown. */
  partial?: boolean;
  /** Policies of which a whole reference gets a digest only where it has one: elsewhere the tag alone is written, as it was. */
  keepForm?: ReadonlySet<string>;
  /** Why a file must not be changed: a marker in it that wants another text is skipped with the reason. Undefined where it may. */
  fileLeftAlone?: (path: string) => string | undefined;
}

/** Plans the edit of whole files: each marker's scalar gets the reference, or the part of it, that `latest` has for its policy. Never throws for a file's sake. */
export function planEdits(
  files: Iterable<SourceFile>,
  latest: ReadonlyMap<string, ImageRef>,
  options: EditOptions = {},
): EditPlan {
  const plans: EditPlan[] = [];
  for (const file of files) {
    const found = findMarkers(file);
    // Planned at once, so that a parsed file can be let go before the next is read.
    if (found !== undefined) plans.push(planFile(found, latest, options));
  }
  return joined(plans);
}

/** The same for files whose markers were found before. */
export function planMarkedEdits(
  files: readonly MarkedFile[],
  latest: ReadonlyMap<string, ImageRef>,
  options: EditOptions = {},
): EditPlan {
  return joined(files.map((file) => planFile(file, latest, options)));
}

function joined(plans: readonly EditPlan[]): EditPlan {
  return {
    changes: plans.flatMap((plan) => plan.changes),
    skipped: plans.flatMap((plan) => plan.skipped.sort((a, b) => a.line - b.line)),
    files: plans.flatMap((plan) => plan.files),
  };
}

function planFile(
  file: MarkedFile,
  latest: ReadonlyMap<string, ImageRef>,
  { leftAlone, partial, keepForm, fileLeftAlone = () => undefined }: EditOptions,
): EditPlan {
  const protectedBy = fileLeftAlone(file.path);
  const skipped = [...file.skipped];
  const edits: (ScalarEdit & { marker: Marker })[] = [];
  const skip = ({ line }: Marker, reason: string) => skipped.push({ file: file.path, line, reason });
  const wishes = file.markers.map((marker) => ({
    marker,
    wanted: wantedOf(marker, latest, { leftAlone, partial, keepForm }),
  }));
  const stuck = stuckTargets(wishes);
  for (const { marker, wanted } of wishes) {
    if ('reason' in wanted) skip(marker, wanted.reason);
    else if (wanted.value === marker.value) continue;
    else if (protectedBy !== undefined) skip(marker, protectedBy);
    else if (stuck.has(marker.target)) skip(marker, `it stays with its neighbour: ${stuck.get(marker.target)}`);
    else edits.push({ marker, ...editOf(file, marker, wanted.value) });
  }
  if (edits.length === 0) return { changes: [], skipped, files: [] };
  return performed(
    file,
    edits.sort((a, b) => a.splice.start - b.splice.start),
    skipped,
  );
}

/** The targets of which one scalar has to stay, with the reason: a new tag beside an old digest would be a lie. */
function stuckTargets(
  wishes: readonly { marker: Marker; wanted: { value: string } | { reason: string } }[],
): Map<number | undefined, string> {
  return new Map(
    wishes.flatMap(({ marker: { target }, wanted }) =>
      target === undefined || !('reason' in wanted) ? [] : [[target, wanted.reason]],
    ),
  );
}

function performed(file: MarkedFile, edits: (ScalarEdit & { marker: Marker })[], skipped: SkippedMarker[]): EditPlan {
  const yaml = file.yaml!;
  const splices = edits.map(({ splice }) => splice);
  const after = applySplices(yaml.text, splices);
  const reason = readBack(yaml, after, edits);
  if (reason !== undefined) {
    const refused = edits.map(({ marker }) => ({ file: file.path, line: marker.line, reason }));
    return { changes: [], skipped: [...skipped, ...refused], files: [] };
  }
  return {
    changes: edits.map(({ marker, value }) => ({
      file: file.path,
      line: marker.line,
      policy: marker.policy,
      from: marker.value,
      to: value,
    })),
    skipped,
    files: [{ path: file.path, before: file.bytes, after: new TextEncoder().encode(after), splices }],
  };
}

function editOf(file: MarkedFile, { spot }: Marker, value: string): ScalarEdit {
  const before = file.yaml!.text.slice(spot.start, spot.end);
  const source = writeScalar(value, file.yaml!.format === 'json' ? { style: 'double' } : spot);
  return { spot, value, splice: { start: spot.start, before, after: source } };
}

/** The text that a marker's scalar should have, or why it has to stay. */
export function wantedOf(
  { policy, part, value: present }: Pick<Marker, 'policy' | 'part' | 'value'>,
  latest: ReadonlyMap<string, ImageRef>,
  { leftAlone = new Map(), partial = false, keepForm }: Pick<EditOptions, 'leftAlone' | 'partial' | 'keepForm'> = {},
): { value: string } | { reason: string } {
  const ref = latest.get(policy);
  if (ref === undefined) return { reason: leftAlone.get(policy) ?? withoutImage(policy, latest, partial) };
  if (part === 'image') {
    const isTagAlone = keepForm?.has(policy) === true && ref.tag !== undefined && !hasDigest(present);
    return { value: formatImageRef(isTagAlone ? { ...ref, digest: undefined } : ref) };
  }
  const value = part === 'name' ? ref.repository : ref[part];
  if (value === undefined) return { reason: `the policy "${policy}" has no ${part} to write` };
  return { value };
}

/** True for a text with a digest at its end, as `1.4.0@sha256:...`. */
export function hasDigest(text: string): boolean {
  return /@sha\d+:/.test(text);
}

/** Why a policy that `latest` does not name has no image. */
export function withoutImage(policy: string, latest: ReadonlyMap<string, ImageRef>, partial = false): string {
  const close = nearest(policy, latest.keys());
  const what = partial ? 'no image was given for the policy' : 'there is no policy';
  return `${what} "${policy}"${close === undefined ? '' : `, did you mean "${close}"?`}`;
}
