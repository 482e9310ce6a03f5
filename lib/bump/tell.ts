import type { SkippedMarker } from '../edit/source-file.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import { type BumpStory, bumpedRecords, isProposal, merged, storyIn, wholeSeconds } from '../model/bump-story.ts';
import { formatProblem, messageOf, type Problem, RetryableError, type UserError } from '../model/errors.ts';
import type { Bumped, ImageChange } from '../model/messages.ts';
import type { ImageState } from '../model/state.ts';
import { isByPeople, recordsByPeople } from './by-people.ts';
import type { Decision } from './decision.ts';
import { type FoundBySweep, foundBySweep, foundRecords } from './found-by-sweep.ts';
import { stateOf } from './image-state.ts';
import type { BrokenHead, Look } from './look.ts';
import { tagOf } from './message.ts';
import { tellPeople, tellTroubles } from './notices.ts';
import type { BumpPlan } from './plan.ts';
import type { BumpPorts, RecentCommit } from './ports.ts';
import { proposalRecords, standingRecord, storyOfProposal } from './proposal-records.ts';
import type { ProposalResult } from './propose.ts';
import type { IgnoredEvent, Push } from './push.ts';
import { failureRecord, ignoredRecord, recordsOf } from './push-records.ts';
import { receivedRecord } from './received-event.ts';
import { type View, viewOf } from './view.ts';

/** What a bump or a sweep is asked for. */
export interface BumpOrder {
  /** The pushes to answer; undefined for a sweep over all policies. */
  pushes: readonly Push[] | undefined;
  /** A sweep over all policies beside the pushes. */
  all?: boolean | undefined;
  /** Only these policies of a sweep; all unless told. */
  images?: readonly string[] | undefined;
  now: Date;
}

/** How a bump ended. */
export interface BumpResult {
  /** `failed`: nothing was committed although something was to be; `failure` says why, and whether the same try again would fail again is in `retry`. */
  outcome: 'committed' | 'nothing-to-do' | 'failed';
  bumped?: Bumped;
  /** The policies that were looked at, as they are now. */
  images: ImageState[];
  /** Those that stay as they are, in whole or in part, for another reason than a review. */
  waits: ImageWait[];
  /** The pull requests that the images belong to. */
  proposals: ProposalSummary[];
  /** Markers that were not applied, with the reason. */
  skipped: SkippedMarker[];
  /** What a sweep took and an event should have, as far as it can be shown. */
  foundBySweep: FoundBySweep[];
  failure?: { code: string; message: string; problems: readonly Problem[] };
  /** Pushes whose image could not be looked at for a reason that may pass: send them again. */
  retry: Push[];
  /** The longest that somebody asked to wait before that, in seconds. */
  retryAfter?: number;
  /** Of a commit: why pullers could not be woken, one text each. They look by themselves. */
  notWoken?: string[];
}

/** Why an image stays as it is. */
export interface ImageWait {
  policy: string;
  reason: string;
  /** It could not be looked at, or not be written: in contrast to what was looked at and is to wait. */
  trouble?: { code: string; mayPass: boolean };
}

/** What became of one pull request. */
export interface ProposalSummary {
  group: string;
  act: 'propose' | 'withdraw' | 'leave' | 'failed';
  waiting?: string;
  url?: string;
  /** What it was made to change now. */
  changes: ImageChange[];
}

/** What one bump saw and did. */
export interface Told {
  order: BumpOrder;
  look: Look;
  decisions: readonly Decision[];
  plan: BumpPlan;
  proposals: readonly ProposalResult[];
  /** The commit that was made, if one was. */
  commit?: { revision: string; at?: string };
  /** Why the host did not take the commit. */
  refused?: UserError | RetryableError;
}

