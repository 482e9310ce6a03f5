import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ECRClient } from '@aws-sdk/client-ecr';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { GitHubRepo } from '../../lib/adapters/github/client.ts';
import { messageOf } from '../../lib/model/errors.ts';
import { makeBranch, newCommit, removeBranch } from './branch.ts';
import type { Send } from './call.ts';
import {
  checkAlarms,
  checkDeadLetters,
  checkDrift,
  checkFunctions,
  checkRecords,
  checkTraces,
  functionsOf,
  type LambdaFunction,
  type Saw,
} from './checks.ts';
import { deploy, destroy } from './deployment.ts';
import { makeRepository, pushImage, removeRepository } from './image.ts';
import type { Plan } from './plan.ts';
import { removeTables } from './tables.ts';
import { until } from './until.ts';

/** What a verification works with. */
export interface Tools {
  send: Send;
  stacks: CloudFormationClient;
  ecr: ECRClient;
  dynamo: DynamoDBClient;
  sqs: SQSClient;
  repo: GitHubRepo;
  now: () => Date;
  say: (line: string) => void;
  /** Aborted by Ctrl-C: what was begun is removed. */
  signal: AbortSignal;
  /** How long an image may take to its commit, and a trace to be found. */
  patience: { commit: number; traces: number };
}

/** Makes a whole Windlass, pushes an image, looks at what happens, and removes it all. True when all was as it should be, and nothing is left. */
export async function verify(plan: Plan, tools: Tools): Promise<boolean> {
  let isGood = false;
  try {
    isGood = await look(plan, tools);
  } catch (error) {
    tools.say(`✗ ${tools.signal.aborted ? 'stopped' : messageOf(error)}`);
  }
  return (await removeAll(plan, tools)) && isGood;
}

/** Removes what a verification of this id made and may have left. False when something could not be removed, which is named. */
export async function removeAll(plan: Plan, { say, stacks, ecr, dynamo, repo }: Tools): Promise<boolean> {
  const steps: [what: string, remove: () => Promise<void>][] = [
    [`the branch ${plan.branch} of ${plan.repo}`, () => removeBranch(repo, plan)],
    [`the ECR repository ${plan.repository}`, () => removeRepository(ecr, plan.repository)],
    [`the stack ${plan.stack}`, () => destroy(stacks, plan)],
    [`the tables whose names begin with ${plan.stack}-`, () => removeTables(dynamo, plan)],
  ];
  let isRemoved = true;
  for (const [what, remove] of steps) {
    try {
      await remove();
      say(`✓ removed ${what}`);
    } catch (error) {
      isRemoved = false;
      say(`✗ ${what} is still there, remove it by hand: ${messageOf(error)}`);
    }
  }
  return isRemoved;
}

async function look(plan: Plan, tools: Tools): Promise<boolean> {
  const { send, ecr, dynamo, sqs, repo, say, signal } = tools;
  let isGood = true;
  // One check that cannot be made does not keep the others from being made.
  const tell = async (what: string, check: () => Promise<Saw>) => {
    signal.throwIfAborted();
    const saw = await check().catch((error: unknown) => ({ ok: false, text: messageOf(error) }));
    isGood &&= saw.ok;
    say(`${saw.ok ? '✓' : '✗'} ${what}: ${saw.text}`);
  };

  const before = await makeBranch(repo, plan);
  await makeRepository(ecr, plan.repository, plan.id);
  await pushImage(ecr, plan.repository, '1.0.0');
  const start = performance.now();
  const { outputs, resources } = await deploy(plan, signal);
  say(`✓ deployed: the stack ${plan.stack} in ${secondsSince(start)} s`);

  const functions = await functionsOf(send, plan);
  await tell('functions', async () => checkFunctions(functions, resources['AWS::Lambda::Function'] ?? 0));
  await tell('push to commit', () => pushToCommit(plan, tools, before));
  await tell('audit', () => checkRecords(dynamo, outputs['AuditTable'] ?? '', plan.repository));
  await tell('drift check', () => checkDrift(send, functions, plan.cluster === undefined ? 0 : 1));
  await tell('alarms', () => checkAlarms(send, plan, resources['AWS::CloudWatch::Alarm'] ?? 0));
  await tell('dead letters', () => checkDeadLetters(sqs, plan));
  await tell('X-Ray', () => tracesInTime(tools, functions));
  return isGood;
}

async function pushToCommit(plan: Plan, { ecr, repo, say, signal, patience }: Tools, before: string): Promise<Saw> {
  await pushImage(ecr, plan.repository, '1.1.0');
  const pushed = performance.now();
  const commit = await until(() => newCommit(repo, plan, before), patience.commit, signal);
  const seconds = secondsSince(pushed);
  if (commit === undefined) return { ok: false, text: `no commit within ${seconds} s` };
  say(`  GitHub says of the commit's signature: ${commit.signed ?? 'nothing'}`);
  const ok = commit.message.includes('Windlass-To: 1.1.0');
  return { ok, text: `${commit.revision.slice(0, 8)} after ${seconds} s: ${commit.message.split('\n')[0]}` };
}

async function tracesInTime(
  { send, now, signal, patience }: Tools,
  functions: readonly LambdaFunction[],
): Promise<Saw> {
  const saw = await until(
    async () => {
      const found = await checkTraces(send, functions, now());
      return found.ok ? found : undefined;
    },
    patience.traces,
    signal,
  );
  return saw ?? { ok: false, text: `no trace within ${patience.traces} s` };
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}
