import type { Manifest } from './objects.ts';
import type { Measured } from './processes.ts';
import { expectCode, type TestBed } from './test-bed.ts';

/** What is to be brought to the API server. */
export interface Wish {
  objects: readonly Manifest[];
  /** Objects that were brought before and are no longer wanted. */
  gone: readonly Manifest[];
  /** How many of the objects are new or changed. */
  written: number;
}

/** A way to bring objects to the API server. */
export interface Contender {
  name: string;
  /** How its requests name their sender. */
  agent: string;
  /** Namespaces of its own, so that no contender finds another's objects. */
  prefix: string;
  prepare(wish: Wish): Promise<unknown>;
  /** Throws unless it dealt with all objects. */
  bring(wish: Wish): Promise<Measured>;
}

/** `windlass pull`, of a config repo of its own. */
export function windlassPull(bed: TestBed, prefix: string): Contender {
  let repo = '';
  return {
    ...{ name: 'windlass pull', agent: 'windlass', prefix },
    prepare: async ({ objects }) => {
      repo = await bed.commit(`repo-${prefix}`, objects, prefix);
    },
    bring: async ({ objects, gone, written }) => {
      const done = await bed.windlass('pull', '--repo', repo, '--sync', prefix, '--json');
      const { objects: listed } = JSON.parse(expectCode('windlass pull', done, 0).stdout) as {
        objects: { action: string }[];
      };
      const count = (...actions: string[]) => listed.filter(({ action }) => actions.includes(action)).length;
      const [wrote, pruned, kept] = [count('created', 'configured'), count('pruned'), count('unchanged')];
      if (wrote !== written || pruned !== gone.length || kept !== objects.length - written) {
        throw new Error(`windlass pull wrote ${wrote}, pruned ${pruned} and left ${kept} alone`);
      }
      return done;
    },
  };
}

/** kubectl, which is told what to delete: with server-side apply it cannot tell by itself. */
export function kubectlApply(bed: TestBed, prefix: string, ...flags: string[]): Contender {
  const name = ['kubectl apply --server-side', ...flags].join(' ');
  let files = '';
  let goneFiles = '';
  return {
    ...{ name, prefix, agent: 'kubectl' },
    prepare: async ({ objects, gone }) => {
      files = await bed.write(prefix, objects);
      goneFiles = await bed.write(`${prefix}-gone`, gone);
    },
    bring: async ({ objects, gone }) => {
      const done = expectCode(name, await bed.kubectl('apply', '--server-side', ...flags, '-f', files), 0);
      expectLines(name, done, / serverside-applied$/gm, objects.length);
      if (gone.length === 0) return done;
      const deleted = expectCode('kubectl delete', await bed.kubectl('delete', '--wait=false', '-f', goneFiles), 0);
      expectLines('kubectl delete', deleted, / deleted(?: from .*)?$/gm, gone.length);
      return { ...done, time: done.time + deleted.time, peak: Math.max(done.peak, deleted.peak) };
    },
  };
}

function expectLines(what: string, { stdout }: Measured, line: RegExp, expected: number): void {
  const found = stdout.match(line)?.length ?? 0;
  if (found !== expected) throw new Error(`${what} dealt with ${found} of ${expected} objects`);
}
