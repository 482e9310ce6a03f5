import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildPackage, pack } from '../../package/build.ts';

/** The package, built of this checkout and packed as for a release. */
export interface BuiltPackage {
  /** What npm installs. */
  tarball: string;
  /** Makes an empty project with files, and installs packages in it without running any script of theirs. Its folder. */
  install(name: string, packages: string[], files?: Record<string, string>): Promise<string>;
  /** Removes all of it. */
  remove(): Promise<void>;
}

/** Builds and packs it. Whoever builds it removes it. */
export async function builtPackage(): Promise<BuiltPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-test-package-'));
  const tarball = join(folder, 'windlass.tgz');
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 10 });
  try {
    await buildPackage(join(folder, 'package'));
    await pack(join(folder, 'package'), tarball);
  } catch (error) {
    await remove();
    throw error;
  }
  const install = async (name: string, packages: string[], files: Record<string, string> = {}) => {
    const project = join(folder, name);
    await mkdir(project);
    const all = { 'package.json': '{ "private": true, "type": "module" }\n', ...files };
    for (const [file, text] of Object.entries(all)) await writeFile(join(project, file), text);
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
    await promisify(execFile)('npm', ['install', ...quiet, ...packages], { cwd: project });
    return project;
  };
  return { tarball, install, remove };
}
