// Puts a deployed stack behind `windlass doctor`: with this machine's credentials, and only by what reads.
import type { GitHubAuth } from '../adapters/github/tokens.ts';
import { readWindlassOutputs } from '../config/stack-outputs.ts';
import { messageOf, UserError } from '../model/errors.ts';
import type { StackResource } from '../model/stack-resource.ts';
import type { Io } from './command.ts';
import { placeOf } from './doctor/granted.ts';
import { once, onceEach } from './doctor/once.ts';
import type { PermissionsDeps } from './doctor/permissions.ts';
import type { DeployedWindlass, StackState } from './doctor/stack.ts';
import { stackOutputs } from './wiring-bootstrap.ts';

/** A stack that is there, and what is asked about it. */
export interface OpenedStack {
  deployed: DeployedWindlass;
  state: StackState;
  permissions: PermissionsDeps;
  queryTables(): Promise<void>;
  /** The name of the function that sends notices. */
  sender(): Promise<string | undefined>;
  /** The text of a secret: only where somebody allowed it. */
  readSecret(name: string): Promise<string>;
  close(): void;
}

/** Opens a stack. Throws `UserError` and `RetryableError` where it cannot be read, `UserError` (`no-stack`) where there is none. */
export async function openStack(
  io: Io,
  { name, region: asked, profile }: { name: string; region: string | undefined; profile: string | undefined },
): Promise<OpenedStack> {
  const { region, id = '', outputs: told } = await stackOutputs(name, { region: asked, profile });
  if (told === undefined)
    throw new UserError(
      `there is no stack ${name} in ${region}\nname it with --stack, --region and --profile, or deploy it: npx cdk deploy ${name}`,
      {
        code: 'no-stack',
        subject: name,
      },
    );
  const outputs = readWindlassOutputs(name, told);
  const { openStackState } = await import('../adapters/aws/stack-state.ts');
  const { openRoleSimulation } = await import('../adapters/aws/role-simulation.ts');
  const state = openStackState({ region, profile });
  const roles = openRoleSimulation({ region, profile });
  const resources = once(() => state.resources(name));
  const version = told['Version'];
  return {
    deployed: { name, region, outputs, topics: namesIn(told['Topics']), ...(version !== undefined && { version }) },
    state: { ...state, resources, function: onceEach(state.function) },
    permissions: {
      stack: name,
      place: placeOf(id),
      resources,
      template: () => state.template(name),
      denied: roles.denied,
    },
    queryTables: () => queryTables(io, outputs, { region, profile }),
    sender: async () => senderOf(await resources()),
    readSecret: (secret) => readSecret(secret, { region, profile }),
    close: () => {
      state.close();
      roles.close();
    },
  };
}

async function queryTables(
  io: Io,
  { auditTable: audit, stateTable: state }: DeployedWindlass['outputs'],
  where: { region: string; profile: string | undefined },
): Promise<void> {
  const { openRecords } = await import('../adapters/aws/dynamo-open.ts');
  const onUnreadable = (error: UserError) => io.stderr.write(`note: ${messageOf(error)}\n`);
  const { profile, region } = where;
  const opened = await openRecords({
    tables: { audit, state },
    region,
    onUnreadable,
    ...(profile !== undefined && { profile }),
  });
  try {
    await Promise.all([opened.records.timeline({ limit: 1 }), opened.records.images()]);
  } finally {
    opened.close();
  }
}

async function readSecret(
  name: string,
  { region, profile }: { region: string; profile: string | undefined },
): Promise<string> {
  const { openSecrets } = await import('../adapters/aws/notify-secret.ts');
  const wanted = { reader: 'whoever runs this', named: 'the props of the stack', code: 'not-allowed' };
  const secrets = openSecrets({ region, wanted, ...(profile !== undefined && { profile }) });
  try {
    return await secrets.read(name);
  } finally {
    secrets.close();
  }
}

/** Who the functions are on GitHub by a secret: the one that they commit with unless told. */
export async function stackGitHubAuth(
  { deployed, readSecret: read }: OpenedStack,
  secret = deployed.outputs.githubSecret,
): Promise<GitHubAuth> {
  const { gitHubAuthOf } = await import('../adapters/github/secret.ts');
  return gitHubAuthOf(await read(secret), secret);
}

/** Whose token a secret of Slack holds; nothing is posted. */
export async function slackUser(io: Io, secret: string, { readSecret: read }: OpenedStack): Promise<string> {
  const { slackUserOf } = await import('../adapters/slack/auth-test.ts');
  return await slackUserOf(await read(secret), secret, io.env['WINDLASS_SLACK_API']);
}

/** By its name in the template, which `lib/infra` gives it. */
function senderOf(resources: readonly StackResource[]): string | undefined {
  return resources.find(({ id, type }) => type === 'AWS::Lambda::Function' && /Notify/.test(id))?.name;
}

function namesIn(json: string | undefined): Record<string, string> {
  try {
    const value: unknown = JSON.parse(json ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, string>) : {};
  } catch {
    return {};
  }
}

/** Where the clock of AWS can be read. */
export function awsUrl(io: Io, region: string): string {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return io.env['AWS_ENDPOINT_URL'] || `https://sts.${region}.${suffix}/`;
}
