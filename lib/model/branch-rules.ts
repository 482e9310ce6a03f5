/** What stands between a commit and a branch, as GitHub tells it to whoever asks. */
export interface BranchRules {
  /** Nobody can write to it. */
  archived: boolean;
  /** Whether the role of whoever asks allows to push; undefined where GitHub does not say. */
  mayPush: boolean | undefined;
  /** The rules of rulesets that are in force for the branch. */
  rules: BranchRule[];
  /** Classic branch protection; `hidden`: there is one, and only an administrator is told what it says. */
  protection: BranchProtection | 'none' | 'hidden';
}

/** One rule of a ruleset. */
export interface BranchRule {
  /** GitHub's name of its kind: `pull_request`, `required_signatures`. */
  type: string;
  ruleset: string;
  /** Whoever asks is let past it. */
  bypassed: boolean;
}

/** What a classic protection asks of a push, in the words of rules. */
export interface BranchProtection {
  types: string[];
}
