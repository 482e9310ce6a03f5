// Puts adapters behind the rounds of a puller.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import packageJson from '../../package.json' with { type: 'json' };
import { accessFromKubeconfig } from '../adapters/kubernetes/access.ts';
import { readCapabilities } from '../adapters/kubernetes/capabilities.ts';
import { Client } from '../adapters/kubernetes/client.ts';
import { KubernetesCluster } from '../adapters/kubernetes/cluster.ts';
import { ClusterEvents } from '../adapters/kubernetes/events.ts';
import { accessInCluster } from '../adapters/kubernetes/in-cluster.ts';
import { keptMap } from '../adapters/kubernetes/kept-map.ts';
import { ClusterLeases, holdLease } from '../adapters/kubernetes/lease.ts';
import { ClusterRecords } from '../adapters/kubernetes/records.ts';
import { ClusterSyncs } from '../adapters/kubernetes/sync-objects.ts';
import { keptFile } from '../adapters/local/kept-file.ts';
import { openChartSource } from '../adapters/renderers/charts/source.ts';
import { openHelm } from '../adapters/renderers/helm.ts';
import { openKustomizer } from '../adapters/renderers/kustomizer.ts';
import type { PullerSettings } from '../config/puller-env.ts';
import type { Renderers } from '../desired/ports.ts';
import { ecrRepository } from '../model/ecr.ts';
import { RetryableError } from '../model/errors.ts';
import type { ImageSource } from '../model/image-contents.ts';
import { openHeads } from '../pull/heads.ts';
import { type Outbox, openOutbox } from '../pull/outbox.ts';
import type { KeptText, WakeQueue } from '../pull/ports.ts';
import { rendererWith } from '../pull/renderer.ts';
import { openStatuses } from '../pull/show-status.ts';
import type { Log } from './log.ts';
import type { RoundDeps } from './rounds.ts';
import { openConfigRepo } from './wiring-git.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What a puller works with; `close` gives connections and copies back. */
export interface PullerParts {
  rounds: RoundDeps;
  client: Client;
  /** Milliseconds between two looks at the head. */
  headEvery: number;
  close(): Promise<void>;
}

/** Opens everything. The cluster and the queue are not asked anything yet. Throws `UserError` and `RetryableError`. */
export async function openParts(
  settings: PullerSettings,
  env: Env,
  log: Log,
  signal: AbortSignal,
): Promise<PullerParts> {
  const { source, head, everyMs } = await openConfigRepo(settings, log);
  const inPod = !env['KUBECONFIG'];
  const client = new Client(inPod ? accessInCluster(env) : await accessFromKubeconfig(env['KUBECONFIG']!));
  const cluster = new KubernetesCluster(client);
  const heads = openHeads(source, lenient(keptConfig(client, settings), log));
  const tools = { ...renderers(settings, env, log), capabilities: () => readCapabilities(client) };
  const now = () => new Date();
  const { outbox, close: closeQueue } = await openReports(settings, env, client, log);
  return {
    rounds: {
      ...{ cluster: settings.cluster, head, heads, log },
      statuses: openStatuses({
        ...{ objects: new ClusterSyncs(cluster), events: new ClusterEvents(cluster, now) },
        ...{ mask: log.masked, failed: log.failed },
      }),
      recorded: new ClusterRecords(client),
      ...(outbox !== undefined && { outbox }),
      pull: {
        ...{ cluster, now, signal, isAncestor: source.isAncestor },
        // In a pod the puller's own account may do next to nothing; outside of it, whoever runs it is asked for no accounts that nobody made.
        impersonation: inPod ? 'always' : 'where-named',
        records: new ClusterRecords(client),
        leases: new ClusterLeases(client, { version: packageJson.version }),
        currentHead: head,
        renderer: rendererWith(tools),
        sleep: (milliseconds) => wait(milliseconds, undefined, { signal }).catch(() => undefined),
      },
    },
    client,
    headEvery: everyMs,
    close: async () => {
      closeQueue();
      await heads.close();
      await client.close();
    },
  };
}

