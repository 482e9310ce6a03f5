import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { mirror } from '../standins/mirror.ts';
import { type AwsPuller, pullerOf } from './aws-puller.ts';
import type { AwsWorld } from './aws-world.ts';
import { waitFor } from './cluster.ts';
import { type EksCluster, startEks } from './eks.ts';
import { windlass } from './io.ts';
import { pullOnce, type RunningPuller } from './puller.ts';

const run = promisify(execFile);

/** The cluster `acme-dev` of EKS, which windlass.yaml calls `dev`, with the checker let in, and a puller that is run by hand. */
export interface AwsCluster {
  eks: EksCluster;
  /** The ARN that the stack knows it by. */
  arn: string;
  /** What its puller has of AWS. */
  puller: AwsPuller;
  /** One round of the puller's CronJob, at the head of GitHub. */
  pull(): Promise<RunningPuller & { code: number | null }>;
  /** Lets the CronJob look until GitHub shows the head as healthy: what it could not be told once comes with a later report. */
  toldHealthy(): Promise<void>;
  /** As the cluster's administrator. */
  kubectl(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

export const clusterArn = 'arn:aws:eks:eu-west-1:000000000000:cluster/acme-dev';

/** Starts the cluster and gives the check its rights, as `windlass install --checker` and the access entry do. Whoever starts it stops it. */
export async function startAwsCluster(world: AwsWorld, options: { controllers?: boolean } = {}): Promise<AwsCluster> {
  const { aws, github, deployed } = world;
  const eks = await startEks(aws, 'acme-dev', options);
  const dir = await mkdtemp(join(tmpdir(), 'windlass-test-mirror-'));
  const { path: program } = await findKubectl({ env: process.env });
  const kubeconfig = eks.plane.kubeconfigPath;
  const stop = async () => {
    await eks.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  let puller: AwsPuller;
  try {
    puller = await pullerOf(world, clusterArn);
    mirror(github, dir);
    const asked = ['--repo', dir, '--branch', 'main', '--cluster', 'dev', '--kubeconfig', kubeconfig, '--yes'];
    const { code, stderr } = await windlass(['install', '--checker', ...asked]);
    if (code !== 0) throw new Error(`the checker was not installed: ${stderr}`);
    for (const role of JSON.parse(deployed.outputs['CheckerPrincipals']!) as string[])
      await eks.letIn(role, ['windlass:drift']);
  } catch (error) {
    await stop();
    throw error;
  }
  const pull = () => {
    mirror(github, dir);
    const environment = { KUBECONFIG: kubeconfig, WINDLASS_REPO: dir, WINDLASS_CLUSTER: 'dev' };
    return pullOnce({ ...awsEnvironment(world, puller), ...environment });
  };
  const isToldHealthy = async () => {
    const { code, output } = await pull();
    if (code !== 0) throw new Error(`a pull ended with ${code}: ${output()}`);
    return github.repository.statuses.get(github.head()!)?.some(({ state }) => state === 'success');
  };
  return {
    ...{ eks, arn: clusterArn, puller, stop, pull },
    toldHealthy: async () => {
      await waitFor(isToldHealthy, { what: 'the status of the commit', everyMs: 5000 });
    },
    kubectl: async (...args) => (await run(program, ['--kubeconfig', kubeconfig, ...args])).stdout.trim(),
  };
}

/** What the pod of a puller has of AWS. */
function awsEnvironment({ aws }: AwsWorld, { credentials, reportsQueueUrl }: AwsPuller): Record<string, string> {
  return {
    WINDLASS_REPORT_QUEUE: reportsQueueUrl,
    AWS_REGION: aws.region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(aws.caFile !== undefined && { NODE_EXTRA_CA_CERTS: aws.caFile }),
  };
}
