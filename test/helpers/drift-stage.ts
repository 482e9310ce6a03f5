import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { type DriftDeps, drift } from '../../lib/drift/drift.ts';
import { gitReader } from '../../lib/drift/git-reader.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import type { DriftFound } from '../../lib/model/messages.ts';
import type { PullOutcome } from '../../lib/pull/pull.ts';
import { actionsOf, noKustomizer, openWorld, type PullChanges, syncSpec, treeOf, type World } from '../pull/world.ts';

const { path: program } = await findKubectl({ env: process.env });

/** One sync on a real API server, with what Git says of it, as a pull and a check see it. */
export interface DriftStage {
  world: World;
  namespace: string;
  /** What Git says: texts by file name. To be set before each `pull` or `check` that shall see it. */
  git: Record<string, string>;
  /** The real kubectl, in the stage's namespace. Throws with its error output. */
  kubectl(args: string[], input?: string): string;
  /** The same without blocking this process: for a write about which the API server asks a server of the test. */
  kubectlMeanwhile(args: string[], input?: string): Promise<string>;
  /** The object as kubectl gets it. */
  get(...target: string[]): Loose;
  check(deps?: Partial<DriftDeps>): Promise<DriftFound>;
  /** Pulls what Git says; an error in it fails the test. */
  pull(changes?: PullChanges): Promise<PullOutcome>;
  /** Nothing differs: neither the check nor the pull finds anything, and the pull writes no object. */
  quiet(): Promise<PullOutcome>;
  /**
   * A hand edit: the check and the pull find just this, as `foundIn` has it; the pull puts it right, and then all is quiet.
   */
  handEdit(edit: () => unknown, found: Record<string, Record<string, string>>): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: the tests reach deep into objects of many kinds.
export type Loose = any;

/** Opens a stage in a namespace of its own, which is in Git like the rest of it. Close its world when done. */
export async function driftStage(kubeconfig: string): Promise<DriftStage> {
  const world = await openWorld(kubeconfig, syncSpec());
  const { namespace, sync } = world;
  const revision = () => createHash('sha1').update(JSON.stringify(stage.git)).digest('hex');
  const desired = () => {
    const below = Object.entries(stage.git).map(([name, text]) => [`${sync.path}/${name}`, text]);
    const file = `windlass: 1\nclusters: { test: {} }\nsyncs: { ${sync.name}: { cluster: test, path: ${sync.path} } }\n`;
    const tree = treeOf({ ...Object.fromEntries(below), 'windlass.yaml': file }, revision());
    const open = async () => ({ ...tree, close: async () => undefined });
    return gitReader({ source: { head: async () => revision(), open }, kustomizer: noKustomizer });
  };
  const kubectl: DriftStage['kubectl'] = (args, input) =>
    execFileSync(program, ['--kubeconfig', kubeconfig, '-n', namespace, ...args], {
      ...{ input, encoding: 'utf8', maxBuffer: 1e8, stdio: 'pipe' },
    });
  const kubectlMeanwhile: DriftStage['kubectlMeanwhile'] = async (args, input) => {
    const running = promisify(execFile)(program, ['--kubeconfig', kubeconfig, '-n', namespace, ...args]);
    running.child.stdin?.end(input);
    return (await running).stdout;
  };
  const stage: DriftStage = {
    ...{ world, namespace, kubectl, kubectlMeanwhile },
    git: {},
    get: (...target) => JSON.parse(kubectl(['get', ...target, '-o', 'json', '--show-managed-fields'])),
    check: (deps = {}) =>
      drift(
        { sync, run: 'check', now: new Date() },
        {
          ...{ cluster: world.cluster, records: world.records, desired: desired() },
          findings: { send: async () => undefined },
          ...deps,
        },
      ),
    async pull(changes = {}) {
      const outcome = await world.pull(stage.git, { revision: revision(), ...changes });
      expect(outcome.report.errors).toEqual([]);
      return outcome;
    },
    async quiet() {
      const { drift: found, unknown } = await stage.check();
      expect({ found, unknown }).toEqual({ found: [], unknown: [] });
      world.writes();
      const outcome = await stage.pull();
      // The record is kept up to date while objects are on their way to health.
      const { 'write-record': _record, ...writes } = world.writes();
      expect({ drift: outcome.report.drift, writes }).toEqual({ drift: [], writes: {} });
      expect(Object.keys(actionsOf(outcome))).toEqual(['unchanged']);
      return outcome;
    },
    async handEdit(edit, found) {
      await edit();
      const checked = await stage.check();
      expect({ found: foundIn(checked.drift), unknown: checked.unknown }).toEqual({ found, unknown: [] });
      const { report } = await stage.pull();
      expect(foundIn(report.drift)).toEqual(found);
      await stage.quiet();
    },
  };
  return stage;
}

/** By object and path: who did it, or `nobody` where that is not recorded. */
export function foundIn(drift: DriftFound['drift']): Record<string, Record<string, string>> {
  return Object.fromEntries(
    drift.map(({ object, fields }) => [
      object,
      Object.fromEntries(fields.map(({ path, manager }) => [path, manager ?? 'nobody'])),
    ]),
  );
}

/** The managers that `managedFields` names, as `manager:operation/subresource`. */
export function managersOf({ metadata }: KubeObject): string[] {
  return (metadata.managedFields ?? []).map(
    ({ manager, operation, subresource }) => `${manager}:${operation}${subresource ? `/${subresource}` : ''}`,
  );
}
