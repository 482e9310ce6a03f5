import { currentOf } from '../edit/current.ts';
import type { SkippedMarker } from '../edit/source-file.ts';
import { type AuditRecord, recordId } from '../model/audit-record.ts';
import { formatProblem, messageOf, type Problem, RetryableError, type UserError } from '../model/errors.ts';
import type { Bumped, ImageChange } from '../model/messages.ts';
import type { ImageState } from '../model/state.ts';
import type { Decision } from './decision.ts';
import type { BrokenHead, Look } from './look.ts';
import { tagOf } from './message.ts';
import type { BumpPlan } from './plan.ts';
import { nameOf } from './plan-proposals.ts';
import type { BumpPorts } from './ports.ts';
import type { ProposalResult } from './propose.ts';
import type { IgnoredEvent, Push } from './push-event.ts';
import { receivedRecord } from './received-event.ts';
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
  /** The pull requests that the images belong to. */
  proposals: ProposalSummary[];
  /** Markers that were not applied, with the reason. */
  skipped: SkippedMarker[];
  failure?: { code: string; message: string; problems: readonly Problem[] };
  /** Pushes whose image could not be looked at for a reason that may pass: send them again. */
  retry: Push[];
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

const actor = 'windlass bump';

/** What one bump saw and did. */
export interface Told {
  order: BumpOrder;
  look: Look;
  decisions: readonly Decision[];
  plan: BumpPlan;
  proposals: readonly ProposalResult[];
  /** The commit that was made, if one was. */
  revision: string | undefined;
}

/** Records what became of each push and image. */
export async function tell(told: Told, ports: BumpPorts): Promise<BumpResult> {
  const { order, look, decisions, plan, proposals, revision } = told;
  const pushes = order.pushes ?? [];
  const views = decisions.map((decision) => viewOf(decision, proposals));
  const answered = (push: Push) => views.filter(({ decision }) => decision.entry.image === push.repository);
  const at = secondsOf(order.now);
  const made = revision === undefined ? [] : bumpedRecords(plan.story, revision, at);
  const lost = recover(pushes, look);
  const proposed = proposals.flatMap((result) => storyOfProposal(result) ?? []);
  const stories = [...lost, ...proposed, ...(revision === undefined ? [] : [plan.story])];
  const records = pushes.flatMap((push) => recordsOf(push, answered(push), stories));
  const images = views.map((view) => stateOf(view, plan, order.now));
  await ports.records.append([
    ...records,
    ...lost.flatMap((story) => story.records),
    ...made,
    ...proposalRecords(proposals, at),
  ]);
  await ports.records.saveImages(images);
  const bumped = revision === undefined ? undefined : bumpedMessage(order, look, plan, revision, ports.repo.branch);
  if (bumped !== undefined) await ports.records.announce(bumped);
  return {
    outcome: bumped === undefined ? 'nothing-to-do' : 'committed',
    ...(bumped === undefined ? {} : { bumped }),
    images,
    proposals: proposals.map(summaryOf),
    skipped: plan.skipped,
    retry: pushes.filter((push) => answered(push).some(({ trouble }) => trouble instanceof RetryableError)),
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
    receivedRecord(push, []),
    failureRecord(push, `repository:${push.repository}`, code, message, head),
  ]);
  await ports.records.append(failures);
  return { outcome: 'failed', images: [], proposals: [], skipped: [], failure: { code, message, problems }, retry: [] };
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

/** A decision with what became of its proposals: what is told of one image. */
interface View {
  decision: Decision;
  /** Why all or a part of it stays as it is, for another reason than a review. */
  waiting?: string;
  /** The proposals that a part of it waits for. */
  review: string[];
  /** Something of it moves with bump's commit, or is proposed. */
  moves: boolean;
  trouble?: UserError | RetryableError;
}

function viewOf(decision: Decision, proposals: readonly ProposalResult[]): View {
  const mine = proposals.filter(({ plan }) => plan.policies.includes(decision.entry.name));
  const trouble = decision.failed ?? mine.find(({ failed }) => failed !== undefined)?.failed;
  const reasons = [decision.waiting, ...decision.outcomes.map(({ waiting }) => waiting)].filter(
    (reason) => reason !== undefined,
  );
  return {
    decision,
    review: mine.flatMap(({ plan, waiting }) => (waiting === undefined ? [] : [`${plan.group}: ${waiting}`])),
    moves: decision.outcomes.some(({ ref }) => ref !== undefined),
    ...(trouble === undefined ? {} : { trouble }),
    ...(reasons.length === 0 ? {} : { waiting: [...new Set(reasons)].join('; ') }),
  };
}

/** The stories of our own late commits that answer these pushes. One may have lost its records when the function ended too early: its trailers bring them back, with the same ids. */
function recover(pushes: readonly Push[], { recent }: Look): (BumpStory & { records: AuditRecord[] })[] {
  const events = new Set(pushes.map((push) => push.id));
  return recent.flatMap((commit) => {
    const story = storyIn(commit);
    if (story === undefined || !story.events.some((id) => events.has(id))) return [];
    return [{ ...story, records: bumpedRecords(story, commit.revision, secondsOf(new Date(commit.at))) }];
  });
}

