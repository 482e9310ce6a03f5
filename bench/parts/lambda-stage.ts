import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { FunctionFile } from '../../functions/bundle.ts';
import { pushEvent } from '../../lib/bump/push-event.ts';
import { fromPuller, makeSurroundings, type Surroundings, sqsEvent } from '../../test/functions/surroundings.ts';
import { startEks } from '../../test/helpers/eks.ts';
import { type MiniStack, startMiniStack } from '../../test/helpers/ministack.ts';
import { pushTo } from '../../test/helpers/push-image.ts';
import { notice } from '../../test/notify/notices.ts';
import { pull } from '../../test/report/reports.ts';
import { createGitHub, type GitHub } from '../../test/standins/github.ts';
import { mirror } from '../../test/standins/mirror.ts';
import { startSlack } from '../../test/standins/slack.ts';
import type { Context } from './benchmark.ts';
import { asFiles, generate } from './objects.ts';
import { measure } from './processes.ts';
import { expectCode, windlassProgram } from './test-bed.ts';

/** What functions reach over the network, all of it on this machine, and their environment. */
export interface LambdaStage {
  env: Record<string, string>;
  /** The next event of a function: one with something to do. */
  event(name: FunctionFile): Promise<unknown>;
  /** What functions put on record in place of doing it: a benchmark of refusals measures nothing. */
  ignored(): Promise<string[]>;
}

const registry = '000000000000.dkr.ecr.eu-west-1.amazonaws.com';
const token = 'ghs_tokenOfTheBenchmark';
const windlassFile = `windlass: 1
images:
  web: { image: ${registry}/shop/web, semver: "*" }
clusters:
  prod: { eks: acme-prod, region: eu-west-1, auditLog: true }
syncs:
  shop-prod: { cluster: prod, path: apps }
notify:
  routes:
    - { on: [drift], slack: { channel: "#oncall", secret: slack-bot } }
`;
const marked = `image: ${registry}/shop/web:1.0.0 # {"$imagepolicy": "web"}\n`;

/** Starts everything, with a cluster in sync; it ends with the benchmark. */
export async function openLambdaStage(context: Context<string>, objects: number): Promise<LambdaStage> {
  const { atEnd, say } = context;
  const apps = Object.entries(asFiles(generate('lambda', objects))).map(([file, text]) => [`apps/${file}`, text]);
  const files = { 'windlass.yaml': windlassFile, 'images/web.yaml': marked, ...Object.fromEntries(apps) };
  const github = await createGitHub({ files, access: { tokens: [token] }, limit: Number.POSITIVE_INFINITY });
  const { url, close } = await github.listen();
  atEnd(close);
  const slack = await startSlack();
  atEnd(slack.close);
  say('starting what stands in for AWS, and a cluster');
  const aws = await startMiniStack();
  atEnd(() => aws.stop());
  await prepare(aws, slack.token);
  await bringCluster(context, aws, github);
  const around = await makeSurroundings(aws, { githubUrl: `${url}/api/v3`, secret: JSON.stringify({ token }) });
  atEnd(async () => around.close());
  const ignored = async () => {
    const records = await around.items('audit');
    return records.filter(({ kind }) => kind === 'event-ignored').map(({ summary }) => String(summary));
  };
  return { env: environmentOf(around, slack.api), event: eventsOf(aws, github), ignored };
}

function environmentOf({ env }: Surroundings, slackApi: string): Record<string, string> {
  return { ...env, WINDLASS_NOTIFY_SECRETS: '["slack-bot"]', WINDLASS_SLACK_API: slackApi };
}

async function prepare({ endpoint, region, credentials }: MiniStack, slackToken: string): Promise<void> {
  const ecr = new ECRClient({ endpoint, region, credentials });
  await ecr.send(new CreateRepositoryCommand({ repositoryName: 'shop/web' }));
  ecr.destroy();
  const secrets = new SecretsManagerClient({ endpoint, region, credentials });
  await secrets.send(new CreateSecretCommand({ Name: 'slack-bot', SecretString: slackToken }));
  secrets.destroy();
}

/** A cluster that EKS knows, with the sync applied to it once. */
async function bringCluster({ dir, signal, atEnd }: Context<string>, aws: MiniStack, github: GitHub): Promise<void> {
  const eks = await startEks(aws, 'acme-prod');
  atEnd(() => eks.stop());
  const repo = await mkdtemp(join(dir, 'repo-'));
  await mkdir(join(dir, 'cache'));
  mirror(github, repo);
  const args = ['pull', '--repo', repo, '--branch', 'main', '--sync', 'shop-prod'];
  const env = { KUBECONFIG: eks.plane.kubeconfigPath, WINDLASS_CACHE: join(dir, 'cache') };
  const pulled = await measure(process.execPath, [windlassProgram, ...args], { cwd: dir, env, signal });
  expectCode('windlass pull', pulled, 0);
}

function eventsOf(aws: MiniStack, github: GitHub): LambdaStage['event'] {
  let count = 0;
  const events: Record<FunctionFile, (number: number) => unknown> = {
    'bump-on-push': async (number) => {
      const tag = `1.1.${number}`;
      const digest = await pushTo(aws.endpoint, 'shop/web', tag, { labels: { tag } });
      const place = { account: aws.account, region: aws.region, repository: 'shop/web' };
      return sqsEvent(pushEvent({ id: `push-${number}`, at: new Date(), ...place, tag, digest }));
    },
    'report-on-sync': (number) =>
      fromPuller(sqsEvent(pull(number * 60, number * 60 + 5, [], { run: `pull-${number}`, revision: github.head()! }))),
    'drift-on-schedule': () => ({}),
    'drift-on-incident': (number) =>
      sqsEvent({
        ...{ type: 'WhoWanted', cluster: 'prod', sync: 'shop-prod', incident: `incident-${number}` },
        until: '2026-11-22T12:05:00.000Z',
        objects: [{ object: 'ConfigMap/shop/settings', gone: true, untold: true, tools: [] }],
      }),
    'notify-on-notice': (number) => sqsEvent(notice('opened', 'drift', { incident: `incident-${number}` })),
  };
  return async (name) => {
    count += 1;
    return await events[name](count);
  };
}
