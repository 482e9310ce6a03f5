import { createHash } from 'node:crypto';
import { oneLine } from '../model/commit-message.ts';
import type { CommitRequest } from '../model/config-repo.ts';
import { keyOf } from './commit.ts';
import { type RollbackPlan, targetName } from './order.ts';

/** What a pull request of a rollback is to be. */
export interface RollbackProposal extends CommitRequest {
  /** None of bump's. */
  group: string;
  branch: string;
  title: string;
  /** Markdown. */
  description: string;
  labels: string[];
  reviewers: string[];
  autoMerge: boolean;
}

/** The same for the same rollback, so that its second proposal meets the first one's branch; another one for every other. */
export function proposalId(plan: RollbackPlan): string {
  return createHash('sha256').update(keyOf(plan)).digest('hex').slice(0, 8);
}

/** A plan as a pull request: the commit with its hold, on a branch of its own. `id` keeps two of one target apart. */
export function proposalOf(plan: RollbackPlan, id: string): RollbackProposal {
  const { order, commit, remarks } = plan;
  const name = targetName(order)
    .replace(/^(?:image|sync)\//, '')
    .replace(/[^A-Za-z0-9-]+/g, '-');
  const quoted = commit.body.map((line) => (line === '' ? '' : `    ${line}`));
  return {
    ...commit,
    at: order.now,
    group: name,
    branch: `windlass/rollback/${name}-${id}`,
    title: commit.subject,
    description: [...quoted, '', ...remarks.map((remark) => `- ${plain(remark)}`)].join('\n').trimEnd(),
    labels: [],
    reviewers: [],
    autoMerge: false,
  };
}

/** A text as Markdown shows it letter by letter: remarks name tags, files and people's words. */
function plain(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_[\](){}#!|~<>&]/g, (sign) => (sign === '<' ? '&lt;' : sign === '&' ? '&amp;' : `\\${sign}`))
    .replace(/@/g, '@\u200b');
}
