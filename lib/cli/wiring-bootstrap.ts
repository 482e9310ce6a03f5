// Puts what is deployed to AWS, and GitHub, behind `windlass bootstrap`: with this machine's credentials, in the region of the stack.
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import type { RecordsReader } from '../audit/ports.ts';
import type { Head } from '../bump/ports.ts';
import type { WindlassOutputs } from '../config/stack-outputs.ts';
import { messageOf, UserError } from '../model/errors.ts';
import type { Notice } from '../model/messages.ts';
import type { Deliveries } from '../notify/ports.ts';
import type { Io } from './command.ts';

/** The outputs of a stack, and its region; no outputs where there is no such stack. */
export async function stackOutputs(name: string, where: { region?: string | undefined; profile?: string | undefined }) {
  const { readStack } = await import('../adapters/aws/stack-outputs.ts');
  return await readStack(name, where);
}

/** Where EKS says that a cluster is; undefined where whoever asks may not know, or asks in another account. Throws `RetryableError` where EKS does not answer. */
export async function endpointOf(
  { eks: name, region }: { eks: string; region: string },
  profile: string | undefined,
): Promise<string | undefined> {
  const { eksEndpoint } = await import('../adapters/aws/eks-access.ts');
  try {
    return await eksEndpoint({ name, region }, { profile });
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** The head of the config repo as the functions see it, by the stack's own secret. `who` says whose it is, and nothing of it. */
export async function headByStack(
  io: Io,
  { repo, branch, githubSecret }: Pick<WindlassOutputs, 'repo' | 'branch' | 'githubSecret'>,
  region: string,
): Promise<{ head: Head; who: string }> {
  const { openSecrets } = await import('../adapters/aws/notify-secret.ts');
  const { gitHubAuthOf } = await import('../adapters/github/secret.ts');
  const { openGitHub } = await import('../adapters/github/client.ts');
  const { openGitHubConfigRepo } = await import('../adapters/github/config-repo.ts');
  const { openSurveyFiles } = await import('../adapters/local/survey-files.ts');
  const { cacheDir } = await import('../adapters/local/cache-dir.ts');
  const wanted = {
    ...{ reader: 'whoever runs this', named: 'the prop githubSecret', page: 'docs/github.md' },
    code: 'github-credentials',
  };
  const secrets = openSecrets({ region, wanted });
  try {
    const auth = gitHubAuthOf(await secrets.read(githubSecret), githubSecret);
    const variable = 'WINDLASS_GITHUB_API_URL';
    const baseUrl = io.env[variable];
    const userAgent = `windlass/${packageJson.version}`;
    const client = openGitHub({ auth, userAgent, now: io.now, ...(baseUrl && { baseUrl, baseUrlName: variable }) });
    const slash = repo.lastIndexOf('/');
    const place = { owner: repo.slice(0, slash), repo: repo.slice(slash + 1), branch };
    const store = openSurveyFiles(join(cacheDir(io.env), 'surveys'));
    const head = await openGitHubConfigRepo({ client, ...place, store }).head();
    return { head, who: 'app' in auth ? `GitHub App ${auth.app.id}` : 'a token' };
  } finally {
    secrets.close();
  }
}

/** What is asked of the functions, and where their answers are seen. */
export interface DeployedLoop {
  records: Pick<RecordsReader, 'images' | 'timeline'>;
  deliveries: Pick<Deliveries, 'of'>;
  /** Asks bump to look at all images. */
  sweep(): Promise<void>;
  /** How many messages wait for bump, about. */
  waiting(): Promise<number>;
  tell(notice: Notice): Promise<void>;
  close(): void;
}

/** The queues and tables of a stack. */
export async function deployedLoop(io: Io, outputs: WindlassOutputs, region: string): Promise<DeployedLoop> {
  const { openRecords } = await import('../adapters/aws/dynamo-open.ts');
  const { openDeliveries } = await import('../adapters/aws/delivery-store.ts');
  const { openNotifyQueue } = await import('../adapters/aws/notify-queue.ts');
  const { openSweepSender } = await import('../adapters/aws/sweep-sender.ts');
  const { auditTable: audit, stateTable: state, repo, branch } = outputs;
  const onUnreadable = (error: UserError) => io.stderr.write(`note: ${messageOf(error)}\n`);
  const opened = await openRecords({ tables: { audit, state }, region, onUnreadable });
  const sweeps = openSweepSender({ url: outputs.pushesQueueUrl, region, group: `${repo}@${branch}` });
  const notices = openNotifyQueue({ url: outputs.noticesQueueUrl, region });
  return {
    records: opened.records,
    deliveries: openDeliveries(opened.client, { table: state }),
    sweep: () => sweeps.send(io.now()),
    waiting: () => sweeps.left(),
    tell: (notice) => notices.send(notice),
    close: () => {
      for (const one of [opened, sweeps, notices]) one.close();
    },
  };
}