/** Records what became of each push and image. */
export async function tell(told: Told, ports: BumpPorts): Promise<BumpResult> {
  const { order, look, decisions, plan, proposals, commit, refused } = told;
  const pushes = order.pushes ?? [];
  const views = decisions.map((decision) => viewOf(decision, proposals, plan.skipped));
  const answered = (push: Push) => views.filter(({ decision }) => decision.entry.image === push.repository);
  const at = wholeSeconds(commit?.at ?? order.now);
  const { branch } = ports.repo;
  const recorded = await ports.records.recordedUpTo(branch);
  const lost = recover(order, look, recorded);
  const proposed = proposals.flatMap((result) => storyOfProposal(result) ?? []);
  const stories = [...lost, ...proposed, ...(commit === undefined ? [] : [plan.story])];
  const found = foundIn(told);
  await ports.records.append([
    ...pushes.flatMap((push) => recordsOf(push, answered(push), stories)),
    ...lost.flatMap(({ records }) => records),
    ...recordsByPeople(look.recent, recorded),
    ...(commit === undefined ? [] : bumpedRecords(plan.story, commit.revision, at)),
    ...proposals.flatMap((result) => [...proposalRecords(result, wholeSeconds(order.now)), ...standingRecord(result)]),
    ...foundRecords(found, commit?.revision ?? look.head, at),
  ]);
  // Before it is said that all is recorded: what was cut off is told by the next one.
  await tellNotices(told, { lost, views }, ports);
  const last = lastOwn(told);
  if (last !== undefined && last !== recorded) await ports.records.saveRecordedUpTo(branch, last);
  const images = views.map((view) => stateOf(view, plan.files, order.now));
  await ports.records.saveImages(images);
  const bumped = commit && bumpedMessage(look, plan, commit.revision, { at, branch });
  if (bumped !== undefined) await ports.records.announce(bumped);
  return {
    outcome: refused !== undefined ? 'failed' : bumped === undefined ? 'nothing-to-do' : 'committed',
    ...(bumped === undefined ? {} : { bumped }),
    images,
    waits: views.flatMap(waitOf),
    proposals: proposals.map(summaryOf),
    skipped: plan.skipped,
    foundBySweep: found,
    ...(refused === undefined ? {} : { failure: failureOf(refused) }),
    retry: pushes.filter((push) => answered(push).some(({ trouble }) => trouble instanceof RetryableError)),
    ...longestWait(views),
  };
}

/** Notices of commits that are not known to be told yet, and of what somebody must mend. */
async function tellNotices(
  { order, plan, commit }: Told,
  { lost, views }: { lost: readonly Recovered[]; views: readonly View[] },
  { notices, repo: { branch } }: BumpPorts,
): Promise<void> {
  const made = commit && { ...plan.story, revision: commit.revision, at: wholeSeconds(commit.at ?? order.now) };
  const commits = [...lost.filter(({ isUntold }) => isUntold), ...(made === undefined ? [] : [made])];
  const isWhole = isSweep(order);
  if (notices !== undefined) await tellPeople({ commits, views, isWhole, branch, at: timeOf(order) }, notices);
}

/** The same for a push that comes again. */
function timeOf({ pushes = [], now }: BumpOrder): string {
  return pushes.map(({ at }) => at).sort()[0] ?? now.toISOString();
}

function longestWait(views: readonly View[]): { retryAfter?: number } {
  const waits = views.flatMap(({ trouble }) => (trouble instanceof RetryableError ? (trouble.retryAfter ?? []) : []));
  return waits.length === 0 ? {} : { retryAfter: Math.max(...waits) };
}

/** Records that the head has no usable windlass.yaml. */
export function tellBroken(order: BumpOrder, broken: BrokenHead, ports: BumpPorts): Promise<BumpResult> {
  const [first, ...more] = broken.problems;
  const message = `nothing is bumped while windlass.yaml is broken: ${first === undefined ? 'unknown problem' : formatProblem(first).split('\n')[0]}${more.length === 0 ? '' : ` (and ${more.length} more)`}`;
  return tellFailed(order, { code: 'config-invalid', message, problems: broken.problems }, ports, broken.head);
}

/** Records that nothing could be done, for a reason that somebody must mend. */
export async function tellFailed(
  order: BumpOrder,
  failure: Pick<UserError, 'code' | 'message' | 'problems'>,
  ports: BumpPorts,
  head?: string,
): Promise<BumpResult> {
  const { code, message } = failure;
  const failures = (order.pushes ?? []).flatMap((push) => [
    receivedRecord(push, []),
    failureRecord(push, `repository:${push.repository}`, code, message, head),
  ]);
  await ports.records.append(failures);
  // A broken windlass.yaml is an incident of its own, which whoever pulls tells.
  const troubles = code === 'config-invalid' ? [] : [{ subject: `branch:${ports.repo.branch}`, error: failure }];
  if (ports.notices !== undefined && troubles.length > 0)
    await tellTroubles(troubles, { isLooked: () => false, at: timeOf(order) }, ports.notices);
  const nothing = { images: [], waits: [], proposals: [], skipped: [], foundBySweep: [], retry: [] };
  return { outcome: 'failed', ...nothing, failure: failureOf(failure) };
}