function recordsOf(push: Push, views: readonly View[], stories: readonly BumpStory[]): AuditRecord[] {
  const received = receivedRecord(
    push,
    views.map(({ decision }) => decision.entry.name),
  );
  if (views.length === 0) return [received, unwatched(push)];
  const outcomes = views.flatMap((view): AuditRecord[] => {
    const { decision, trouble, waiting } = view;
    const { name } = decision.entry;
    if (trouble !== undefined)
      return [failureRecord(push, `image:${name}`, trouble.code, `${name}: ${messageOf(trouble)}`)];
    if (waiting !== undefined) return [skipRecord(push, view, waiting)];
    const moves = stories.flatMap(({ images }) => images).filter(({ policy }) => policy === name);
    if (moves.some(({ to }) => push.tag === undefined || tagOf(to) === push.tag)) return [];
    return [passedOverRecord(push, decision, moves.length > 0)];
  });
  return [received, ...outcomes];
}

/** What is proposed, by the plan or by the trailers of what was proposed before. */
function storyOfProposal({ plan }: ProposalResult): BumpStory | undefined {
  if (plan.act === 'propose') return plan.story;
  return plan.act === 'leave' ? storyIn(plan.proposal) : undefined;
}

function proposalRecords(proposals: readonly ProposalResult[], at: string): AuditRecord[] {
  return proposals.flatMap(({ plan, proposed }): AuditRecord[] => {
    if (plan.act === 'propose' && proposed !== undefined) {
      const { story, group } = plan;
      const moves = story.images.map(({ policy, to }) => `${policy} to ${tagOf(to)}`).join(', ');
      return [
        {
          id: recordId('bump-proposed', group, proposed.revision),
          at,
          kind: 'bump-proposed',
          actor,
          subjects: [
            ...story.images.map(({ policy }) => `image:${policy}`),
            `revision:${proposed.revision}`,
            ...story.events.map((id) => `event:${id}`),
          ],
          revision: proposed.revision,
          result: 'ok',
          summary: `${moves} ${story.images.length === 1 ? 'was' : 'were'} proposed: ${nameOf(proposed)}`,
          details: { group, images: story.images, warnings: proposed.warnings },
        },
      ];
    }
    if (plan.act !== 'withdraw') return [];
    const { proposal, why } = plan;
    return [
      {
        id: recordId('bump-withdrawn', plan.group, proposal.revision),
        at,
        kind: 'bump-withdrawn',
        actor,
        subjects: [...plan.policies.map((name) => `image:${name}`), `revision:${proposal.revision}`],
        revision: proposal.revision,
        result: 'ok',
        summary: `${nameOf(proposal)} was withdrawn: ${why}`,
      },
    ];
  });
}

function summaryOf({ plan, proposed, waiting, failed }: ProposalResult): ProposalSummary {
  const { group, act } = plan;
  return {
    group,
    act: failed === undefined ? act : 'failed',
    ...(waiting === undefined ? {} : { waiting }),
    ...(proposed?.url === undefined ? {} : { url: proposed.url }),
    changes: plan.act === 'propose' ? plan.changes : [],
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

function skipRecord(push: Push, { decision, moves }: View, waiting: string): AuditRecord {
  const { entry, current, newest } = decision;
  return {
    id: recordId('bump-skipped', push.id, entry.name, waiting),
    at: push.at,
    kind: 'bump-skipped',
    actor,
    subjects: [`event:${push.id}`, `image:${entry.name}`],
    result: 'skipped',
    summary: `${entry.name} stays as it is${moves ? ' in part' : ''}: ${waiting}`,
    details: { current, ...(newest === undefined ? {} : { newest }), reason: waiting, waits: true },
  };
}

/** A tag that the policy does not take, or that Git has: another try finds the same, so the record is one for each push and policy. */
function passedOverRecord(push: Push, decision: Decision, moved: boolean): AuditRecord {
  const { entry, current, newest } = decision;
  const reason = push.tag === undefined ? noTagWhy(decision) : tagWhy(push.tag, decision);
  return {
    id: recordId('bump-skipped', push.id, entry.name),
    at: push.at,
    kind: 'bump-skipped',
    actor,
    subjects: [`event:${push.id}`, `image:${entry.name}`],
    result: 'skipped',
    summary: `${entry.name} ${moved ? `went past this ${push.cause === 'push' ? 'push' : 'event'}` : 'stays as it is'}: ${reason}`,
    details: { current, ...(newest === undefined ? {} : { newest }), reason },
  };
}

function tagWhy(tag: string, { current, outcomes }: Decision): string {
  const why = outcomes.flatMap(({ reasons }) => reasons).find((known) => known.tag === tag)?.reason;
  const isTaken = outcomes.some(({ ref }) => ref?.tag === tag);
  const has = isTaken || (current.length > 0 && current.every((known) => known === tag));
  return has ? `Git has ${tag} already` : wordsOf(tag, why);
}

/** The event told of no tag, or of several. */
function noTagWhy({ current, newest }: Decision): string {
  if (newest === undefined) return 'no tag fits';
  return current.includes(newest) ? `Git has ${newest} already` : 'there is nothing to change';
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

function stateOf({ decision, waiting: own, review }: View, plan: BumpPlan, now: Date): ImageState {
  const waiting = own === undefined && review.length === 0 ? undefined : [own, ...review].filter(Boolean).join('; ');
  const { entry, rule, newest, holds } = decision;
  const { tags, untagged } = currentOf(
    plan.files.flatMap(({ facts }) => facts.markers),
    entry.name,
  );
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
    images: plan.story.images.map(({ policy, to }) => ({ policy, tag: tagOf(to) })),
    changes: plan.changes,
    released: plan.released.map(({ image, tag, past }) => ({ policy: image, tag, past })),
    events: plan.story.events,
  };
}

/** Git keeps whole seconds: what is told of a commit has its time, also when it is told a second time from the commit itself. */
function secondsOf(time: Date): string {
  return new Date(Math.floor(time.getTime() / 1000) * 1000).toISOString();
}
