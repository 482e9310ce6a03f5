import { createHash } from 'node:crypto';
import type { PolicyTarget } from '../edit/target.ts';
import type { ImageChange } from '../model/messages.ts';
import type { Hold } from '../policy/spec.ts';
import type { Decision } from './decision.ts';
import { type Contents, editRoute, expected, movedBy, type RouteWish, wishesOf } from './edit-route.ts';
import type { Look } from './look.ts';
import { bodyOf, environmentsOf, subjectOf } from './message.ts';
import { routesOf } from './places.ts';
import type { Proposal, ProposalRequest, Registry } from './ports.ts';
import { descriptionOf } from './proposal-text.ts';
import { deletionsOf } from './released.ts';
import { sourcesOf } from './source.ts';
import { type BumpStory, storyOf, trailersOf } from './story.ts';

/** What is to become of one group's proposal. */
export type ProposalPlan = { group: string; policies: string[] } & (
  | { act: 'propose'; request: Omit<ProposalRequest, 'at' | 'parent'>; story: BumpStory; changes: ImageChange[] }
  | { act: 'withdraw'; proposal: Proposal; why: string }
  /** It is as it should be, or not bump's to change: `why` says it. */
  | { act: 'leave'; proposal: Proposal; why: string }
);

/** Names the changes of a proposal, so that the same ones are not proposed twice. */
const identityKey = 'Windlass-Proposal';

/** What proposals are planned from, beside look and decisions. */
export interface ProposalSources {
  contents: Contents;
  targets: ReadonlyMap<string, readonly PolicyTarget[]>;
  registry: Registry;
  /** Holds that bump's own commit deletes already. */
  released: ReadonlySet<Hold>;
}

/**
 * Plans one proposal for each group that a decision belongs to: made anew when its changes are others than those on its branch, withdrawn when
 * nothing is left to change. A group of which one policy could not be decided is not touched.
 */
export async function planProposals(
  look: Look,
  decisions: readonly Decision[],
  events: readonly string[],
  sources: ProposalSources,
): Promise<ProposalPlan[]> {
  const members = new Map<string, Decision[]>();
  for (const decision of decisions) {
    for (const { group } of routesOf(look, decision.entry)) {
      if (group !== undefined) members.set(group, [...(members.get(group) ?? []), decision]);
    }
  }
  const plans: ProposalPlan[] = [];
  for (const [group, of] of members) {
    if (of.some(({ failed }) => failed !== undefined)) continue;
    const plan = await planGroup(look, group, of, events, sources);
    if (plan !== undefined) plans.push(plan);
  }
  return [...plans, ...superseded(look, decisions, new Set(members.keys()))];
}

async function planGroup(
  look: Look,
  group: string,
  members: readonly Decision[],
  events: readonly string[],
  sources: ProposalSources,
): Promise<ProposalPlan | undefined> {
  const policies = members.map(({ entry }) => entry.name);
  const proposal = look.proposals.find((candidate) => candidate.group === group);
  const wishes = wishesOf(members, group);
  const changes = wishes.flatMap(expected);
  if (changes.length === 0) {
    if (proposal?.state !== 'open' || !isOurs(proposal)) return undefined;
    return {
      group,
      policies,
      act: 'withdraw',
      proposal,
      why: 'Git has what the policies choose: nothing is left to change.',
    };
  }
  const identity = identityOf(changes);
  if (proposal !== undefined) {
    const why = whyLeft(proposal, identity);
    if (why !== undefined) return { group, policies, act: 'leave', proposal, why };
  }
  return planRequest(look, group, wishes, events, identity, sources);
}

async function planRequest(
  look: Look,
  group: string,
  wishes: readonly RouteWish[],
  events: readonly string[],
  identity: string,
  { contents, targets, registry, released }: ProposalSources,
): Promise<ProposalPlan | undefined> {
  const edits = await editRoute(wishes, contents, targets);
  if (edits.files.length === 0) return undefined;
  const moved = movedBy(wishes, edits.changes);
  const story = storyOf(moved, edits.changes, events, await sourcesOf(moved, registry));
  const passed = moved.flatMap(({ outcome }) => outcome.released).filter((hold) => !released.has(hold));
  const environments = environmentsOf(
    edits.files.map(({ path }) => path),
    look.config,
  );
  const subject = subjectOf(story, edits.changes, look.config);
  const request: Omit<ProposalRequest, 'at' | 'parent'> = {
    group,
    files: [...edits.files.map(({ path, after }) => ({ path, bytes: after })), ...deletionsOf(passed)],
    subject,
    body: bodyOf(story, edits.changes, passed, look.config),
    trailers: [...trailersOf(story), [identityKey, identity]],
    title: environments.length === 0 ? subject : `${subject} in ${environments.join(', ')}`,
    description: descriptionOf(story, edits.changes, passed),
    ...look.config.pullRequests,
  };
  return {
    group,
    policies: story.images.map(({ policy }) => policy),
    act: 'propose',
    request,
    story,
    changes: edits.changes,
  };
}

/** Groups that no image belongs to any more, of which every policy was looked at (a sweep). */
function superseded(look: Look, decisions: readonly Decision[], groups: ReadonlySet<string>): ProposalPlan[] {
  const all = Object.values(look.config.images);
  if (decisions.length < all.length) return [];
  return look.proposals
    .filter((proposal) => proposal.state === 'open' && isOurs(proposal) && !groups.has(proposal.group))
    .map((proposal) => ({
      group: proposal.group,
      policies: [],
      act: 'withdraw',
      proposal,
      why: 'No image of windlass.yaml is proposed here any more.',
    }));
}

function whyLeft(proposal: Proposal, identity: string): string | undefined {
  const { state, branch } = proposal;
  if (state === 'open' && !isOurs(proposal))
    return `somebody committed to ${branch}: bump leaves it to them until it is merged or deleted`;
  if (identityIn(proposal) !== identity) return undefined;
  return state === 'declined'
    ? `${nameOf(proposal)} was closed without merging: only something else is proposed`
    : `${nameOf(proposal)} waits for a review`;
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
  return trailers.find(([key]) => key === identityKey)?.[1];
}

function identityOf(changes: readonly ImageChange[]): string {
  const lines = changes.map(({ policy, file, line, from, to }) => JSON.stringify([file, line, policy, from, to]));
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16);
}
