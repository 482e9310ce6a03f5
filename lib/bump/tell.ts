import { currentOf } from '../edit/current.ts';
import type { SkippedMarker } from '../edit/source-file.ts';
import { type AuditRecord, recordId } from '../model/audit-record.ts';
import { formatProblem, messageOf, type Problem, RetryableError, type UserError } from '../model/errors.ts';
import type { Bumped } from '../model/messages.ts';
import type { ImageState } from '../model/state.ts';
import type { Decision } from './decide.ts';
import type { BrokenHead, Look } from './look.ts';
import type { BumpPlan } from './plan.ts';
import type { BumpPorts } from './ports.ts';
import type { IgnoredEvent, Push } from './push-event.ts';
import { type BumpStory, bumpedRecords, storyIn } from './story.ts';

/** What a bump or a sweep is asked for. */
export interface BumpOrder {
  /** The pushes to answer; undefined for a sweep over all policies. */
  pushes: readonly Push[] | undefined;
  now: Date;
}

/** How a bump ended. */
export interface BumpResult {
  /** `failed`: nothing could be done for any image; `failure` says why, and the same try again would fail again. */
  outcome: 'committed' | 'nothing-to-do' | 'failed';
  bumped?: Bumped;
  /** The policies that were looked at, as they are now. */
  images: ImageState[];
  /** Markers that were not applied, with the reason. */
  skipped: SkippedMarker[];
  failure?: { code: string; message: string; problems: readonly Problem[] };
  /** Pushes whose image could not be looked at for a reason that may pass: send them again. */
  retry: Push[];
}

/** How many commits back a bump looks for one of its own whose records were lost. */
const lookBack = 20;
const actor = 'windlass bump';

/** Records what became of each push and image. `revision` is the commit that was made, if one was. */
export async function tell(
  order: BumpOrder,
  look: Look,
  decisions: readonly Decision[],
  plan: BumpPlan,
  revision: string | undefined,
  ports: BumpPorts,
): Promise<BumpResult> {
  const pushes = order.pushes ?? [];
  const answered = (push: Push) => decisions.filter(({ entry }) => entry.image === push.repository);
  const at = secondsOf(order.now);
  const made = revision === undefined ? [] : bumpedRecords(plan.story, revision, at);
  const lost = await recover(pushes, look, ports);
  const stories = [...lost, ...(revision === undefined ? [] : [plan.story])];
  const told = pushes.flatMap((push) => recordsOf(push, answered(push), stories));
  const images = decisions.map((decision) => stateOf(decision, plan, order.now));
  await ports.records.append([...told, ...lost.flatMap(({ records }) => records), ...made]);
  await ports.records.saveImages(images);
  const bumped = revision === undefined ? undefined : bumpedMessage(order, look, plan, revision, ports.repo.branch);
  if (bumped !== undefined) await ports.records.announce(bumped);
  return {
    outcome: bumped === undefined ? 'nothing-to-do' : 'committed',
    ...(bumped === undefined ? {} : { bumped }),
    images,
    skipped: plan.skipped,
    retry: pushes.filter((push) => answered(push).some(({ failed }) => failed instanceof RetryableError)),
  };
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
  { code, message, problems }: Pick<UserError, 'code' | 'message' | 'problems'>,
  ports: BumpPorts,
  head?: string,
): Promise<BumpResult> {
  const failures = (order.pushes ?? []).flatMap((push) => [
    pushRecord(push, []),
    failureRecord(push, `repository:${push.repository}`, code, message, head),
  ]);
  await ports.records.append(failures);
  return { outcome: 'failed', images: [], skipped: [], failure: { code, message, problems }, retry: [] };
}

/** Records messages that nothing can be done about, once each. */
export async function tellIgnored(events: readonly IgnoredEvent[], ports: Pick<BumpPorts, 'records'>): Promise<void> {
  await ports.records.append(
    events.map(({ id, at, reason, excerpt }) => ({
      id: recordId('event-ignored', id),
      at,
      kind: 'event-ignored',
      actor: 'push event',
      subjects: [`event:${id}`],
      result: 'skipped',
      summary: `an event was ignored: it ${reason}`,
      details: { reason, excerpt },
    })),
  );
}

/** The stories of our own late commits that answer these pushes. One may have lost its records when the function ended too early: its trailers bring them back, with the same ids. */
async function recover(
  pushes: readonly Push[],
  look: Look,
  { repo }: BumpPorts,
): Promise<(BumpStory & { records: AuditRecord[] })[]> {
  if (pushes.length === 0) return [];
  const events = new Set(pushes.map((push) => push.id));
  const commits = await repo.recent(look.head, lookBack);
  return commits.flatMap((commit) => {
    const story = storyIn(commit);
    if (story === undefined || !story.events.some((id) => events.has(id))) return [];
    return [{ ...story, records: bumpedRecords(story, commit.revision, secondsOf(new Date(commit.at))) }];
  });
}

