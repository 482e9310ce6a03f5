import { imageSurvey, type SurveyedFile, targetsOf } from '../config/image-survey.ts';
import { withoutImage } from '../edit/plan-edits.ts';
import type { SkippedMarker } from '../edit/source-file.ts';
import { type BumpStory, trailersOf } from '../model/bump-story.ts';
import type { ImageChange } from '../model/messages.ts';
import type { Hold } from '../policy/spec.ts';
import type { Decision } from './decision.ts';
import { Contents, editRoute, leftAlone, movedBy, wishesOf } from './edit-route.ts';
import type { Look } from './look.ts';
import { bodyOf, subjectOf } from './message.ts';
import { targetsWithoutFile } from './places.ts';
import { type ProposalPlan, planProposals } from './plan-proposals.ts';
import type { CommitRequest, ConfigRepo, Registry } from './ports.ts';
import type { Push } from './push.ts';
import { deletionsOf, endedBy, isInGit } from './released.ts';
import { sourcesOf } from './source.ts';
import { eventsFor, storyOf } from './story.ts';

/** What a bump would do: nothing is written yet. */
export interface BumpPlan {
  /** Absent when Git has everything that the policies choose, as far as bump commits it. */
  commit?: Omit<CommitRequest, 'at'>;
  /** What the commit tells: the same in its trailers and in the records. */
  story: BumpStory;
  changes: ImageChange[];
  skipped: SkippedMarker[];
  /** The holds whose files the commit deletes. */
  released: Hold[];
  proposals: ProposalPlan[];
  /** What bump knows of the files as they are after the commit. */
  files: SurveyedFile[];
}

/** What a plan asks for beside the decisions. */
export interface PlanSources {
  repo: Pick<ConfigRepo, 'read'>;
  registry: Registry;
}

/** Plans the one commit of all decisions, and the proposals on top of it. `pushes` are those that are answered; none for a sweep. */
export async function planBump(
  look: Look,
  decisions: readonly Decision[],
  pushes: readonly Push[],
  { repo, registry }: PlanSources,
): Promise<BumpPlan> {
  const contents = new Contents(repo, look.head);
  const targets = targetsOf(look.config);
  const wishes = wishesOf(decisions, undefined);
  const edits = await editRoute(wishes, contents, targets);
  const moved = movedBy(wishes, edits.changes);
  const released = endedBy(moved, isInGit);
  const story = storyOf(moved, edits.changes, eventsFor(moved, pushes), await sourcesOf(moved, registry), released);
  const survey = imageSurvey(look.config);
  const edited = new Map(edits.files.map(({ path, after }) => [path, survey.facts({ path, bytes: after })]));
  const files = look.files.map(({ path, facts }) => ({ path, facts: edited.get(path) ?? facts }));
  const proposals = await planProposals(look, decisions, pushes, { contents, targets, registry, committed: moved });
  const left = [...skippedIn(look), ...leftAlone(look, decisions), ...edits.skipped, ...proposals.skipped];
  const rest = {
    story,
    changes: edits.changes,
    skipped: left.sort(byPlace),
    released,
    proposals: proposals.plans,
    files,
  };
  if (edits.files.length === 0) return rest;
  const commit = {
    parent: look.head,
    files: [...edits.files.map(({ path, after }) => ({ path, bytes: after })), ...deletionsOf(released)],
    subject: subjectOf(story, edits.changes, look.config),
    body: bodyOf(story, edits.changes, released, look.config),
    trailers: trailersOf(story),
  };
  return { ...rest, commit };
}

/** What can be seen to be left alone without a decision: marks that cannot be read, and names that nobody knows. */
function skippedIn(look: Look): SkippedMarker[] {
  const names = new Map(Object.values(look.config.images).map(({ name, image }) => [name, { repository: image }]));
  const found = look.files.flatMap(({ path, facts }) => [
    ...facts.skipped.map((skipped) => ({ file: path, ...skipped })),
    ...facts.markers
      .filter(({ policy }) => !names.has(policy))
      .map(({ policy, line }) => ({ file: path, line, reason: withoutImage(policy, names) })),
  ]);
  return [
    ...found,
    ...look.remarks,
    ...Object.values(look.config.images).flatMap((entry) => targetsWithoutFile(look, entry)),
    ...look.tooLarge.map((file) => ({ file, line: 1, reason: 'the file is too large to be read' })),
  ];
}

function byPlace(a: SkippedMarker, b: SkippedMarker): number {
  return a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1;
}
