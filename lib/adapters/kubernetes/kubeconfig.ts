import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from '../../model/errors.ts';
import type { Kubeconfig } from './credentials.ts';
import { kubeconfigData } from './kubeconfig-data.ts';

/** Reads a kubeconfig; the library is loaded only for what the file does not say by itself. Throws `UserError` where it cannot be used. */
export async function readKubeconfig(file: string): Promise<Kubeconfig> {
  const data = await kubeconfigData(await textOf(file));
  if (data !== undefined) return data;
  const { kubeconfigByLibrary } = await import('./kubeconfig-library.ts');
  return await kubeconfigByLibrary(file);
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