function recordsOf(push: Push, decisions: readonly Decision[], stories: readonly BumpStory[]): AuditRecord[] {
  const received = pushRecord(
    push,
    decisions.map(({ entry }) => entry.name),
  );
  if (decisions.length === 0) return [received, unwatched(push)];
  const outcomes = decisions.flatMap((decision): AuditRecord[] => {
    const { entry, failed, waiting } = decision;
    if (failed !== undefined)
      return [failureRecord(push, `image:${entry.name}`, failed.code, `${entry.name}: ${messageOf(failed)}`)];
    if (waiting !== undefined) return [skipRecord(push, decision, waiting)];
    const moves = stories.flatMap(({ images }) => images).filter(({ policy }) => policy === entry.name);
    if (moves.some(({ to }) => to.replace(/@.*$/, '') === push.tag)) return [];
    return [passedOverRecord(push, decision, moves.length > 0)];
  });
  return [received, ...outcomes];
}

function pushRecord(push: Push, policies: readonly string[]): AuditRecord {
  return {
    id: recordId('push-received', push.id),
    at: push.at,
    kind: 'push-received',
    actor: 'push event',
    subjects: [`event:${push.id}`, ...policies.map((name) => `image:${name}`)],
    result: 'ok',
    summary: `${push.repository}:${push.tag} was pushed`,
    details: {
      repository: push.repository,
      tag: push.tag,
      ...(push.digest === undefined ? {} : { digest: push.digest }),
    },
  };
}

function unwatched(push: Push): AuditRecord {
  return {
    id: recordId('event-ignored', push.id),
    at: push.at,
    kind: 'event-ignored',
    actor,
    subjects: [`event:${push.id}`],
    result: 'skipped',
    summary: `no image in windlass.yaml is ${push.repository}`,
  };
}

function skipRecord(push: Push, { entry, current, newest, ref }: Decision, waiting: string): AuditRecord {
  return {
    id: recordId('bump-skipped', push.id, entry.name, waiting),
    at: push.at,
    kind: 'bump-skipped',
    actor,
    subjects: [`event:${push.id}`, `image:${entry.name}`],
    result: 'skipped',
    summary: `${entry.name} stays as it is${ref === undefined ? '' : ' in part'}: ${waiting}`,
    details: { current, ...(newest === undefined ? {} : { newest }), reason: waiting },
  };
}

/** A tag that the policy does not take, or that Git has: another try finds the same, so the record is one for each push and policy. */
function passedOverRecord(push: Push, { entry, current, newest, ref, reasons }: Decision, moved: boolean): AuditRecord {
  const why = reasons.find(({ tag }) => tag === push.tag)?.reason;
  const has = ref?.tag === push.tag || (current.length > 0 && current.every((tag) => tag === push.tag));
  const tagWhy = has ? `Git has ${push.tag} already` : wordsOf(push.tag, why);
  return {
    id: recordId('bump-skipped', push.id, entry.name),
    at: push.at,
    kind: 'bump-skipped',
    actor,
    subjects: [`event:${push.id}`, `image:${entry.name}`],
    result: 'skipped',
    summary: `${entry.name} ${moved ? 'went past this push' : 'stays as it is'}: ${tagWhy}`,
    details: { current, ...(newest === undefined ? {} : { newest }), reason: tagWhy },
  };
}

function wordsOf(tag: string, why: string | undefined): string {
  if (why === undefined) return `the registry does not list ${tag}`;
  const notTaken = 'not taken: ';
  return why.startsWith(notTaken) ? why.slice(notTaken.length) : `${tag} ${why}`;
}

function failureRecord(push: Push, subject: string, code: string, message: string, revision?: string): AuditRecord {
  return {
    id: recordId('bump-failed', push.id, subject, code),
    at: push.at,
    kind: 'bump-failed',
    actor,
    subjects: [`event:${push.id}`, subject],
    ...(revision === undefined ? {} : { revision }),
    result: 'failed',
    summary: message,
    details: { code },
  };
}

function stateOf(decision: Decision, plan: BumpPlan, now: Date): ImageState {
  const { entry, rule, newest, waiting, holds } = decision;
  const { tags, untagged } = currentOf(plan.files, entry.name);
  return {
    policy: entry.name,
    repository: entry.image,
    rule,
    current: [...tags, ...untagged],
    ...(newest === undefined ? {} : { newest }),
    ...(waiting === undefined ? {} : { waiting }),
    holds: holds.map(({ tag, past, by, why, until }) => ({
      tag,
      past,
      who: by ?? '',
      why: why ?? '',
      ...(until === undefined ? {} : { until }),
    })),
    at: now.toISOString(),
  };
}

function bumpedMessage(order: BumpOrder, look: Look, plan: BumpPlan, revision: string, branch: string): Bumped {
  return {
    type: 'Bumped',
    at: secondsOf(order.now),
    branch,
    revision,
    parent: look.head,
    images: plan.story.images.map(({ policy, to }) => ({ policy, tag: to.replace(/@.*$/, '') })),
    changes: plan.changes,
    released: plan.released.map(({ image, tag, past }) => ({ policy: image, tag, past })),
    events: plan.story.events,
  };
}

/** Git keeps whole seconds: what is told of a commit has its time, also when it is told a second time from the commit itself. */
function secondsOf(time: Date): string {
  return new Date(Math.floor(time.getTime() / 1000) * 1000).toISOString();
}
