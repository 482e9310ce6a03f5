import { spawn } from 'node:child_process';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serviceAccountDirectory } from '../../lib/adapters/kubernetes/in-cluster.ts';
import { temporaryFolder } from './cluster.ts';
import { follow, type RunningPuller } from './puller.ts';

/** The volume with the token of a pod's service account, and the authority of the API server. */
export interface AccountVolume {
  dir: string;
  /** Replaces both files at once, as the kubelet does: https://kubernetes.io/docs/concepts/storage/projected-volumes/. */
  write(files: { token: string; 'ca.crt': string }): Promise<void>;
}

/** Makes an empty volume. */
export async function accountVolume(): Promise<AccountVolume> {
  const dir = await temporaryFolder();
  let version = 0;
  return {
    dir,
    async write(files) {
      const data = `..${++version}`;
      await mkdir(join(dir, data));
      for (const [name, text] of Object.entries(files)) {
        await writeFile(join(dir, data, name), text);
        if (version === 1) await symlink(join('..data', name), join(dir, name));
      }
      await symlink(data, join(dir, '..new'));
      await rename(join(dir, '..new'), join(dir, '..data'));
    },
  };
}

/** Starts `node bin/puller.ts` as in a pod: the API server is at `port` of 127.0.0.1, and the volume is where a pod has it. Needs user and mount namespaces. */
export async function startPullerOfAccount(
  { dir }: AccountVolume,
  port: number | string,
  env: Record<string, string>,
): Promise<RunningPuller> {
  const base = {
    ...{ PATH: process.env['PATH'], HOME: process.env['HOME'] },
    ...{ KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) },
    WINDLASS_STATE_DIR: await temporaryFolder(),
    WINDLASS_GIT_KEY_DIR: '/nonexistent',
    WINDLASS_BRANCH: 'main',
    WINDLASS_CLUSTER: 'test',
  };
  const place = serviceAccountDirectory;
  const script = 'mount -t tmpfs none /run && mkdir -p "$1" && mount --bind "$2" "$1" && exec "$3" bin/puller.ts';
  const child = spawn(
    'unshare',
    ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', place, dir, process.execPath],
    { env: { ...base, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  return follow(child);
}
