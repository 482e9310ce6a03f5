import { UserError } from '../../model/errors.ts';
import { bootstrap as carryOut, type Found } from '../bootstrap/bootstrap.ts';
import { passed, passedToPuller } from '../bootstrap/install-parts.ts';
import { type StepRunner, stepRunner } from '../bootstrap/run-steps.ts';
import type { Args, Command, ExitCode, Io, Option } from '../command.ts';
import { printJson } from '../output/json.ts';
import { install } from './install.ts';

const usualSeconds = 120;

/** `windlass bootstrap`: from a deployed stack to a working system, seen to work. */
export const bootstrap: Command = {
  name: 'bootstrap',
  summary: 'put Windlass to work after cdk deploy, and see that it works',
  details: [
    "Reads the outputs of the stack Windlass and of the one that opens the cluster, checks that the stack's secret opens the config repo, makes",
    'windlass.yaml in the clone where there is none (windlass init), installs the puller and the rights of the scheduled check (windlass install),',
    'each after asking, then sends a test event to bump and a test message to every destination of windlass.yaml, and waits for what they leave behind.',
    'Each step is one line with what was seen. What fails says what to do, and what does not hang on it is done. A second run finds all there and',
    'only tests again. The test event is a sweep: it commits nothing unless a registry has something new.',
    '--repo is a clone of the config repo, at the commit that GitHub has. AWS is asked with the usual credentials (AWS_PROFILE), which need',
    'cloudformation:DescribeStacks, secretsmanager:GetSecretValue on the GitHub secret, sqs:SendMessage and sqs:GetQueueAttributes on the queues of',
    'pushes and notices, dynamodb:GetItem and Query on both tables. WINDLASS_GITHUB_API_URL names the API of GitHub Enterprise.',
    'JSON: { stack, region, repo, branch, cluster, dashboard, steps: [{ step, result, text, notes, code }] }; result is done, failed, declined or left.',
    'Exit code: 0 when all is done; 1 when the answer was no; 2 when somebody has to mend something; 3 when it may work later.',
  ].join('\n'),
  options: {
    repo: { type: 'string', value: 'DIR', help: 'a clone of the config repo (default: this directory)' },
    stack: { type: 'string', value: 'NAME', help: 'the stack of Windlass (default: Windlass)' },
    'access-stack': {
      type: 'string',
      value: 'NAME',
      help: 'the stack that opens the cluster (default: WindlassClusterAccess-<cluster in EKS>)',
    },
    'access-profile': {
      type: 'string',
      value: 'NAME',
      help: 'the AWS profile that reads it, where the cluster is in another account',
    },
    region: { type: 'string', value: 'REGION', help: 'where the stack is (default: as your AWS settings say)' },
    cluster: {
      type: 'string',
      value: 'NAME',
      help: 'the cluster by its name in windlass.yaml; the only one unless given',
    },
    ...ofInstall([...passed, ...passedToPuller]),
    wait: {
      type: 'string',
      value: 'SECONDS',
      help: `how long a function may take to answer (default: ${usualSeconds})`,
    },
    yes: { type: 'boolean', help: 'do not ask' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass bootstrap --image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/windlass:1.0.0',
    'windlass bootstrap --repo ../shop-config --cluster prod --context prod --image registry.example.com/windlass:1.0.0 --mode watch',
  ],
  run,
};

function ofInstall(names: readonly string[]): Record<string, Option> {
  return Object.fromEntries(names.map((name) => [name, install.options[name]!]));
}

async function run(args: Args, io: Io): Promise<ExitCode> {
  const seconds = secondsOf(args.text('wait'));
  const steps = stepRunner(io);
  try {
    const found = await carryOut(args, io, steps, seconds);
    if (args.flag('json')) printJson(io, inJson(args, steps, found));
    else io.stdout.write(ending(steps, found));
    return steps.code();
  } finally {
    steps.close();
  }
}

function secondsOf(text: string | undefined): number {
  if (text === undefined) return usualSeconds;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new UserError(`--wait "${text}" is not a number of seconds: 1 to 9999`, { code: 'usage' });
}

function inJson(args: Args, { reports }: StepRunner, { region, outputs, cluster }: Found) {
  const { repo, branch, dashboard } = outputs ?? {};
  return { stack: args.text('stack') ?? 'Windlass', region, repo, branch, cluster, dashboard, steps: reports };
}

function ending(steps: StepRunner, { outputs }: Found): string {
  const open = steps.reports.filter(({ result }) => result === 'failed' || result === 'declined');
  if (open.length > 0)
    return `not done: ${open.map(({ step }) => step).join(', ')}; run this again when that is mended\n`;
  const noted = steps.reports.filter(({ notes }) => notes !== undefined).map(({ step }) => step);
  const isInstalled = steps.reports.some(({ step, result }) => step === 'puller' && result === 'done');
  const unseen = [
    'a commit of Windlass: push an image, and it follows',
    ...(isInstalled ? ['a pull: kubectl get syncs -n windlass-system shows it within a minute'] : []),
  ];
  return [
    noted.length === 0 ? 'what was tested works' : `what was tested works, but mind the notes of: ${noted.join(', ')}`,
    ...unseen.map((what) => `  not seen yet: ${what}`),
    ...(outputs === undefined ? [] : [`  dashboard: ${outputs.dashboard}`]),
    '',
  ].join('\n');
}
