import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

/** A template of CloudFormation, as far as tests look into it. */
export interface Template {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

/** The stack of `bin/cdk.ts` in MiniStack, by the CDK's own command. */
export interface Deployment {
  /** The stack's outputs, by their keys. */
  outputs: Record<string, string>;
  /** Deploys the stack as it is, or with other props; gives what the command wrote. */
  update(props?: WindlassProps): Promise<string>;
  /** Deploys another template than the one that was synthesized: what `change` makes of that. */
  edit(change: (template: Template) => void): Promise<void>;
  destroy(): Promise<void>;
  /** Removes what it needed on this machine, and nothing in MiniStack. */
  clean(): Promise<void>;
}

/** Prepares an account of MiniStack for the CDK and deploys the stack into it, as a user does. Throws with what the command wrote. */
export async function deployStack(aws: MiniStack, props: WindlassProps): Promise<Deployment> {
  // The CDK keeps in it which account a key is of: it is another one in each MiniStack.
  const home = await mkdtemp(join(tmpdir(), 'windlass-test-cdk-'));
  const [app, functions] = [join(home, 'app'), join(home, 'functions')];
  for (const name of functionFiles) await bundleFunction(name, join(functions, name));
  const outputs: Record<string, string> = {};
  const cdk = (...args: string[]) => runCdk(aws, home, ['--app', app, ...args]);
  const update = async (changed?: WindlassProps) => {
    if (changed !== undefined) await synthesize(aws, { app, functions }, changed);
    const file = join(home, 'outputs.json');
    const written = await cdk('deploy', stack, '--require-approval', 'never', '--outputs-file', file);
    Object.assign(outputs, (JSON.parse(await readFile(file, 'utf8')) as Record<string, object>)[stack]);
    return written;
  };
  const edit = async (change: (template: Template) => void) => {
    const kept = await readAssembly(app);
    try {
      await writeEdited(app, kept, change);
      await update();
    } finally {
      for (const [file, text] of Object.entries(kept)) await writeFile(join(app, file), text);
    }
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
  return { outputs, update, edit, destroy, clean };
}

const templateFile = `${stack}.template.json`;
const assemblyFiles = [templateFile, `${stack}.assets.json`, 'manifest.json'];

async function readAssembly(app: string): Promise<Record<string, string>> {
  const read = async (file: string) => [file, await readFile(join(app, file), 'utf8')] as const;
  return Object.fromEntries(await Promise.all(assemblyFiles.map(read)));
}

/** The CDK knows the template by its hash, which has to be another one for another template. */
async function writeEdited(
  app: string,
  kept: Readonly<Record<string, string>>,
  change: (template: Template) => void,
): Promise<void> {
  const template = JSON.parse(kept[templateFile]!) as Template;
  change(template);
  const text = JSON.stringify(template);
  const assets = JSON.parse(kept[`${stack}.assets.json`]!) as { files: Record<string, { source: { path: string } }> };
  const [hash] = Object.entries(assets.files).find(([, { source }]) => source.path === templateFile)!;
  const edited = createHash('sha256').update(text).digest('hex');
  await writeFile(join(app, templateFile), text);
  for (const file of assemblyFiles.slice(1)) await writeFile(join(app, file), kept[file]!.replaceAll(hash, edited));
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
