import { isGitHubApi } from '../config/github-api.ts';
import type { Problem } from '../model/errors.ts';
import { problemsOfList, propProblem, shown } from './prop-problem.ts';
import { messageGroupOf, type WindlassProps } from './windlass-props.ts';

/** EventBridge and SQS allow 128 characters in a message group. */
const longestGroup = 128;
const repoPattern = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)+$/;
/** The repo of a cdk.json that nobody filled in. */
export const unfilledRepo = 'OWNER/REPOSITORY';
/** An address of a repository, as GitHub offers it to be copied. */
const addressPattern =
  /^(?:https:\/\/[^/]+\/|(?:ssh:\/\/)?git@[^/:]+[:/])?([A-Za-z0-9._-]+\/[A-Za-z0-9._-]+?)(?:\.git)?\/?$/;
/** A part of what git-check-ref-format allows: what is left out also breaks URLs, shells and message groups. */
const branchPattern = /^(?!.*(?:\/\/|\.\.|\.lock(?:\/|$)))[A-Za-z0-9_][A-Za-z0-9._/+-]*(?<![./])$/;
/** The beginning of a repository name as ECR allows it. */
const prefixPattern = /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*[._/-]?$/;
const longestPrefix = 256;
/** Characters of the pattern of a rule that EventBridge takes, but for those that it has besides, and those around each beginning: the longest rule has an ARN for each. */
const [longestPattern, aroundPrefix] = [2048 - 350, 70];
/** An image's name begins with it, a repository's does not. */
const hostPattern = /^[^/]*\.amazonaws\.com(?:\.cn)?\//;

/** What is wrong with the config repo, its branch and its host. */
export function repoProblems(props: WindlassProps): Problem[] {
  return [...namedRepoProblems(props), ...branchProblems(props), ...githubUrlProblems(props)];
}

function namedRepoProblems({ repo }: WindlassProps): Problem[] {
  if (repo === unfilledRepo)
    return [
      propProblem('repo', 'it is not filled in yet', 'write owner and name of your config repo: acme/shop-config'),
    ];
  if (typeof repo === 'string' && repoPattern.test(repo) && !repo.endsWith('.git')) return [];
  if (repo === undefined) return [propProblem('repo', 'it is not there', 'write owner and name: acme/shop-config')];
  const bare = addressPattern.exec(String(repo))?.[1];
  const hint = bare === undefined ? 'write owner and name: acme/shop-config' : `did you mean "${bare}"?`;
  return [propProblem('repo', `${shown(repo)} is not a repository with its owner`, hint)];
}

function branchProblems(props: WindlassProps): Problem[] {
  const { branch } = props;
  const named = typeof branch === 'string' ? /^refs\/heads\/(.*)$/.exec(branch)?.[1] : undefined;
  if (named !== undefined && branchPattern.test(named))
    return [propProblem('branch', `${shown(branch)} is a ref, not a branch name`, `did you mean "${named}"?`)];
  if (branch !== undefined && (typeof branch !== 'string' || !branchPattern.test(branch))) {
    return [propProblem('branch', `${shown(branch)} is not a branch name`, "write a branch's name: main")];
  }
  if (messageGroupOf(props).length <= longestGroup) return [];
  const message = `it is longer than ${longestGroup - 1} characters together with repo`;
  return [propProblem('branch', message, 'take a shorter branch name')];
}

function githubUrlProblems({ githubUrl }: WindlassProps): Problem[] {
  if (githubUrl === undefined || (typeof githubUrl === 'string' && isGitHubApi(githubUrl))) return [];
  const message = `${shown(githubUrl)} is not the URL of a GitHub API`;
  return [
    propProblem(
      'githubUrl',
      message,
      'leave it out for github.com; for a server of your own: https://HOST/api/v3, on ghe.com https://api.NAME.ghe.com',
    ),
  ];
}

/** What is wrong with the beginnings of repositories' names. */
export function prefixProblems(prefixes: unknown): Problem[] {
  if (!Array.isArray(prefixes) || prefixes.length === 0) {
    return [propProblem('repositoryPrefixes', 'it names no repository', 'list how their names begin: ["shop/"]')];
  }
  return [...problemsOfEach(prefixes), ...problemsOfAll(prefixes)];
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
function problemsOfAll(prefixes: readonly unknown[]): Problem[] {
  const length = prefixes.reduce<number>((sum, prefix) => sum + aroundPrefix + String(prefix).length, 0);
  if (length <= longestPattern) return [];
  const hint = 'name what they have in common: shop/ is for shop/web and shop/api';
  return [propProblem('repositoryPrefixes', `they are ${prefixes.length}, too many for a rule of EventBridge`, hint)];
}

function problemsOfEach(prefixes: readonly unknown[]): Problem[] {
  return problemsOfList('repositoryPrefixes', prefixes, (prefix, at, index) => {
    if (prefix === '')
      return [propProblem(at, 'it is empty: every repository would match', 'name the beginning: shop/')];
    const isRight = typeof prefix === 'string' && prefix.length <= longestPrefix && prefixPattern.test(prefix);
    if (!isRight || hostPattern.test(prefix))
      return [propProblem(at, `no ECR repository's name begins with ${shown(prefix)}`, wayOut(prefix))];
    if (prefixes.indexOf(prefix) < index) return [propProblem(at, `${shown(prefix)} is there twice`, 'leave it out')];
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
