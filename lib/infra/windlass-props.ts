import { type Problem, UserError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';

/** What IAM, the queues and the event rule must know. Everything else is in the config repo's windlass.yaml. */
export interface WindlassProps {
  /** The config repo, as its host writes it: `acme/shop-config`. */
  repo: string;
  /** The branch that bumps are committed to. One stack serves one repo and branch. Default: `main`. */
  branch?: string;
  /**
   * How the names of the ECR repositories begin whose pushes are looked at: `shop/` for all below it, `shop/web` for this one
   * (and for `shop/web-admin`).
   */
  repositoryPrefixes: string[];
}

/** EventBridge and SQS allow 128 characters in a message group. */
const longestGroup = 128;
const repoPattern = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)+$/;
/** A part of what git-check-ref-format allows: what is left out also breaks URLs, shells and message groups. */
const branchPattern = /^(?!.*(?:\/\/|\.\.|\.lock(?:\/|$)))[A-Za-z0-9_][A-Za-z0-9._/+-]*(?<![./])$/;
/** The beginning of a repository name as ECR allows it. */
const prefixPattern = /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*[._/-]?$/;
const longestPrefix = 256;
/** An image's name begins with it, a repository's does not. */
const hostPattern = /^[^/]*\.amazonaws\.com(?:\.cn)?\//;

/** The one message group of a repo and branch, so that there is one writer: `acme/shop-config@main`. */
export function messageGroupOf(props: WindlassProps): string {
  return `${props.repo}@${props.branch ?? 'main'}`;
}

/** The props as cdk.json's context has them. Throws `UserError` when that is no object, or has a key that is no prop. */
export function readProps(context: unknown): WindlassProps {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) {
    throw wrong([problem('windlass', 'it is not an object', 'write one with repo, branch and repositoryPrefixes')]);
  }
  const known = ['repo', 'branch', 'repositoryPrefixes'];
  const unknown = Object.keys(context).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw wrong(unknown.map((key) => unknownProp(key, nearest(key, known))));
  return context as WindlassProps;
}

/** Throws `UserError` with every problem of the props at once, each naming its prop. They may come from outside of TypeScript. */
export function checkProps(props: WindlassProps): void {
  const problems = [...repoProblems(props), ...branchProblems(props), ...prefixProblems(props.repositoryPrefixes)];
  if (problems.length > 0) throw wrong(problems);
}

function wrong(problems: Problem[]): UserError {
  return new UserError('The properties of the Windlass stack are wrong', { code: 'stack-props', problems });
}

function unknownProp(key: string, near: string | undefined): Problem {
  return problem(key, 'there is no such property', near === undefined ? 'leave it out' : `did you mean "${near}"?`);
}

function repoProblems({ repo }: WindlassProps): Problem[] {
  if (typeof repo === 'string' && repoPattern.test(repo)) return [];
  return [
    problem('repo', `${shown(repo)} is not a repository with its owner`, 'write owner and name: acme/shop-config'),
  ];
}

function branchProblems(props: WindlassProps): Problem[] {
  const { branch } = props;
  if (branch !== undefined && (typeof branch !== 'string' || !branchPattern.test(branch))) {
    return [problem('branch', `${shown(branch)} is not a branch name`, "write a branch's name: main")];
  }
  if (messageGroupOf(props).length <= longestGroup) return [];
  return [
    problem(
      'branch',
      `it is longer than ${longestGroup - 1} characters together with repo`,
      'take a shorter branch name',
    ),
  ];
}

function prefixProblems(prefixes: unknown): Problem[] {
  if (!Array.isArray(prefixes) || prefixes.length === 0) {
    return [problem('repositoryPrefixes', 'it names no repository', 'list how their names begin: ["shop/"]')];
  }
  return prefixes.flatMap((prefix: unknown, index) => {
    const at = `repositoryPrefixes[${index}]`;
    if (prefix === '') return [problem(at, 'it is empty: every repository would match', 'name the beginning: shop/')];
    if (
      typeof prefix !== 'string' ||
      prefix.length > longestPrefix ||
      !prefixPattern.test(prefix) ||
      hostPattern.test(prefix)
    ) {
      return [problem(at, `no ECR repository's name begins with ${shown(prefix)}`, wayOut(prefix))];
    }
    if (prefixes.indexOf(prefix) < index) return [problem(at, `${shown(prefix)} is there twice`, 'leave it out')];
    return [];
  });
}

/** The two mistakes that are made most: the registry's host, and a wildcard. */
function wayOut(prefix: unknown): string {
  const bare = String(prefix).replace(hostPattern, '').replace(/\*+$/, '');
  return bare !== prefix && prefixPattern.test(bare)
    ? `did you mean "${bare}"?`
    : 'use lower-case letters, digits and . _ - /';
}

function problem(object: string, message: string, hint: string): Problem {
  return { code: 'stack-props', object, message, hint };
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
