import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleFunction, functionFiles } from '../../functions/bundle.ts';
import type { WindlassProps } from '../../lib/infra/windlass-props.ts';
import type { MiniStack } from './ministack.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const stack = 'Windlass';

/** The stack of `bin/cdk.ts` in MiniStack, by the CDK's own command. */
export interface Deployment {
  /** The stack's outputs, by their keys. */
  outputs: Record<string, string>;
  /** Deploys the stack as it is, or with other props; gives what the command wrote. */
  update(props?: WindlassProps): Promise<string>;
  destroy(): Promise<void>;
  /** Removes what it needed on this machine, and nothing in MiniStack. */
  clean(): Promise<void>;
}

/** Prepares an account of MiniStack for the CDK and deploys the stack into it, as a user does. Throws with what the command wrote. */
export async function deployStack(aws: MiniStack, props: WindlassProps): Promise<Deployment> {
  // The CDK keeps in it which account a key is of: it is another one in each MiniStack.
  const home = await mkdtemp(join(tmpdir(), 'windlass-test-cdk-'));
  const [app, functions] = [join(home, 'app'), join(home, 'functions')];
  for (const name of functionFiles) bundleFunction(name, join(functions, name));
  const outputs: Record<string, string> = {};
  const cdk = (...args: string[]) => runCdk(aws, home, ['--app', app, ...args]);
  const update = async (changed?: WindlassProps) => {
    if (changed !== undefined) await synthesize(aws, { app, functions }, changed);
    const file = join(home, 'outputs.json');
    const written = await cdk('deploy', stack, '--require-approval', 'never', '--outputs-file', file);
    Object.assign(outputs, (JSON.parse(await readFile(file, 'utf8')) as Record<string, object>)[stack]);
    return written;
  };
  const clean = () => rm(home, { recursive: true, force: true, maxRetries: 10 });
  try {
    await synthesize(aws, { app, functions }, props);
    await cdk('bootstrap', `aws://${aws.account}/${aws.region}`);
    await update();
  } catch (error) {
    await clean();
    throw error;
  }
  const destroy = async () => void (await cdk('destroy', stack, '--force'));
  return { outputs, update, destroy, clean };
}

/** As the CDK's command starts the app, with cdk.json's context but for the props. */
async function synthesize(
  aws: MiniStack,
  { app, functions }: { app: string; functions: string },
  props: WindlassProps,
): Promise<void> {
  const { context } = JSON.parse(await readFile(join(root, 'cdk.json'), 'utf8')) as { context: object };
  await execute(process.execPath, ['bin/cdk.ts'], {
    PATH: process.env['PATH'],
    CDK_OUTDIR: app,
    CDK_CONTEXT_JSON: JSON.stringify({ ...context, windlass: props, 'windlass:functions': functions }),
    CDK_DEFAULT_ACCOUNT: aws.account,
    CDK_DEFAULT_REGION: aws.region,
  });
}

function runCdk(aws: MiniStack, home: string, args: string[]): Promise<string> {
  return execute(process.execPath, [join(root, 'node_modules/aws-cdk/bin/cdk'), ...args], {
    PATH: process.env['PATH'],
    HOME: home,
    CI: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    AWS_REGION: aws.region,
    AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ENDPOINT_URL_S3: aws.endpoint,
    ...(aws.caFile !== undefined && { NODE_EXTRA_CA_CERTS: aws.caFile, AWS_CA_BUNDLE: aws.caFile }),
  });
}

/** Gives all that a command wrote, of both streams. */
async function execute(file: string, args: string[], env: Record<string, string | undefined>): Promise<string> {
  try {
    const { stdout, stderr } = await run(file, args, { cwd: root, env, maxBuffer: 1 << 26 });
    return stdout + stderr;
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    throw new Error(`${args.join(' ')} failed:\n${stdout}\n${stderr}`.slice(-12_000), { cause });
  }
}
