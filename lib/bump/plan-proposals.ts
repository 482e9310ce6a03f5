import { createHash } from 'node:crypto';
import type { SkippedMarker } from '../edit/source-file.ts';
import type { PolicyTarget } from '../edit/target.ts';
import { type BumpStory, proposalKey, storyIn, trailersOf } from '../model/bump-story.ts';
import { messageOf, type RetryableError, type UserError } from '../model/errors.ts';
import type { ImageChange } from '../model/messages.ts';
import type { Decision } from './decision.ts';
import { type Contents, editRoute, expected, movedBy, type RouteWish, wishesOf } from './edit-route.ts';
import type { Look } from './look.ts';
import { bodyOf, environmentsOf, subjectOf } from './message.ts';
import { routesOf } from './places.ts';
import type { Proposal, ProposalRequest, Registry } from './ports.ts';
import { descriptionOf } from './proposal-text.ts';
import type { Push } from './push.ts';
import { deletionsOf, endedBy, isInGit } from './released.ts';
import { sourcesOf } from './source.ts';
import { eventsFor, storyOf } from './story.ts';

/** What is to become of one group's proposal. */
export type ProposalPlan = { group: string; policies: string[] } & (
  | { act: 'propose'; request: Omit<ProposalRequest, 'at' | 'parent'>; story: BumpStory; changes: ImageChange[] }
  | { act: 'withdraw'; proposal: Proposal; why: string }
  /** It is as it should be and waits for somebody's review, or it is not bump's to change: `why` says it. */
  | { act: 'leave'; proposal: Proposal; why: string; inReview: boolean }
  /** One of its images could not be looked at, so that nobody knows what it should be. */
  | { act: 'stop'; why: string; cause: UserError | RetryableError }
);

/** The proposals, and the places that cannot be edited in them. */
export interface ProposalPlans {
  plans: ProposalPlan[];
  skipped: SkippedMarker[];
}

/** What proposals are planned from, beside look and decisions. */
export interface ProposalSources {
  /** Files as they are after bump's own commit. */
  contents: Contents;
  targets: ReadonlyMap<string, readonly PolicyTarget[]>;
  registry: Registry;
  /** What bump's own commit changes. */
  committed: readonly RouteWish[];
}

/**
 * Plans one proposal for each group that a decision belongs to: made anew when its changes are others than those on its branch, withdrawn when
 * nothing is left to change. A group of which one policy could not be looked at is not touched.
 */
export async function planProposals(
  look: Look,
  decisions: readonly Decision[],
  pushes: readonly Push[],
  sources: ProposalSources,
): Promise<ProposalPlans> {
  const members = new Map<string, Decision[]>();
  for (const decision of decisions) {
    for (const { group } of routesOf(look, decision.entry)) {
      if (group !== undefined) members.set(group, [...(members.get(group) ?? []), decision]);
    }
  }
  const all: ProposalPlans = { plans: [], skipped: [] };
  for (const [group, of] of members) {
    const { plans, skipped } = await planGroup(look, group, of, pushes, sources);
    all.plans.push(...plans);
    all.skipped.push(...skipped);
  }
  all.plans.push(...superseded(look, decisions, new Set(members.keys())));
  return all;
}

async function planGroup(
  look: Look,
  group: string,
  members: readonly Decision[],
  pushes: readonly Push[],
  sources: ProposalSources,
): Promise<ProposalPlans> {
  const of = { group, policies: members.map(({ entry }) => entry.name) };
  const only = (plan: ProposalPlan): ProposalPlans => ({ plans: [plan], skipped: [] });
  for (const { entry, failed } of members) {
    const why = `${entry.name} could not be looked at, so that nothing is proposed: ${messageOf(failed)}`;
    if (failed !== undefined) return only({ ...of, act: 'stop', why, cause: failed });
  }
  const proposal = look.proposals.find((candidate) => candidate.group === group);
  const unclear = members.find((member) => member.unclear !== undefined);
  if (proposal !== undefined && unclear !== undefined) {
    const why = `${nameOf(proposal)} stays as it is while ${unclear.waiting}`;
    return only({ ...of, act: 'leave', proposal, why, inReview: false });
  }
  const wishes = wishesOf(members, group);
  if (wishes.every(isInGit)) {
    if (proposal?.state !== 'open' || !isOurs(proposal)) return { plans: [], skipped: [] };
    return only({ ...of, act: 'withdraw', proposal, why: whyNothing(members, group) });
  }
  const identity = identityOf(wishes, sources);
  const left = proposal && whyLeft(proposal, identity);
  if (proposal !== undefined && left !== undefined) return only({ ...of, act: 'leave', proposal, ...left });
  const keeps = proposal !== undefined && isAsWanted(proposal, identity) ? storyIn(proposal) : undefined;
  return planRequest(look, { ...of, replaces: proposal?.revision, keeps }, wishes, pushes, identity, sources);
}

