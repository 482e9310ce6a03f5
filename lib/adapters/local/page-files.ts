import { chmod, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const assets = new URL('../../dashboard/assets/', import.meta.url);

/** One file of the page. The names are the app's own: none comes from a request. */
export async function pageAsset(name: string): Promise<Uint8Array> {
  return await readFile(new URL(name, assets));
}

/** The directory of one of the examples that come with Windlass. */
export function exampleDirectory(name: string): string {
  return fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
}

/** Writes a small program that is kubectl, already pointed at a cluster. */
export async function writeKubectl(path: string, kubectl: string, kubeconfig: string, context?: string): Promise<void> {
  const where = ['--kubeconfig', quoted(kubeconfig), ...(context === undefined ? [] : ['--context', quoted(context)])];
  await writeFile(path, `#!/bin/sh\nexec ${quoted(kubectl)} ${where.join(' ')} "$@"\n`);
  await chmod(path, 0o755);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
