import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { describe, inject, onTestFinished } from 'vitest';
import { acquireBinaries } from '../../lib/adapters/local/control-plane/binaries.ts';
import {
  type ControlPlane,
  type StartOptions,
  startControlPlane,
} from '../../lib/adapters/local/control-plane/control-plane.ts';
import { kubeconfigFor } from '../../lib/adapters/local/control-plane/kubeconfig.ts';
import { readPki, type User } from '../../lib/adapters/local/control-plane/pki.ts';
import { waitMs } from './patience.ts';

/** The cluster of this test run; throws where there is none (see `describeWithCluster`). */
export function cluster(): { dir: string; kubeconfigPath: string; server: string } {
  const provided = inject('cluster');
  if (provided === undefined) throw new Error('no cluster here: the project has no globalSetup cluster-setup.ts');
  if ('unavailable' in provided) throw new Error(provided.unavailable);
  return provided;
}

/**
 * Like `describe`, for tests that need the cluster. Where it cannot be had they are skipped, and the reason stands in
 * the name; with WINDLASS_TEST_STRICT=1 they fail instead.
 */
export function describeWithCluster(name: string, suite: () => void): void {
  const provided = inject('cluster');
  const strict = process.env.WINDLASS_TEST_STRICT === '1';
  if (provided !== undefined && 'unavailable' in provided && !strict) {
    describe.skip(`${name} (skipped: ${provided.unavailable.split('\n')[0]})`, suite);
    return;
  }
  describe(name, () => {
    cluster();
    suite();
  });
}

/** The administrator of the cluster. */
export function adminKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(cluster().kubeconfigPath);
  return config;
}

/** The text of a kubeconfig of another user, who may do what RBAC grants. */
export async function addUser(user: User): Promise<string> {
  const { dir, server } = cluster();
  return kubeconfigFor(await readPki(join(dir, 'pki')), server, user, new Date());
}

/** Makes a namespace for this test alone and gives its name; it is deleted after the test. */
export async function testNamespace(prefix = 'test'): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  const core = adminKubeConfig().makeApiClient(CoreV1Api);
  await core.createNamespace({ body: { metadata: { name } } });
  onTestFinished(async () => {
    await core.deleteNamespace({ name, gracePeriodSeconds: 0 });
  });
  return name;
}

/**
 * Waits until the condition gives something other than undefined and false, and gives that. An error of the condition
 * counts as not yet; the last one is told when the time is over.
 */
export async function waitFor<T>(
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  options: { what: string; everyMs?: number },
): Promise<T> {
  const { what, everyMs = 100 } = options;
  const deadline = performance.now() + waitMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error(`waited ${waitMs / 1000} s in vain for: ${what}`, { cause: last });
}

/** A control plane for one test alone, to restart or kill; by default without controllers. Ended after the test. */
export async function privateControlPlane(options: Partial<StartOptions> = {}): Promise<ControlPlane> {
  const dir = options.dir ?? (await temporaryFolder());
  const binaries = options.binaries ?? (await acquireBinaries());
  const controlPlane = await startControlPlane({ controllers: false, ephemeral: true, ...options, dir, binaries });
  onTestFinished(() => controlPlane.stop());
  return controlPlane;
}

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'windlass-test-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}
