import * as z from 'zod';
import { type Problem, UserError } from '../model/errors.ts';
import { parseEksArn } from './eks-arn.ts';
import { isGitHubApi } from './github-api.ts';
import { isQueueUrl } from './puller-env.ts';

/** The names of the functions' environment variables: what the stack sets, and what the functions read. */
export const functionVariables = {
  repo: 'WINDLASS_REPO',
  branch: 'WINDLASS_BRANCH',
  githubUrl: 'WINDLASS_GITHUB_URL',
  githubSecret: 'WINDLASS_GITHUB_SECRET',
  auditTable: 'WINDLASS_AUDIT_TABLE',
  stateTable: 'WINDLASS_STATE_TABLE',
  reportsQueue: 'WINDLASS_REPORTS_QUEUE',
  reportQueues: 'WINDLASS_REPORT_QUEUES',
  noticesQueue: 'WINDLASS_NOTICES_QUEUE',
  pushesQueue: 'WINDLASS_PUSHES_QUEUE',
  questionsQueue: 'WINDLASS_QUESTIONS_QUEUE',
  wakeQueues: 'WINDLASS_WAKE_QUEUES',
  clusters: 'WINDLASS_CLUSTERS',
  otherClusters: 'WINDLASS_OTHER_CLUSTERS',
  private: 'WINDLASS_PRIVATE',
  eventBus: 'WINDLASS_EVENT_BUS',
  notifySecrets: 'WINDLASS_NOTIFY_SECRETS',
  topics: 'WINDLASS_TOPICS',
  slackApi: 'WINDLASS_SLACK_API',
} as const;

/** A cluster that a function may read: its ARN, the role for it where it is in another account, and whether its audit log may be queried. */
export type GrantedCluster = z.infer<typeof grantedCluster>;

const clusterArn = z.string().refine((arn) => parseEksArn(arn) !== undefined, 'is no ARN of an EKS cluster');
const grantedCluster = z.strictObject({
  arn: clusterArn,
  role: z.string().optional(),
  auditLog: z.boolean().optional(),
});
const queueUrl = z.string().refine(isQueueUrl, 'is no URL of an SQS queue');
const someText = z.string().min(1, 'is empty');

/** How each variable is read. Lists and maps are JSON. */
const settings = {
  /** `acme/shop-config`; the owner is all but the last part. */
  repo: z.string().regex(/^[^/\s]+(?:\/[^/\s]+)+$/, 'is no repository with its owner (acme/shop-config)'),
  branch: someText,
  githubUrl: z
    .string()
    .refine(isGitHubApi, 'is no URL of the GitHub API (https://HOST/api/v3, or https://api.NAME.ghe.com)')
    .optional(),
  githubSecret: someText,
  auditTable: someText,
  stateTable: someText,
  /** What Windlass's own functions report. */
  reportsQueue: queueUrl,
  /** What pullers report: names of queues by the cluster's ARN. */
  reportQueues: json(z.record(clusterArn, z.string().regex(/^[\w-]{1,75}\.fifo$/, 'is no name of a FIFO queue'))),
  noticesQueue: queueUrl,
  pushesQueue: queueUrl,
  questionsQueue: queueUrl,
  /** By the cluster's ARN. */
  wakeQueues: json(z.record(clusterArn, queueUrl)),
  clusters: json(z.array(grantedCluster)),
  /** Those that a function of a VPC checks instead. */
  otherClusters: json(z.array(clusterArn)).default([]),
  /** Set where the function is one of a VPC, and looks at nothing but its `clusters`. */
  private: z
    .enum(['true', 'false'], 'is neither true nor false')
    .default('false')
    .transform((text) => text === 'true'),
  eventBus: someText,
  notifySecrets: json(z.array(someText)),
  /** ARNs by the names that windlass.yaml may say. */
  topics: json(z.record(someText, z.string().regex(/^arn:aws[a-z-]*:sns:/, 'is no ARN of a topic'))),
  /** A stand-in for Slack, in tests. */
  slackApi: z.url('is no URL').optional(),
};

