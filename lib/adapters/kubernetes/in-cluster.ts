import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../model/errors.ts';
import type { Access } from './access.ts';
import type { Credentials } from './credentials.ts';

/** Where Kubernetes mounts the token of the pod's service account. */
export const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Milliseconds after which the files are read again: the kubelet replaces the token when four fifths of its life are over. */
const filesLife = 10_000;

/**
 * The way in by the pod's service account: `token` and `ca.crt` of the directory, which are read again every 10 s and after a 401, as the kubelet replaces
 * both. Throws `UserError` outside of a pod, and where a file is missing.
 */
export function accessInCluster(
  env: Readonly<Record<string, string | undefined>>,
  directory = serviceAccountDirectory,
): Access {
  let cached: { until: number; credentials: Credentials } | undefined;
  return {
    server: serverOf(env),
    async credentials(fresh = false) {
      if (fresh || cached === undefined || cached.until < Date.now())
        cached = { until: Date.now() + filesLife, credentials: await credentialsIn(directory) };
      return cached.credentials;
    },
  };
}

function serverOf(env: Readonly<Record<string, string | undefined>>): string {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'] || '443';
  if (!host)
    throw new UserError(
      'this is no pod (KUBERNETES_SERVICE_HOST is not set): set KUBECONFIG to run outside of a cluster',
      {
        code: 'not-in-cluster',
      },
    );
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function credentialsIn(directory: string): Promise<Credentials> {
  const [token, ca] = await Promise.all([textOf(join(directory, 'token')), textOf(join(directory, 'ca.crt'))]);
  return { tls: { ca }, headers: { authorization: `Bearer ${token.trim()}` } };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`the token of the service account cannot be read: ${messageOf(error)}`, {
      code: 'service-account',
      subject: file,
    });
  }
}
