import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type CloudFormationClient,
  DeleteStackCommand,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import type { Plan } from './plan.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What was deployed. */
export interface Deployed {
  /** The outputs of the stack of Windlass. */
  outputs: Record<string, string>;
  /** How many resources of a type its template has: `AWS::CloudWatch::Alarm`. */
  resources: Record<string, number>;
}

/** Deploys the stacks with the project's own `cdk`, which writes what it does to the terminal. Throws when it fails, or is told to stop. */
export async function deploy(plan: Plan, signal: AbortSignal): Promise<Deployed> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-verify-'));
  try {
    const file = join(folder, 'outputs.json');
    const args = ['deploy', '--all', '--require-approval', 'never', '--outputs-file', file];
    await cdk(plan, folder, [...args, '--output', join(folder, 'out')], signal);
    const outputs = JSON.parse(await readFile(file, 'utf8')) as Record<string, Record<string, string>>;
    const [template] = (await readdir(join(folder, 'out'))).filter((name) => name === `${plan.stack}.template.json`);
    const { Resources } = JSON.parse(await readFile(join(folder, 'out', template!), 'utf8')) as {
      Resources: Record<string, { Type: string }>;
    };
    const resources: Record<string, number> = {};
    for (const { Type } of Object.values(Resources)) resources[Type] = (resources[Type] ?? 0) + 1;
    return { outputs: outputs[plan.stack] ?? {}, resources };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Deletes the stacks, as far as they are there, and waits until they are gone. Throws when that fails. */
export async function destroy(client: CloudFormationClient, { accessStack, stack }: Plan): Promise<void> {
  // The access goes first: it is to roles of the other.
  for (const StackName of [accessStack, stack]) {
    await client.send(new DeleteStackCommand({ StackName }));
    await waitUntilStackDeleteComplete({ client, maxWaitTime: 1800, minDelay: 2 }, { StackName });
  }
}

async function cdk(plan: Plan, folder: string, args: string[], signal: AbortSignal): Promise<void> {
  const program = join(root, 'node_modules/aws-cdk/bin/cdk');
  const app = `"${process.execPath}" aws/verify/app.ts`;
  const child = spawn(process.execPath, [program, ...args, '--app', app, '--no-notices', '--progress', 'events'], {
    cwd: root,
    env: {
      ...process.env,
      ...{ AWS_REGION: plan.region, CDK_DISABLE_CLI_TELEMETRY: 'true' },
      WINDLASS_VERIFY: JSON.stringify({ plan, functions: join(folder, 'functions') }),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
    // A group of its own: Ctrl-C is for this process, which then removes what there is.
    detached: true,
    signal,
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`cdk ${args[0]} ended with ${code ?? 'a signal'}; its own words are above`);
}