/** Records messages that nothing can be done about, once each. */
export async function tellIgnored(events: readonly IgnoredEvent[], ports: Pick<BumpPorts, 'records'>): Promise<void> {
  await ports.records.append(events.map(ignoredRecord));
}

/**
 * The stories of our own late commits that answer these pushes, or that nobody has recorded yet: a function that ended too early leaves one,
 * and its trailers bring the records back, with the same ids.
 */
function recover({ pushes = [] }: BumpOrder, { recent }: Look, recorded: string | undefined): Recovered[] {
  const events = new Set(pushes.map((push) => push.id));
  const known = recent.findIndex(({ revision }) => revision === recorded);
  return recent.flatMap((commit, index): Recovered[] => {
    const story = storyIn(commit);
    if (story === undefined) return [];
    const at = wholeSeconds(commit.at);
    const told = { ...story, revision: commit.revision, at };
    // A merge brings in a commit from before, anywhere among the others.
    if (isProposal(commit))
      return [{ ...told, isUntold: false, records: bumpedRecords(story, commit.revision, at, merged) }];
    const isRecorded = known >= 0 && index >= known;
    if (isRecorded && !story.events.some((id) => events.has(id))) return [];
    // Where nothing was ever recorded, old commits are no news.
    const isUntold = recorded !== undefined || story.events.some((id) => events.has(id));
    return [{ ...told, isUntold, records: bumpedRecords(story, commit.revision, at) }];
  });
}

/** `isUntold`: people may not have heard of it. Whoever merged a proposal has. */
type Recovered = BumpStory & { revision: string; at: string; isUntold: boolean; records: AuditRecord[] };

/** The last commit that there are records of: everything up to it is recorded now. */
function lastOwn({ look, commit }: Told): string | undefined {
  const isOwn = (one: RecentCommit) => storyIn(one) !== undefined && !isProposal(one);
  return commit?.revision ?? look.recent.find((one) => isOwn(one) || isByPeople(one))?.revision;
}

/** True for what looks at every policy, unless at some by name. */
function isSweep({ pushes, all, images }: BumpOrder): boolean {
  return (pushes === undefined || all === true) && images === undefined;
}

/** Only a sweep finds what an event missed: what it moves now, and no push told of. */
function foundIn({ order, look, decisions, plan, proposals, commit }: Told): FoundBySweep[] {
  const { pushes = [] } = order;
  if (!isSweep(order)) return [];
  const stories = proposals.flatMap((result) =>
    result.proposed && result.plan.act === 'propose' && result.plan.request.keeps !== true ? [result.plan.story] : [],
  );
  if (commit !== undefined) stories.push(plan.story);
  const moved = new Set(stories.flatMap(({ images }) => images.map(({ policy }) => policy)));
  const untold = decisions.filter(({ entry }) => !pushes.some(({ repository }) => repository === entry.image));
  return foundBySweep(look, untold, moved, order.now);
}

function waitOf({ decision, waiting, trouble }: View): ImageWait[] {
  const policy = decision.entry.name;
  if (trouble === undefined) return waiting === undefined ? [] : [{ policy, reason: waiting }];
  const mayPass = trouble instanceof RetryableError;
  return [{ policy, reason: waiting ?? messageOf(trouble), trouble: { code: trouble.code, mayPass } }];
}

function failureOf({
  code,
  message,
  problems = [],
}: Pick<UserError, 'code' | 'message'> & Partial<Pick<UserError, 'problems'>>) {
  return { code, message, problems };
}

function summaryOf({ plan, proposed, waiting, failed }: ProposalResult): ProposalSummary {
  const { group, act } = plan;
  return {
    group,
    act: failed !== undefined || act === 'stop' ? 'failed' : act,
    ...(waiting === undefined ? {} : { waiting }),
    ...(proposed?.url === undefined ? {} : { url: proposed.url }),
    changes: plan.act === 'propose' ? plan.changes : [],
  };
}

function bumpedMessage(
  look: Look,
  plan: BumpPlan,
  revision: string,
  { at, branch }: { at: string; branch: string },
): Bumped {
  return {
    type: 'Bumped',
    at,
    branch,
    revision,
    parent: look.head,
    images: plan.story.images.map(({ policy, to }) => ({ policy, tag: tagOf(to) })),
    changes: plan.changes,
    released: plan.released.map(({ image, tag, past }) => ({ policy: image, tag, past })),
    events: plan.story.events,
  };
}
