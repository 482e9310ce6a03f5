import { type AuditRecord, recordId } from '../model/audit-record.ts';
import { type BumpStory, storyIn, wholeSeconds } from '../model/bump-story.ts';
import { shortTo } from './message.ts';
import { nameOf } from './plan-proposals.ts';
import type { Proposed } from './ports.ts';
import type { ProposalResult } from './propose.ts';

const actor = 'windlass bump';

/** What became of a proposal, where anything did. `at` is the time of the bump, in whole seconds. */
export function proposalRecords({ plan, proposed, failed }: ProposalResult, at: string): AuditRecord[] {
  if (failed !== undefined) return [];
  if (plan.act === 'propose' && proposed !== undefined)
    return [
      proposedRecord(plan.group, plan.story, proposed, proposed.at === undefined ? at : wholeSeconds(proposed.at)),
    ];
  if (plan.act !== 'withdraw') return [];
  const { group, policies, proposal, why } = plan;
  return [
    {
      id: recordId('bump-withdrawn', group, proposal.revision),
      at,
      kind: 'bump-withdrawn',
      actor,
      subjects: [...policies.map((name) => `image:${name}`), `revision:${proposal.revision}`],
      revision: proposal.revision,
      result: 'ok',
      summary: `${nameOf(proposal)} was withdrawn: ${why}`,
      details: { group, why },
    },
  ];
}

/** What a proposal says of itself, by the plan or by the trailers of what was proposed before. */
export function storyOfProposal({ plan }: ProposalResult): BumpStory | undefined {
  if (plan.act === 'propose') return plan.story;
  return plan.act === 'leave' && plan.inReview ? storyIn(plan.proposal) : undefined;
}

/** The record of a proposal that stands and may have lost it when the function ended too early. */
export function standingRecord({ plan }: ProposalResult): AuditRecord[] {
  if (plan.act !== 'leave' || !plan.inReview || plan.proposal.at === undefined) return [];
  const story = storyIn(plan.proposal);
  return story === undefined ? [] : [proposedRecord(plan.group, story, plan.proposal, wholeSeconds(plan.proposal.at))];
}

function proposedRecord(
  group: string,
  { images, events }: BumpStory,
  proposed: Omit<Proposed, 'warnings' | 'at'> & { warnings?: string[] },
  at: string,
): AuditRecord {
  const { revision, warnings = [] } = proposed;
  const moves = images.map((image) => `${image.policy} to ${shortTo(image)}`).join(', ');
  return {
    id: recordId('bump-proposed', group, revision),
    at,
    kind: 'bump-proposed',
    actor,
    subjects: [
      ...images.map(({ policy }) => `image:${policy}`),
      `revision:${revision}`,
      ...events.map((id) => `event:${id}`),
    ],
    revision,
    result: 'ok',
    summary: `${moves} ${images.length === 1 ? 'was' : 'were'} proposed: ${nameOf(proposed)}`,
    details: { group, images, ...(warnings.length === 0 ? {} : { warnings }) },
  };
}
