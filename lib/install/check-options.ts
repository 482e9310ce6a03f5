import { pullerVariables, readPullerSettings } from '../config/puller-env.ts';
import { type Problem, UserError } from '../model/errors.ts';
import { parseImageRef } from '../model/image-ref.ts';
import type { InstallOptions } from './options.ts';
import { pullerEnvironment } from './puller-environment.ts';
import { repoPort } from './repo-url.ts';

/** What a person said of an installation. What is absent is read from Git or the cluster. */
export type AskedOptions = Partial<Pick<InstallOptions, 'cluster' | 'repo' | 'branch' | 'region' | 'reportQueue'>> &
  Partial<Pick<InstallOptions, 'wakeQueue' | 'gitSecret' | 'roleArn'>> & { mode: string; image: string };

const role = /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/;
const region = /^[a-z]{2,}(?:-[a-z]+)+-\d+$/;

/** By the option that each variable of the puller is set with. */
const optionOf = new Map<string, string>([
  [pullerVariables.repo, '--url'],
  [pullerVariables.branch, '--branch'],
  [pullerVariables.cluster, '--cluster'],
  [pullerVariables.mode, '--mode'],
  [pullerVariables.reportQueue, '--report-queue'],
  [pullerVariables.wakeQueue, '--wake-queue'],
  [pullerVariables.gitSecret, '--git-secret'],
]);

/** Holds what was asked for against what the puller itself accepts. Throws `UserError` with every problem at once. */
export function checkOptions(asked: AskedOptions): void {
  const problems: Problem[] = [];
  const wrong = (object: string, message: string, hint?: string) =>
    problems.push({ code: 'install-option', object, message, ...(hint !== undefined && { hint }) });
  const image = parseImageRef(asked.image);
  if (image !== undefined && image.tag === undefined && image.digest === undefined)
    wrong(
      '--image',
      `${JSON.stringify(asked.image)} has no tag and no digest`,
      'say which one it is: registry.example.com/windlass:1.0.0',
    );
  if (image === undefined)
    wrong('--image', `${JSON.stringify(asked.image)} is no image`, 'registry.example.com/windlass:1.0.0');
  if (asked.region !== undefined && !region.test(asked.region))
    wrong('--region', `${JSON.stringify(asked.region)} is no AWS region`, 'eu-west-1');
  if (asked.roleArn !== undefined && !role.test(asked.roleArn))
    wrong(
      '--role-arn',
      `${JSON.stringify(asked.roleArn)} is not the ARN of an IAM role`,
      'arn:aws:iam::ACCOUNT:role/NAME',
    );
  const repoProblem = asked.repo === undefined ? undefined : problemOf(() => repoPort(asked.repo!));
  if (repoProblem !== undefined) wrong('--url', repoProblem.message);
  problems.push(...ofPuller(asked, repoProblem === undefined));
  if (problems.length === 0) return;
  throw new UserError('windlass install is told what the puller would refuse', { code: 'usage', problems });
}

/** The puller's own check of the environment that it would get. */
function ofPuller(asked: AskedOptions, repoIsRight: boolean): Problem[] {
  const told = { ...asked, mode: asked.mode as InstallOptions['mode'] };
  const fromGit = { cluster: asked.cluster ?? 'named-in-git', branch: asked.branch ?? 'main' };
  const repo = (repoIsRight ? asked.repo : undefined) ?? 'https://git.example.com/config.git';
  const environment = pullerEnvironment({ ...told, ...fromGit, repo });
  const env = Object.fromEntries(environment.map(({ name, value }) => [name, value]));
  const found = problemOf(() => readPullerSettings(env))?.problems ?? [];
  return found.map((problem) => asOption(problem, asked.mode));
}

/** In the words of the command line, where a variable's own would not help. */
function asOption(problem: Problem, mode: string): Problem {
  const object = optionOf.get(problem.object ?? '') ?? problem.object;
  if (object === '--mode')
    return {
      ...problem,
      object,
      message: `${JSON.stringify(mode)} is no mode: there is cron, and watch`,
      hint: undefined,
    };
  if (object !== '--wake-queue' || mode !== 'cron') return { ...problem, object };
  return {
    ...problem,
    object,
    message: 'it needs --mode watch: nothing wakes a CronJob before its minute',
    hint: undefined,
  };
}

function problemOf(check: () => unknown): UserError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}
