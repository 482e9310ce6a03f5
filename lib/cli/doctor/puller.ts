import { systemNamespace } from '../../model/system-namespace.ts';
import type { Cluster } from '../../pull/ports.ts';
import { type InstalledPuller, installedPuller } from '../installed-puller.ts';
import type { ShownStatus } from '../sync-verdict.ts';
import { failed, note, ok, type Said, wrong } from './finding.ts';
import { compareVersions } from './versions.ts';

/** The lease of a puller, as far as it tells of one that runs. */
export interface HeldLease {
  renewedAt?: string;
  version?: string;
}

/** What is asked of a puller. */
export interface PullerDeps {
  cluster: Cluster;
  lease(name: string): Promise<HeldLease | undefined>;
  /** The version of this CLI. */
  here: string;
  now(): Date;
}

/** Milliseconds that a puller in a CronJob may be silent: it begins every minute, and a pull may take its time. */
const longestSilence = 15 * 60_000;
/** Milliseconds after which a process that watches is gone: it renews its lease every 5 s. */
const longestRenewal = 60_000;

/** Checks that the puller is installed, is not stopped, and is at work. */
export async function checkPuller(deps: PullerDeps): Promise<Said[]> {
  let puller: InstalledPuller;
  try {
    puller = await installedPuller(deps.cluster);
  } catch (error) {
    return [failed('puller', error)];
  }
  const { mode, object, ready, repo = '', branch = '' } = puller;
  const found = ok('puller', `${object}, of ${repo} ${branch}`.trim());
  if (!ready)
    return [
      wrong(
        'puller',
        `${object} has no pod that is ready`,
        `kubectl -n ${systemNamespace} get pods, and describe the pod: it may not get its image`,
      ),
    ];
  return mode === 'watch' ? [found, ...(await checkWatching(deps))] : [found, ...(await checkCron(deps, object))];
}

async function checkWatching({ lease, now, here }: PullerDeps): Promise<Said[]> {
  const held = await lease('windlass-puller');
  const silent = now().getTime() - Date.parse(held?.renewedAt ?? '');
  const runs =
    held !== undefined && silent <= longestRenewal
      ? ok('running', `it held its lease ${seconds(silent)} ago`)
      : wrong(
          'running',
          held?.renewedAt === undefined
            ? 'it never took its lease'
            : `it has not held its lease for ${seconds(silent)}`,
          logs('deployment'),
        );
  return [runs, ...(held === undefined ? [] : [versionOf(held, here)])];
}

async function checkCron(deps: PullerDeps, object: string): Promise<Said[]> {
  const { cluster, now, here, lease } = deps;
  const resource = await cluster.resource('batch/v1', 'CronJob');
  const name = object.split('/').at(-1)!;
  const id = { group: 'batch', kind: 'CronJob', namespace: systemNamespace, name };
  const live = resource && (await cluster.get(resource, id));
  const status = (live?.['status'] ?? {}) as { lastScheduleTime?: string; lastSuccessfulTime?: string };
  const leases = await Promise.all((await syncsThere(cluster)).map(({ name: sync }) => lease(`windlass-sync-${sync}`)));
  const last = leases
    .filter((one) => one?.version !== undefined)
    .sort((a, b) => ((a?.renewedAt ?? '') < (b?.renewedAt ?? '') ? 1 : -1))[0];
  const versions = last === undefined ? [] : [versionOf(last, here)];
  return [roundsOf(status, Date.parse(live?.metadata.creationTimestamp ?? ''), now()), ...versions];
}

function roundsOf(
  { lastScheduleTime, lastSuccessfulTime }: { lastScheduleTime?: string; lastSuccessfulTime?: string },
  made: number,
  now: Date,
): Said {
  const since = (time: string | undefined) => now.getTime() - (time === undefined ? made : Date.parse(time));
  if (since(lastSuccessfulTime) <= longestSilence)
    return lastSuccessfulTime === undefined
      ? note('running', 'no round has ended well yet: it was installed a moment ago')
      : ok('running', `its last round ended well ${seconds(since(lastSuccessfulTime))} ago`);
  const text =
    lastSuccessfulTime === undefined
      ? 'no round of it ever ended well'
      : `its last round that ended well was ${seconds(since(lastSuccessfulTime))} ago`;
  if (since(lastScheduleTime) > longestSilence)
    return wrong(
      'running',
      `${text}, and none is begun`,
      `kubectl -n ${systemNamespace} describe cronjob windlass-puller says why no job is made`,
    );
  return wrong('running', text, logs('job'));
}

function logs(kind: 'deployment' | 'job'): string {
  const what = kind === 'job' ? 'the newest job of the CronJob windlass-puller' : 'deployment/windlass-puller';
  return `look at its log: kubectl -n ${systemNamespace} logs of ${what}`;
}

function versionOf({ version }: HeldLease, here: string): Said {
  return compareVersions(version, { here, update: 'windlass install with an image of the other version' });
}

/** The syncs that the puller shows in the cluster. */
export async function syncsThere(cluster: Cluster): Promise<{ name: string; status: ShownStatus | undefined }[]> {
  const resource = await cluster.resource('windlass.dev/v1alpha1', 'Sync');
  const objects = resource === undefined ? [] : await cluster.list(resource, undefined, systemNamespace);
  return objects.map((object) => ({ name: object.metadata.name, status: object['status'] as ShownStatus | undefined }));
}

function seconds(milliseconds: number): string {
  const all = Math.max(0, Math.round(milliseconds / 1000));
  return all < 120 ? `${all} s` : `${Math.round(all / 60)} min`;
}
