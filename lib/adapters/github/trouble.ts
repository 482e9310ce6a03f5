import { RetryableError, UserError } from '../../model/errors.ts';
import { GitHubFailure } from './failure.ts';

/** What was tried when a request failed, in words for the error. */
export interface Attempt {
  /** After "cannot": `read acme/config`. */
  what: string;
  /** `acme/config`. */
  subject: string;
  /** The permission of the App (or fine-grained token) that it needs: `Contents: read`. */
  needs: string;
  /** The branch that was written to. */
  branch?: string;
}

/** GitHub's own texts where a rule of the branch, not a missing right, refuses a push. */
const protection =
  /protected branch|branch protection|rule violation|through a pull request|approving review|status check|not authorized to push|verified signature|merge queue|linear history|branch is protected|locked branch|required deployment/i;
const noRights = /not accessible by|must have (?:admin|push|write|pull)|resource protected|permission|insufficient/i;

/** What `attempt` threw, as a flow understands it: `UserError` for what a person must mend, `RetryableError` for what may pass, all else as it is. */
export function troubleOf(error: unknown, attempt: Attempt): unknown {
  if (!(error instanceof GitHubFailure)) return error;
  const message = `cannot ${attempt.what}: ${error.message}`;
  const { subject } = attempt;
  if (error.kind === 'lost') return new RetryableError(message, { code: 'github-unreachable', subject });
  if (error.kind === 'limited') {
    const { retryAfter } = error;
    const later =
      retryAfter === undefined ? '' : `; try again in ${retryAfter} ${retryAfter === 1 ? 'second' : 'seconds'}`;
    return new RetryableError(`${message}${later}`, { code: 'github-limited', subject, retryAfter });
  }
  const [code, todo] = remedy(error, attempt);
  return new UserError(`${message}\n${todo}`, { code, subject });
}

/** True when a rule of the branch refused the push. */
export function isProtected(failure: GitHubFailure): boolean {
  return failure.type === 'BRANCH_PROTECTION_RULE_VIOLATION' || protection.test(failure.message);
}

function remedy(failure: GitHubFailure, { subject, needs, branch }: Attempt): [code: string, todo: string] {
  const { status, type, message } = failure;
  if (branch !== undefined && isProtected(failure)) {
    return [
      'branch-protected',
      `allow the GitHub App to bypass the rules of ${branch} (ruleset or branch protection), or say update: pull-request in windlass.yaml`,
    ];
  }
  if (status === 401) {
    return ['github-credentials', "GitHub does not take the token: check the App's id and private key, or the token"];
  }
  if (status === 404 || type === 'NOT_FOUND') {
    return [
      'repo-missing',
      `GitHub says the same of what is not there and of what may not be seen: check the name ${subject}, that the App is installed on it, and its permission ${needs}`,
    ];
  }
  if (status === 403 || type === 'FORBIDDEN' || type === 'INSUFFICIENT_SCOPES' || noRights.test(message)) {
    return ['github-permission', `give the GitHub App (or token) the permission ${needs} on ${subject}`];
  }
  return ['github-refused', "see GitHub's reason above"];
}

/** Runs what asks GitHub; whatever fails is thrown as `troubleOf` has it. */
export async function told<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw troubleOf(error, attempt);
  }
}
