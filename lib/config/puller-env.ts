import { type Problem, UserError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';

/** The names of the puller's environment variables: what it reads, and what its manifests set. */
export const pullerVariables = {
  repo: 'WINDLASS_REPO',
  branch: 'WINDLASS_BRANCH',
  cluster: 'WINDLASS_CLUSTER',
  mode: 'WINDLASS_MODE',
  reportQueue: 'WINDLASS_REPORT_QUEUE',
  wakeQueue: 'WINDLASS_WAKE_QUEUE',
  gitSecret: 'WINDLASS_GIT_SECRET',
  gitKeyDir: 'WINDLASS_GIT_KEY_DIR',
  stateDir: 'WINDLASS_STATE_DIR',
} as const;

/** What the puller is told from outside. Everything about syncs is in windlass.yaml. */
export interface PullerSettings {
  /** URL of the config repo, as git takes it. */
  repo: string;
  branch: string;
  /** A key of `clusters` in windlass.yaml: the syncs of this cluster are pulled, and no others. */
  cluster: string;
  /** `cron`: one round, then the process ends. `watch`: it stays. */
  mode: 'cron' | 'watch';
  /** URL of the SQS FIFO queue for reports; without it they go to the log alone. */
  reportQueue?: string;
  /** URL of the SQS queue whose messages say "look"; in watch mode only. */
  wakeQueue?: string;
  /** ARN of the secret with the key to the config repo; without it the mounted files count. */
  gitSecret?: string;
  /** Where the Secret with the key to the config repo is mounted. */
  gitKeyDir: string;
  stateDir: string;
}

type Name = (typeof pullerVariables)[keyof typeof pullerVariables];

const arn = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+$/;
const queue = /^\/\d{12}\/[A-Za-z0-9_-]{1,80}(?:\.fifo)?$/;

/** Reads the puller's environment. Throws `UserError` with every problem at once; no value of a variable that may hold a secret is shown. */
export function readPullerSettings(env: Readonly<Record<string, string | undefined>>): PullerSettings {
  const problems: Problem[] = [];
  const wrong = (name: Name, message: string, hint?: string): undefined => {
    problems.push({ code: 'puller-env', object: name, message, ...(hint !== undefined && { hint }) });
  };
  const text = (name: Name) => env[name]?.trim() || undefined;
  const need = (name: Name, hint: string) => text(name) ?? wrong(name, 'it is not set', hint);
  const mode = modeOf(text(pullerVariables.mode), wrong);
  const settings = {
    repo: repoOf(need(pullerVariables.repo, 'the URL of the config repo'), wrong),
    branch: branchOf(need(pullerVariables.branch, 'the branch whose head is applied: main'), wrong),
    cluster: need(pullerVariables.cluster, "this cluster's name under clusters in windlass.yaml"),
    mode,
    reportQueue: queueOf(pullerVariables.reportQueue, text(pullerVariables.reportQueue), wrong),
    wakeQueue: queueOf(pullerVariables.wakeQueue, text(pullerVariables.wakeQueue), wrong),
    gitSecret: secretOf(text(pullerVariables.gitSecret), wrong),
    gitKeyDir: text(pullerVariables.gitKeyDir) ?? '/etc/windlass/git',
    stateDir: text(pullerVariables.stateDir) ?? '/var/lib/windlass',
  };
  if (settings.reportQueue !== undefined && !settings.reportQueue.endsWith('.fifo'))
    wrong(pullerVariables.reportQueue, 'it is no FIFO queue: reports must stay in order', 'its name ends in .fifo');
  if (settings.wakeQueue !== undefined && mode === 'cron')
    wrong(pullerVariables.wakeQueue, 'nothing wakes a CronJob', 'leave it out, or set WINDLASS_MODE to watch');
  problems.push(...unknownNames(env));
  if (problems.length > 0)
    throw new UserError('the environment of the puller is wrong', { code: 'puller-env', problems });
  return settings as PullerSettings;
}

type Wrong = (name: Name, message: string, hint?: string) => undefined;

function modeOf(value: string | undefined, wrong: Wrong): PullerSettings['mode'] | undefined {
  if (value === 'cron' || value === 'watch') return value;
  return wrong(
    pullerVariables.mode,
    value === undefined ? 'it is not set' : `${JSON.stringify(value)} is no mode`,
    'cron or watch',
  );
}

function repoOf(value: string | undefined, wrong: Wrong): string | undefined {
  if (value === undefined || !URL.canParse(value)) return value;
  const { protocol, username, password } = new URL(value);
  const secret = password !== '' || (username !== '' && protocol === 'https:');
  if (!secret) return value;
  const hint = 'put the token into the Secret windlass-git, or into Secrets Manager';
  return wrong(pullerVariables.repo, 'it holds a user or password, which everyone who reads the pod would see', hint);
}

/** What git allows in the name of a branch (`git check-ref-format --branch`), as far as characters go. */
function branchOf(value: string | undefined, wrong: Wrong): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  const bad = /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$|\.lock(?:\/|$)|(?:^|\/)\./;
  if (value === undefined || !bad.test(value)) return value;
  return wrong(pullerVariables.branch, `${JSON.stringify(value)} is not the name of a branch`, 'main');
}

/** True for the URL of an SQS queue; without TLS only on this machine. */
export function isQueueUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const local = url?.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  return url !== undefined && (url.protocol === 'https:' || local) && queue.test(url.pathname);
}

function queueOf(name: Name, value: string | undefined, wrong: Wrong): string | undefined {
  if (value === undefined || isQueueUrl(value)) return value;
  return wrong(
    name,
    `${JSON.stringify(value)} is not the URL of an SQS queue`,
    'https://sqs.REGION.amazonaws.com/ACCOUNT/NAME',
  );
}

function secretOf(value: string | undefined, wrong: Wrong): string | undefined {
  if (value === undefined || arn.test(value)) return value;
  return wrong(
    pullerVariables.gitSecret,
    'it is not the ARN of a secret',
    'arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME',
  );
}

/** What Kubernetes sets for each Service of the namespace, whose name may begin as ours do. */
const ofServices = /_SERVICE_(?:HOST|PORT)|_PORT(?:_|$)/;

/** Read where programs are looked for: the image says so where it has them. */
const ofPrograms = ['WINDLASS_KUBECTL', 'WINDLASS_HELM', 'WINDLASS_CACHE'];

/** Only what is nearly a name of ours: other variables that begin so are nobody's mistake. */
function unknownNames(env: Readonly<Record<string, string | undefined>>): Problem[] {
  const known: string[] = Object.values(pullerVariables);
  const right = [...known, ...ofPrograms];
  return Object.keys(env)
    .filter((name) => name.startsWith('WINDLASS_') && !right.includes(name) && !ofServices.test(name))
    .flatMap((name) => {
      const near = nearest(name, known);
      if (near === undefined) return [];
      return [
        { code: 'puller-env', object: name, message: 'there is no such variable', hint: `did you mean ${near}?` },
      ];
    });
}