/** Reports go to the queue, where there is one. A CronJob's disk is lost with its pod: there they are kept in the cluster. */
async function openReports(
  { reportQueue, mode, stateDir }: PullerSettings,
  env: Env,
  client: Client,
  log: Log,
): Promise<{ outbox?: Outbox; close(): void }> {
  if (reportQueue === undefined) return { close: () => undefined };
  const { openReportQueue } = await import('../adapters/aws/report-queue.ts');
  const queue = openReportQueue({ url: reportQueue, ...regionOf(env) });
  const kept =
    mode === 'cron'
      ? keptMap(client, { name: 'windlass-outbox', key: 'reports.json' })
      : keptFile(join(stateDir, 'outbox.json'));
  const limits = {
    ...{ messageBytes: 256 * 1024, keptBytes: 32 * 1024, pause: 30_000 },
    allBytes: mode === 'cron' ? 600 * 1024 : 16 * 1024 * 1024,
  };
  const outbox = openOutbox({ queue, kept, clock: () => performance.now(), limits, failed: log.failed });
  return { outbox, close: () => queue.close() };
}

/** AWS_REGION, where it is set. */
export function regionOf(env: Env): { region?: string } {
  const region = env['AWS_REGION'];
  return region ? { region } : {};
}

/** The last valid windlass.yaml of this repo and branch: that of another one would prune what this one has. */
function keptConfig(client: Client, { repo, branch }: PullerSettings): KeptText {
  const kept = keptMap(client, { name: 'windlass-config', key: 'windlass.yaml' });
  const head = `# the last valid one of ${repo}, branch ${branch}\n`;
  return {
    read: async () => {
      const text = await kept.read();
      return text?.startsWith(head) ? text.slice(head.length) : undefined;
    },
    write: (text) => kept.write(text === undefined ? undefined : head + text),
  };
}

/** Keeping is worth a line in the log when it fails, and no pull. */
function lenient(kept: KeptText, log: Log): KeptText {
  return {
    read: async () =>
      await kept.read().catch((error: unknown) => log.failed('read the last valid windlass.yaml', error) as undefined),
    write: (text) => kept.write(text).catch((error: unknown) => log.failed('keep the last valid windlass.yaml', error)),
  };
}

function renderers({ stateDir }: PullerSettings, env: Env, log: Log): Renderers {
  const note = (text: string) => log.info(`note: ${text}`);
  const charts = openChartSource({ cacheDir: join(stateDir, 'charts'), images: publishedCharts() });
  return { kustomizer: openKustomizer({ env, note }), helm: openHelm({ env, note }), charts };
}

/** Charts of Amazon ECR as the puller's role, of other registries as nobody in particular. */
function publishedCharts(): (repository: string) => Promise<ImageSource> {
  let ecr: ((repository: string) => ImageSource) | undefined;
  let oci: ((repository: string) => ImageSource) | undefined;
  return async (repository) => {
    if (ecrRepository(repository) !== undefined) {
      ecr ??= (await import('../adapters/aws/ecr.ts')).openEcrDocuments();
      return ecr(repository);
    }
    oci ??= (await import('../adapters/registry/open.ts')).openOciDocuments();
    return oci(repository);
  };
}

/** The queue that wakes the puller, where there is one. */
export async function openWake(
  settings: PullerSettings,
  env: Env,
): Promise<(WakeQueue & { close(): void }) | undefined> {
  if (settings.wakeQueue === undefined) return undefined;
  const { openWakeQueue } = await import('../adapters/aws/wake-queue.ts');
  return openWakeQueue({ url: settings.wakeQueue, ...regionOf(env) });
}

/** Milliseconds to wait for another process before it is told again that it has the lease. */
const leasePatience = 60_000;

/** Waits until this is the one process that works in the cluster; undefined when the signal ends the waiting. */
export async function holdWorker(client: Client, log: Log, signal: AbortSignal) {
  const waiting = (line: string) => log.info(line);
  while (!signal.aborted) {
    try {
      const { version } = packageJson;
      return await holdLease(client, 'windlass-puller', { patience: leasePatience, signal, waiting, version });
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      if (!signal.aborted) log.failed('begin to work', error);
      await wait(1_000, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}