async function planRequest(
  look: Look,
  { group, policies, replaces, keeps }: { group: string; policies: string[]; replaces?: string; keeps?: BumpStory },
  wishes: readonly RouteWish[],
  pushes: readonly Push[],
  identity: string,
  sources: ProposalSources,
): Promise<ProposalPlans> {
  const edits = await editRoute(wishes, sources.contents.copy(), sources.targets);
  const { skipped, changes } = edits;
  if (edits.files.length === 0) return { plans: [], skipped };
  const moved = movedBy(wishes, changes);
  const ended = endedBy(moved, isDoneBeside(sources));
  // A commit that stays is told as its trailers tell it.
  const story =
    keeps ?? storyOf(moved, changes, eventsFor(moved, pushes), await sourcesOf(moved, sources.registry), ended);
  const environments = environmentsOf(
    edits.files.map(({ path }) => path),
    look.config,
  );
  const subject = subjectOf(story, changes, look.config);
  const told = look.config.message.body === undefined ? [] : bodyOf(story, changes, [], look.config);
  const isOwn = look.config.message.subject !== undefined;
  const request: Omit<ProposalRequest, 'at' | 'parent'> = {
    group,
    files: [...edits.files.map(({ path, after }) => ({ path, bytes: after })), ...deletionsOf(ended)],
    subject,
    body: bodyOf(story, changes, ended, look.config),
    trailers: [...trailersOf(story), [proposalKey, identity]],
    title: isOwn || environments.length === 0 ? subject : `${subject} in ${environments.join(', ')}`,
    description: descriptionOf(story, changes, ended, identity, told),
    ...look.config.pullRequests,
    ...(replaces === undefined ? {} : { replaces }),
    ...(keeps === undefined ? {} : { keeps: true }),
  };
  return { plans: [{ group, policies, act: 'propose', request, story, changes }], skipped };
}

/** A hold ends with a proposal when Git has everything else of the image by then. */
function isDoneBeside({ committed }: ProposalSources): (other: RouteWish) => boolean {
  return (other) => isInGit(other) || committed.some(({ outcome }) => outcome === other.outcome);
}

/** Why nothing is left of what was proposed. */
function whyNothing(members: readonly Decision[], group: string): string {
  const reasons = members.flatMap(({ entry, waiting, outcomes }) => {
    const why = waiting ?? outcomes.find((outcome) => outcome.group === group && outcome.ref === undefined)?.waiting;
    return why === undefined ? [] : [`${entry.name} stays as it is: ${why}`];
  });
  return reasons.length === 0 ? 'Git has what the policies choose: nothing is left to change.' : reasons.join('; ');
}

/** Groups that no image belongs to any more, of which every policy was looked at (a sweep). */
function superseded(look: Look, decisions: readonly Decision[], groups: ReadonlySet<string>): ProposalPlan[] {
  const all = Object.values(look.config.images);
  if (decisions.length < all.length) return [];
  return look.proposals
    .filter((proposal) => proposal.state === 'open' && isOurs(proposal) && !groups.has(proposal.group))
    .map((proposal): ProposalPlan => {
      const policies = storyIn(proposal)?.images.map(({ policy }) => policy) ?? [];
      const hidden = policies.find((policy) => mayBeHidden(look, policy));
      const of = { group: proposal.group, policies, proposal };
      if (hidden === undefined)
        return { ...of, act: 'withdraw', why: 'No image of windlass.yaml is proposed here any more.' };
      const why = `${nameOf(proposal)} stays as it is: nothing that can be read names ${hidden} any more`;
      return { ...of, act: 'leave', why, inReview: false };
    });
}

/** The policy is wanted still, and its places may be in a file that cannot be read just now: that is no reason to take anything back. */
function mayBeHidden({ config, files, tooLarge }: Look, policy: string): boolean {
  const isNamed = files.some(({ facts }) => facts.markers.some((marker) => marker.policy === policy));
  if (config.images[policy] === undefined || isNamed) return false;
  return tooLarge.length > 0 || files.some(({ facts }) => facts.markers.length === 0 && facts.skipped.length > 0);
}

function whyLeft(proposal: Proposal, identity: string): { why: string; inReview: boolean } | undefined {
  const { state, branch, describes = identity } = proposal;
  if (state === 'open' && !isOurs(proposal)) {
    const why = `somebody committed to ${branch}: bump leaves it to them until it is merged or deleted`;
    return { why, inReview: false };
  }
  if (!isAsWanted(proposal, identity) || (state === 'open' && describes !== identity)) return undefined;
  return state === 'declined'
    ? { why: `${nameOf(proposal)} was closed without merging: only something else is proposed`, inReview: false }
    : { why: `${nameOf(proposal)} waits for a review`, inReview: true };
}

/** Its commit has these changes. What cannot be merged any more is made anew on what Git has now. */
function isAsWanted(proposal: Proposal, identity: string): boolean {
  return identityIn(proposal) === identity && !(proposal.state === 'open' && proposal.conflicts === true);
}

/** A proposal in words: its pull request, or its branch where the host has none. */
export function nameOf({ branch, number, url }: Pick<Proposal, 'branch' | 'number' | 'url'>): string {
  if (number === undefined) return `the branch ${branch}`;
  return `pull request #${number}${url === undefined ? '' : ` (${url})`}`;
}

function isOurs(proposal: Proposal): boolean {
  return identityIn(proposal) !== undefined;
}

function identityIn({ trailers }: Proposal): string | undefined {
  return trailers.find(([key]) => key === proposalKey)?.[1];
}

/** The same for the same changes on the same texts: a request is not made anew because something else in Git moved. */
function identityOf(wishes: readonly RouteWish[], sources: ProposalSources): string {
  const changes = wishes.flatMap(expected).map(({ file, line, policy, from, to }) => [file, line, policy, from, to]);
  const ended = endedBy(wishes, isDoneBeside(sources)).map(({ image, id }) => [image, id]);
  const lines = [...changes, ...ended].map((parts) => JSON.stringify(parts));
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16);
}
