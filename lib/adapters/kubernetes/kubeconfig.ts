import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from '../../model/errors.ts';
import type { Kubeconfig } from './credentials.ts';
import { clusterIn, contextsIn, kubeconfigData, userFieldsIn } from './kubeconfig-data.ts';
import { impersonationHeaders } from './kubeconfig-impersonation.ts';

/**
 * Reads a context of a kubeconfig, the current one unless named; the library is loaded only for what the file does not say by itself. Throws
 * `UserError` where it cannot be used.
 */
export async function readKubeconfig(file: string, context?: string): Promise<Kubeconfig> {
  const text = await textOf(file);
  const { names } = await contextsIn(text);
  if (names.length === 0)
    throw new UserError(`${file} is not a kubeconfig: it has no contexts`, { code: 'kubeconfig', subject: file });
  const data = await kubeconfigData(text, context);
  if (data !== undefined) return data;
  const { kubeconfigByLibrary } = await import('./kubeconfig-library.ts');
  const config = await kubeconfigByLibrary(file, context);
  // The library knows of `as` alone.
  const acting = impersonationHeaders(file, await userFieldsIn(text, context));
  const authenticate = async () => {
    const { tls, headers } = await config.authenticate();
    return { tls, headers: { ...headers, ...acting } };
  };
  return { ...config, authenticate };
}

/** The contexts that a kubeconfig has. Throws `UserError` where it cannot be read. */
export async function contextsOf(file: string): Promise<{ names: string[]; current: string | undefined }> {
  return await contextsIn(await textOf(file));
}

/** The cluster of a context as the kubeconfig writes it; empty where it says nothing. Throws `UserError` where it cannot be read. */
export async function clusterOf(file: string, context: string): Promise<{ cluster: string; server: string }> {
  return await clusterIn(await textOf(file), context);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(
      missing ? `${file}: there is no such kubeconfig` : `${file} is not a kubeconfig: ${messageOf(error)}`,
      { code: 'kubeconfig', subject: file },
    );
  }
}
