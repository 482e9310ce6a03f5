import { holdsDirectory } from '../config/holds.ts';
import { findMarkers, type MarkedFile } from '../edit/find-markers.ts';
import { type EditPlan, planMarkedEdits } from '../edit/plan-edits.ts';
import type { SkippedMarker } from '../edit/source-file.ts';
import { formatImageRef, type ImageRef } from '../model/image-ref.ts';
import type { ImageChange } from '../model/messages.ts';
import type { Hold } from '../policy/spec.ts';
import type { Decision } from './decide.ts';
import type { Look } from './look.ts';
import type { CommitRequest } from './ports.ts';
import { reviewOf } from './reviewed.ts';
import { type BumpStory, subjectOf, trailersOf } from './story.ts';

/** What a bump would do: nothing is written yet. */
export interface BumpPlan {
  /** Absent when Git has everything that the policies choose. */
  commit?: Omit<CommitRequest, 'at'>;
  /** What the commit tells: the same in its trailers and in the records. */
  story: BumpStory;
  changes: ImageChange[];
  skipped: SkippedMarker[];
  /** The holds whose files the commit deletes. */
  released: Hold[];
  /** The files with markers as they are after the commit. */
  files: MarkedFile[];
}

const untouched = 'its policy was not looked at';
const longestTable = 200;

/** Plans the one commit of all decisions. `events` are the ids of the pushes that it answers. */
export function planBump(look: Look, decisions: readonly Decision[], events: readonly string[]): BumpPlan {
  const { latest, leftAlone } = wishes(look, decisions);
  const edits = planMarkedEdits(look.files, latest, {
    leftAlone,
    fileLeftAlone: (path) => reviewOf(look.reviewed, path),
  });
  const story = storyOf(decisions, edits, events);
  const skipped = [
    ...edits.skipped.filter(({ reason }) => reason !== untouched),
    ...look.tooLarge.map((file) => ({ file, line: 1, reason: 'the file is too large to be read' })),
  ];
  const rest = { story, changes: edits.changes, skipped, files: filesAfter(look.files, edits) };
  if (edits.files.length === 0) return { ...rest, released: [] };
  const changed = new Set(story.images.map((image) => image.policy));
  const released = decisions.filter(({ entry }) => changed.has(entry.name)).flatMap((decision) => decision.released);
  const deletions = released.map((hold) => ({
    path: `${holdsDirectory}/${hold.image}.${hold.id}.yaml`,
    bytes: undefined,
  }));
  const commit = {
    parent: look.head,
    files: [...edits.files.map(({ path, after }) => ({ path, bytes: after })), ...deletions],
    subject: subjectOf(story),
    body: [
      ...table(edits.changes),
      ...released.map((hold) => `released the hold of ${hold.image} on ${hold.tag}, past ${hold.past}`),
    ],
    trailers: trailersOf(story),
  };
  return { ...rest, released, commit };
}

function wishes(
  look: Look,
  decisions: readonly Decision[],
): { latest: Map<string, ImageRef>; leftAlone: Map<string, string> } {
  const latest = new Map<string, ImageRef>();
  const leftAlone = new Map(Object.keys(look.config.images).map((name) => [name, untouched]));
  for (const { entry, ref, waiting } of decisions) {
    if (ref !== undefined) latest.set(entry.name, ref);
    else if (waiting !== undefined) leftAlone.set(entry.name, waiting);
  }
  return { latest, leftAlone };
}

function storyOf(decisions: readonly Decision[], { changes }: EditPlan, events: readonly string[]): BumpStory {
  const images = decisions.flatMap(({ entry, ref, current }) => {
    if (ref === undefined || !changes.some((change) => change.policy === entry.name)) return [];
    const to = formatImageRef({ ...ref, repository: '' }).replace(/^:/, '');
    return [{ policy: entry.name, repository: entry.image, from: current.filter((tag) => tag !== ref.tag), to }];
  });
  return { images, events: [...events] };
}

function filesAfter(files: readonly MarkedFile[], edits: EditPlan): MarkedFile[] {
  const edited = new Map(edits.files.map(({ path, after }) => [path, after]));
  return files.map((file) => {
    const bytes = edited.get(file.path);
    return (bytes === undefined ? undefined : findMarkers({ path: file.path, bytes })) ?? file;
  });
}

function table(changes: readonly ImageChange[]): string[] {
  const lines = changes
    .slice(0, longestTable)
    .map(({ policy, file, line, from, to }) => `${policy}: ${from} -> ${to} (${file}:${line})`);
  return changes.length <= longestTable ? lines : [...lines, `and ${changes.length - longestTable} more`];
}
