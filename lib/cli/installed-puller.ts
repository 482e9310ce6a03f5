import { pullerVariables } from '../config/puller-env.ts';
import { component, componentLabel } from '../install/names.ts';
import type { InstallMode } from '../install/options.ts';
import { UserError } from '../model/errors.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import type { Cluster } from '../pull/ports.ts';

/** The puller as it is installed in a cluster: by its workload, not by what somebody remembers. */
export interface InstalledPuller {
  mode: InstallMode;
  /** `batch/CronJob/windlass-system/windlass-puller` */
  object: string;
  /** True when it runs at no time: the CronJob is suspended, or the Deployment has no replicas. */
  stopped: boolean;
  /** Of a CronJob. */
  schedule?: string;
  /** False while no pod of a Deployment is ready: it starts, or cannot. */
  ready: boolean;
  /** What its environment says, as far as it is written there. */
  cluster?: string;
  repo?: string;
  branch?: string;
  wakeQueue?: string;
  region?: string;
}

const workloads = [
  { apiVersion: 'apps/v1', kind: 'Deployment', read: readDeployment },
  { apiVersion: 'batch/v1', kind: 'CronJob', read: readCronJob },
];

/** Finds the puller by the label of what is installed. Throws `UserError` when there is none, or none that runs. */
export async function installedPuller(cluster: Cluster): Promise<InstalledPuller> {
  const found: InstalledPuller[] = [];
  for (const { apiVersion, kind, read } of workloads) {
    const resource = await cluster.resource(apiVersion, kind);
    if (resource === undefined) continue;
    const objects = await cluster.list(resource, `${componentLabel}=${component}`, systemNamespace);
    found.push(...objects.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(read));
  }
  const running = found.find(({ stopped }) => !stopped);
  if (running !== undefined) return running;
  const [stopped] = found;
  if (stopped !== undefined) throw stoppedError(stopped);
  throw new UserError('no puller is installed in this cluster, so nothing is pulled: windlass install puts one there', {
    code: 'no-puller',
  });
}

function stoppedError({ mode, object }: InstalledPuller): UserError {
  const [why, command] =
    mode === 'cron'
      ? ['is suspended', `kubectl patch cronjob windlass-puller -n ${systemNamespace} -p '{"spec":{"suspend":false}}'`]
      : ['has no replicas', `kubectl scale deployment windlass-puller -n ${systemNamespace} --replicas 1`];
  const message = `the puller is stopped, so nothing is pulled: ${object} ${why}. Start it again: ${command}`;
  return new UserError(message, { code: 'puller-stopped', subject: object });
}

interface PodTemplate {
  spec?: { containers?: { name: string; env?: { name: string; value?: string }[] }[] };
}

function readCronJob(object: KubeObject): InstalledPuller {
  const spec = (object['spec'] ?? {}) as {
    schedule?: string;
    suspend?: boolean;
    jobTemplate?: { spec?: { template?: PodTemplate } };
  };
  return {
    ...{ mode: 'cron', object: nameOf(object), stopped: spec.suspend === true, ready: true },
    ...(spec.schedule !== undefined && { schedule: spec.schedule }),
    ...settingsIn(spec.jobTemplate?.spec?.template),
  };
}

function readDeployment(object: KubeObject): InstalledPuller {
  const spec = (object['spec'] ?? {}) as { replicas?: number; template?: PodTemplate };
  const status = (object['status'] ?? {}) as { availableReplicas?: number };
  return {
    ...{ mode: 'watch', object: nameOf(object), stopped: spec.replicas === 0 },
    ready: (status.availableReplicas ?? 0) > 0,
    ...settingsIn(spec.template),
  };
}

type Settings = Pick<InstalledPuller, 'cluster' | 'repo' | 'branch' | 'wakeQueue' | 'region'>;

function settingsIn(template: PodTemplate | undefined): Settings {
  const env = template?.spec?.containers?.find(({ name }) => name === 'puller')?.env ?? [];
  const textOf = (name: string) => env.find((one) => one.name === name)?.value?.trim() || undefined;
  const settings = {
    cluster: textOf(pullerVariables.cluster),
    repo: textOf(pullerVariables.repo),
    branch: textOf(pullerVariables.branch),
    wakeQueue: textOf(pullerVariables.wakeQueue),
    region: textOf('AWS_REGION'),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