type Setting = keyof typeof settings;

const repoSettings = ['repo', 'branch', 'githubUrl', 'githubSecret', 'stateTable'] as const;

/** What each function is told, and nothing else: the stack sets exactly these. */
export const functionSettings = {
  bump: [...repoSettings, 'auditTable', 'noticesQueue', 'wakeQueues'],
  drift: [...repoSettings, 'reportsQueue', 'clusters', 'otherClusters', 'private'],
  who: [...repoSettings, 'reportsQueue', 'clusters'],
  report: [
    ...repoSettings,
    'auditTable',
    'reportsQueue',
    'reportQueues',
    'noticesQueue',
    'questionsQueue',
    'pushesQueue',
    'eventBus',
  ],
  notify: [...repoSettings, 'auditTable', 'notifySecrets', 'topics', 'slackApi'],
} as const satisfies Record<string, readonly Setting[]>;

/** The name of a function, short: `bump` is functions/bump-on-push.ts. */
export type FunctionName = keyof typeof functionSettings;

/** The functions that write to the config repo, or beside its commits. The others read, and can have a key that does no more. */
export const gitHubWriters: readonly FunctionName[] = ['bump', 'report'];

/** What a function is told, read. */
export type FunctionEnv<Name extends FunctionName> = {
  [Key in (typeof functionSettings)[Name][number]]: z.infer<(typeof settings)[Key]>;
};

type Env = Readonly<Record<string, string | undefined>>;

/** What bump-on-push is told. Throws `UserError` with every problem of the environment at once. */
export function readBumpEnv(env: Env): FunctionEnv<'bump'> {
  return readEnv('bump', env);
}

/** What drift-on-schedule is told. Throws `UserError` with every problem of the environment at once. */
export function readDriftEnv(env: Env): FunctionEnv<'drift'> {
  return readEnv('drift', env);
}

/** What drift-on-incident is told. Throws `UserError` with every problem of the environment at once. */
export function readWhoEnv(env: Env): FunctionEnv<'who'> {
  return readEnv('who', env);
}

/** What report-on-sync is told. Throws `UserError` with every problem of the environment at once. */
export function readReportEnv(env: Env): FunctionEnv<'report'> {
  return readEnv('report', env);
}

/** What notify-on-notice is told. Throws `UserError` with every problem of the environment at once. */
export function readNotifyEnv(env: Env): FunctionEnv<'notify'> {
  return readEnv('notify', env);
}

function readEnv<Name extends FunctionName>(name: Name, env: Env): FunctionEnv<Name> {
  const problems: Problem[] = [];
  const read = functionSettings[name].map((setting) => {
    // A variable that is set to nothing is not set: Lambda's console leaves such ones behind.
    const result = settings[setting].safeParse(env[functionVariables[setting]]?.trim() || undefined);
    if (!result.success) problems.push(...problemsOf(setting, env, result.error));
    return [setting, result.data] as const;
  });
  if (problems.length > 0)
    throw new UserError(`the environment of the function ${name} is wrong`, { code: 'function-env', problems });
  // Each setting is of the function's list, and was read by its schema.
  return Object.fromEntries(read) as FunctionEnv<Name>;
}

/** No value is shown: somebody may have put a secret there. */
function problemsOf(setting: Setting, env: Env, { issues }: z.ZodError): Problem[] {
  const object = functionVariables[setting];
  if (!env[object]?.trim()) return [{ code: 'function-env', object, message: 'it is not set' }];
  return issues.map((issue) => {
    const where = issue.path.map((part) => `[${JSON.stringify(part)}]`).join('');
    return { code: 'function-env', object: `${object}${where}`, message: `it ${sentenceOf(issue)}` };
  });
}

/** The schemas' own messages say what a value is not; these are zod's. */
function sentenceOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  if (issue.code === 'unrecognized_keys') return `has keys that it cannot have: ${issue.keys.join(', ')}`;
  return issue.code === 'invalid_type' ? `is not of the type ${issue.expected}` : issue.message;
}

function json<Value extends z.ZodType>(schema: Value) {
  return z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}
