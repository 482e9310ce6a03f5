import type { BranchRules } from '../../model/branch-rules.ts';
import { note, ok, type Said, unchecked, wrong } from './finding.ts';

/** What each kind of rule asks, and so refuses a commit that Windlass makes on the branch itself. Names are GitHub's. */
const refusing: Readonly<Record<string, string>> = {
  pull_request: 'wants a pull request',
  required_status_checks: 'wants status checks to pass first',
  required_deployments: 'wants a deployment to succeed first',
  workflows: 'wants workflows to pass first',
  code_scanning: 'wants results of code scanning first',
  code_quality: 'wants results of code quality first',
  merge_queue: 'lets in only what comes out of the merge queue',
  update: 'lets only named people and apps push',
  lock_branch: 'is locked: nobody may push',
};

/** Rules that refuse some commits: whether those of Windlass are among them only GitHub can tell. */
const choosy: Readonly<Record<string, string>> = {
  commit_message_pattern: 'wants messages of commits to fit a pattern (windlass.yaml has message: for them)',
  commit_author_email_pattern: 'wants addresses of authors to fit a pattern',
  committer_email_pattern: 'wants addresses of committers to fit a pattern',
  file_path_restriction: 'refuses some paths',
  file_extension_restriction: 'refuses some endings of files',
  max_file_path_length: 'refuses long paths',
  max_file_size: 'refuses large files',
};

/** What is to be written to the branch. */
export interface WrittenBranch {
  repo: string;
  branch: string;
  /** Images that are committed without a pull request. */
  committed: readonly string[];
}

/** Says which rules of the host would refuse a commit of Windlass. */
export function judgeRules(rules: BranchRules, written: WrittenBranch): Said[] {
  const { repo, branch } = written;
  if (rules.archived)
    return [
      wrong(
        'write',
        `${repo} is archived: nobody can write to it`,
        'unarchive it (Settings > General), or move to another repository',
      ),
    ];
  const may = rules.mayPush;
  return [
    ...(may === false
      ? [
          wrong(
            'write',
            `whoever asks here may not push to ${repo}`,
            'give the GitHub App (or token) the permission Contents: write',
          ),
        ]
      : [ok('write', may ? `pushes to ${repo} are allowed` : `${repo} takes commits, as far as it can be seen`)]),
    ...fromRulesets(rules, written),
    ...fromProtection(rules, written),
  ].concat(isFree(rules) ? [ok('branch rules', `none keeps commits from ${branch}`)] : []);
}

function isFree({ rules, protection }: BranchRules): boolean {
  const types = [...rules.map(({ type }) => type), ...(typeof protection === 'object' ? protection.types : [])];
  return protection !== 'hidden' && !types.some((type) => type in refusing || type in choosy);
}

function fromRulesets({ rules }: BranchRules, written: WrittenBranch): Said[] {
  return rules.flatMap(({ type, ruleset, bypassed }) => {
    const asked = refusing[type] ?? choosy[type];
    if (asked === undefined) return [];
    const text = `the ruleset ${ruleset} of ${written.branch} ${asked}`;
    if (bypassed) return [ok('branch rules', `${text}; whoever asks here is let past it`)];
    if (type in choosy) return [note('branch rules', text, 'see that commits of Windlass fit it')];
    return [refused(text, written)];
  });
}

function fromProtection({ protection }: BranchRules, written: WrittenBranch): Said[] {
  const { repo, branch } = written;
  if (protection === 'none') return [];
  if (protection === 'hidden') {
    const text = `${branch} has a branch protection, and only an administrator of ${repo} is told what it says`;
    return [
      unchecked(
        'branch rules',
        text,
        'run this with a token that has Administration: read, or look at Settings > Branches',
      ),
    ];
  }
  return protection.types.flatMap((type) => {
    const asked = refusing[type];
    return asked === undefined ? [] : [refused(`the protection of ${branch} ${asked}`, written)];
  });
}

/** Where all goes by pull requests, a rule that wants one is as it should be. Holds and rollbacks are commits on the branch all the same. */
function refused(text: string, { committed }: WrittenBranch): Said {
  const todo = 'let the GitHub App bypass it (Settings > Rules > Rulesets, or Branches)';
  if (committed.length === 0)
    return note('branch rules', `${text}: bumps go by pull requests, but rollbacks and holds are commits`, todo);
  const names =
    committed.length > 5
      ? `${committed.slice(0, 5).join(', ')} and ${committed.length - 5} more`
      : committed.join(', ');
  return wrong(
    'branch rules',
    `${text}, and ${names} ${committed.length === 1 ? 'is' : 'are'} committed to it`,
    `${todo}, or say update: pull-request in windlass.yaml`,
  );
}
