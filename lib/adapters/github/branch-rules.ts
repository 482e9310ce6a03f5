import * as z from 'zod';
import type { BranchRule, BranchRules } from '../../model/branch-rules.ts';
import type { GitHub, GitHubRepo } from './client.ts';
import { isFailure } from './failure.ts';
import { told } from './trouble.ts';

const repository = z.object({
  archived: z.boolean(),
  permissions: z.object({ push: z.boolean().optional() }).optional(),
});
const branchShape = z.object({ protected: z.boolean(), protection: z.object({ enabled: z.boolean() }).optional() });
const ruleShape = z.array(
  z.object({ type: z.string(), ruleset_id: z.number().optional(), ruleset_source: z.string().optional() }),
);
const rulesetShape = z.object({ name: z.string(), current_user_can_bypass: z.string().optional() });
const on = z.object({ enabled: z.boolean() }).optional();
const protectionShape = z.object({
  required_pull_request_reviews: z.object({}).optional(),
  required_status_checks: z.object({}).nullish(),
  required_signatures: on,
  restrictions: z.object({}).nullish(),
  lock_branch: on,
});

/** Reads what GitHub says of one branch. Throws `UserError` and `RetryableError`. */
export async function readBranchRules({
  client,
  owner,
  repo: name,
  branch,
}: {
  client: GitHub;
  owner: string;
  repo: string;
  branch: string;
}): Promise<BranchRules> {
  const repo = client.repo(owner, name);
  return await told(
    { what: `read the rules of ${branch} of ${repo.name}`, subject: repo.name, needs: 'Metadata: read' },
    async () => {
      const { archived, permissions } = await repo.rest('GET /repos/{owner}/{repo}', {}, repository);
      const [rules, protection] = await Promise.all([readRules(repo, branch), readProtection(repo, branch)]);
      return { archived, mayPush: permissions?.push, rules, protection };
    },
  );
}

async function readRules(repo: GitHubRepo, branch: string): Promise<BranchRule[]> {
  const found = await repo.rest(
    'GET /repos/{owner}/{repo}/rules/branches/{branch}',
    { branch, per_page: 100 },
    ruleShape,
  );
  const ids = [...new Set(found.flatMap(({ ruleset_id }) => ruleset_id ?? []))];
  const rulesets = new Map(await Promise.all(ids.map(async (id) => [id, await readRuleset(repo, id)] as const)));
  return found.map(({ type, ruleset_id = 0, ruleset_source = '' }) => {
    const known = rulesets.get(ruleset_id);
    return { type, ruleset: known?.name ?? ruleset_source, bypassed: known?.bypassed ?? false };
  });
}

async function readRuleset(repo: GitHubRepo, id: number): Promise<{ name: string; bypassed: boolean } | undefined> {
  const route = 'GET /repos/{owner}/{repo}/rulesets/{ruleset_id}';
  try {
    const { name, current_user_can_bypass: can } = await repo.rest(
      route,
      { ruleset_id: id, includes_parents: true },
      rulesetShape,
    );
    return { name, bypassed: can === 'always' || can === 'exempt' };
  } catch (error) {
    // One of the organization may be hidden; its rules are in force nevertheless.
    if (isFailure(error, 'refused', 403, 404)) return undefined;
    throw error;
  }
}

async function readProtection(repo: GitHubRepo, branch: string): Promise<BranchRules['protection']> {
  const { protected: isProtected, protection } = await repo.rest(
    'GET /repos/{owner}/{repo}/branches/{branch}',
    { branch },
    branchShape,
  );
  // Rulesets make a branch protected as well; this says whether there is a classic protection.
  if (!isProtected || protection?.enabled === false) return 'none';
  try {
    const found = await repo.rest(
      'GET /repos/{owner}/{repo}/branches/{branch}/protection',
      { branch },
      protectionShape,
    );
    return { types: typesOf(found) };
  } catch (error) {
    if (isFailure(error, 'refused', 404) && /not protected/i.test(error.message)) return 'none';
    if (isFailure(error, 'refused', 403, 404)) return 'hidden';
    throw error;
  }
}

function typesOf(found: z.infer<typeof protectionShape>): string[] {
  return [
    ...(found.required_pull_request_reviews ? ['pull_request'] : []),
    ...(found.required_status_checks ? ['required_status_checks'] : []),
    ...(found.required_signatures?.enabled ? ['required_signatures'] : []),
    ...(found.restrictions ? ['update'] : []),
    ...(found.lock_branch?.enabled ? ['lock_branch'] : []),
  ];
}
