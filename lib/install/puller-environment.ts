import type { InstallOptions } from './options.ts';

type Settings = Pick<
  InstallOptions,
  'mode' | 'cluster' | 'repo' | 'branch' | 'gitSecret' | 'reportQueue' | 'wakeQueue' | 'region'
>;

/** The environment that the manifests give the puller. */
export function pullerEnvironment(options: Settings): { name: string; value: string }[] {
  const values: Record<string, string | undefined> = {
    WINDLASS_MODE: options.mode,
    WINDLASS_CLUSTER: options.cluster,
    WINDLASS_REPO: options.repo,
    WINDLASS_BRANCH: options.branch,
    WINDLASS_GIT_SECRET: options.gitSecret,
    WINDLASS_REPORT_QUEUE: options.reportQueue,
    WINDLASS_WAKE_QUEUE: options.wakeQueue,
    WINDLASS_STATE_DIR: '/var/lib/windlass',
    AWS_REGION: options.region,
    // The root is read-only; git and helm look for a home.
    HOME: '/tmp',
  };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}
