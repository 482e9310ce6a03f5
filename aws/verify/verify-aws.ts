// Proves Windlass in an account of yours, and removes everything: npm run verify:aws -- --help
import { randomInt } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECRClient } from '@aws-sdk/client-ecr';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { openGitHub } from '../../lib/adapters/github/client.ts';
import { gitHubAuthOf } from '../../lib/adapters/github/secret.ts';
import { parseEksArn } from '../../lib/config/eks-arn.ts';
import { formatProblem, messageOf, UserError } from '../../lib/model/errors.ts';
import { openSend, queryCall, type Send } from './call.ts';
import { accessTrouble } from './own-access.ts';
import { announcement, type Plan, planOf } from './plan.ts';
import { removeAll, type Tools, verify } from './verify.ts';

const help = `npm run verify:aws -- --repo OWNER/NAME [OPTIONS]

Deploys a whole Windlass under a name of its own into the account that your credentials lead to, pushes an image, looks at what happens, and removes everything.
It says before what it makes and what it costs, and asks. docs/verify-aws.md

  --repo OWNER/NAME   the config repo on GitHub; a branch of its own is made in it, and deleted
  --region REGION     default: AWS_REGION
  --secret NAME       the secret with the key to GitHub (default: windlass/github)
  --github-url URL    https://HOST/api/v3 of GitHub Enterprise Server
  --cluster ARN       an EKS cluster of this account and Region that no Windlass checks yet: it is checked for drift, too
  --yes               do not ask
  --remove ID         remove what a verification left that was cut off; with the same --repo and --secret
`;

/** Exit code: 0 all was as it should be, 1 not all, or the answer was no. What is thrown is a 2. */
async function main(): Promise<number> {
  const text = (value?: string) => ({ type: 'string' as const, ...(value !== undefined && { default: value }) });
  const flag = { type: 'boolean' as const, default: false };
  const { values } = parseArgs({
    options: {
      ...{ repo: text(), region: text(process.env['AWS_REGION']), secret: text('windlass/github') },
      ...{ 'github-url': text(), cluster: text(), remove: text(), yes: flag, help: flag },
    },
  });
  if (values.help) return process.stdout.write(help) ? 0 : 0;
  const { repo, region } = values;
  const [owner, name] = repo?.split('/') ?? [];
  if (!owner || !name) throw new UserError('give --repo OWNER/NAME', { code: 'usage' });
  if (!region) throw new UserError('give --region, or set AWS_REGION', { code: 'usage' });
  if (values.remove !== undefined && !/^[a-z0-9]{6}$/.test(values.remove))
    throw new UserError(`${values.remove} is no id of a verification: it has six letters and digits`, {
      code: 'usage',
    });

  const send = openSend(region);
  const plan = planOf({
    ...{ id: values.remove ?? newId(), region, repo: `${owner}/${name}`, githubSecret: values.secret ?? '' },
    ...{ ...(await accountOf(send)), githubUrl: values['github-url'], cluster: values.cluster },
  });
  checkCluster(plan);
  const stopping = new AbortController();
  const tools = await openTools(plan, send, { owner, name }, stopping.signal);
  if (values.remove !== undefined) return (await removeAll(plan, tools)) ? 0 : 1;

  process.stdout.write(announcement(plan));
  if (!values.yes && !(await agreed())) return 1;
  process.on('SIGINT', () => stopping.abort());
  process.on('SIGTERM', () => stopping.abort());
  tools.say(`The id of this verification is ${plan.id}. Ctrl-C stops it and removes what there is.`);
  const isGood = await verify(plan, tools);
  tools.say(
    isGood
      ? 'Everything was as it should be, and nothing is left.'
      : 'Not everything was as it should be: see ✗ above.',
  );
  if (!isGood)
    tools.say(`If something is left: npm run verify:aws -- --repo ${plan.repo} --region ${region} --remove ${plan.id}`);
  return isGood ? 0 : 1;
}

async function openTools(
  plan: Plan,
  send: Send,
  { owner, name }: { owner: string; name: string },
  signal: AbortSignal,
): Promise<Tools> {
  const { region, githubSecret, githubUrl } = plan;
  const secrets = new SecretsManagerClient({ region });
  const { SecretString } = await secrets
    .send(new GetSecretValueCommand({ SecretId: githubSecret }))
    .catch((error: unknown) => {
      throw accessTrouble(`cannot read the secret ${githubSecret} in ${region}`, error);
    });
  const auth = gitHubAuthOf(SecretString ?? '', githubSecret);
  const github = openGitHub({
    auth,
    userAgent: 'windlass-verify',
    ...(githubUrl !== undefined && { baseUrl: githubUrl }),
  });
  return {
    ...{ send, stacks: new CloudFormationClient({ region }) },
    ...{ ecr: new ECRClient({ region }), dynamo: new DynamoDBClient({ region }), sqs: new SQSClient({ region }) },
    repo: github.repo(owner, name),
    now: () => new Date(),
    say: (line) => process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`),
    signal,
    patience: { commit: 300, traces: 180 },
  };
}

/** Whose credentials these are. */
async function accountOf(send: Send): Promise<{ account: string; partition: string }> {
  const { text } = await send(queryCall('sts', '2011-06-15', 'GetCallerIdentity')).catch((error: unknown) => {
    throw accessTrouble('AWS does not say whose credentials these are', error);
  });
  const [, partition, account] = /arn:(aws[a-z-]*):(?:sts|iam)::(\d{12}):/.exec(text) ?? [];
  if (partition === undefined || account === undefined)
    throw new UserError('AWS does not say whose credentials these are', { code: 'credentials' });
  return { account, partition };
}

function checkCluster({ cluster, account, region }: Plan): void {
  if (cluster === undefined) return;
  const eks = parseEksArn(cluster);
  if (eks?.region === region && eks.account === account) return;
  throw new UserError(`${cluster} is no EKS cluster of the account ${account} in ${region}`, { code: 'usage' });
}

function newId(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('');
}

async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UserError('there is no terminal to ask at: give --yes to do it', { code: 'not-confirmed' });
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(?:es)?$/i.test((await terminal.question('Make it? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const problems = error instanceof UserError ? error.problems.map(formatProblem) : [];
  process.stderr.write(`${[messageOf(error), ...problems].join('\n')}\n`);
  process.exitCode = 2;
}
