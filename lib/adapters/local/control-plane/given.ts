import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../../../model/errors.ts';
import { BINARY_NAMES, type BinaryName } from './versions.ts';

/**
 * The programs in the folder that KUBEBUILDER_ASSETS names: etcd and kube-apiserver must be there, as everywhere where
 * that variable is used; the others are taken where they are. Throws UserError `kubebuilder-assets` when one lacks.
 */
export async function givenBinaries(
  directory: string | undefined,
): Promise<{ found: Map<BinaryName, string>; told: string }> {
  const found = new Map<BinaryName, string>();
  if (!directory) return { found, told: 'KUBEBUILDER_ASSETS: not set' };
  for (const name of BINARY_NAMES) {
    const path = join(resolve(directory), name);
    if (await isExecutable(path)) found.set(name, path);
  }
  const lacking = (['etcd', 'kube-apiserver'] as const).filter((name) => !found.has(name));
  if (lacking.length > 0) {
    throw new UserError(
      `KUBEBUILDER_ASSETS=${directory} has no executable ${lacking.join(' and no ')}: mend it, or unset it`,
      { code: 'kubebuilder-assets', subject: directory },
    );
  }
  return { found, told: `KUBEBUILDER_ASSETS=${directory}: has only ${[...found.keys()].join(', ')}` };
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
