import type { GuardOptions } from './guard.ts';
import type { AccountRights } from './rights.ts';

/** `cron`: a CronJob, each minute. `watch`: a Deployment that stays and is awake in seconds. */
export type InstallMode = 'cron' | 'watch';

/** What the installation of a puller consists of. */
export interface InstallOptions {
  mode: InstallMode;
  /** The cluster's name in windlass.yaml. */
  cluster: string;
  /** Where the puller fetches the config repo from: https or ssh, without a password in it. */
  repo: string;
  branch: string;
  image: string;
  region?: string;
  /** URL of the SQS queue that reports go to. Absent: they go to the log only. */
  reportQueue?: string;
  /** URL of the SQS queue that wakes a puller that watches. */
  wakeQueue?: string;
  /** ARN of the secret in Secrets Manager with the key to the config repo. Absent: it is in the Secret `windlass-git`, or none is needed. */
  gitSecret?: string;
  /** ARN of the role that the account takes on by IRSA. Absent where Pod Identity gives it one, or nothing of AWS is used. */
  roleArn?: string;
  /** Ports of the API server's own addresses: rules about traffic see those, not the port of its Service. */
  apiPorts: readonly number[];
  /** What the syncs of the cluster are applied as. */
  accounts: readonly AccountRights[];
  /** Whose objects are guarded against changes by hand. */
  guard: GuardOptions;
}
