import type { Command } from '../command.ts';

/** One row of the command table: what help needs, and how to load the rest. */
export interface CommandEntry {
  name: string;
  summary: string;
  load(): Promise<Command>;
}

/** All commands, in the order of `windlass --help`. Loaded lazily: `--version` must not read the whole program. */
export const commands: CommandEntry[] = [
  {
    name: 'local',
    summary: 'run the whole loop on this machine, with an embedded cluster and a page',
    load: async () => (await import('./local.ts')).local,
  },
  {
    name: 'local push',
    summary: 'tell the running loop that an image was pushed',
    load: async () => (await import('./local-push.ts')).localPush,
  },
  {
    name: 'init',
    summary: 'make a new config repo, or propose windlass.yaml for one that is there',
    load: async () => (await import('./init.ts')).init,
  },
  {
    name: 'validate',
    summary: 'check windlass.yaml and all manifests that it refers to',
    load: async () => (await import('./validate.ts')).validate,
  },
  {
    name: 'policy test',
    summary: 'show which tag a policy chooses, and why not the others',
    load: async () => (await import('./policy-test.ts')).policyTest,
  },
  {
    name: 'bump',
    summary: 'edit the image markers of a directory',
    load: async () => (await import('./bump.ts')).bump,
  },
  {
    name: 'sweep',
    summary: 'bump every image of a config repo that has a newer tag, once',
    load: async () => (await import('./sweep.ts')).sweep,
  },
  {
    name: 'suspend',
    summary: 'stop the bumps of an image or the pulls of a sync, or list what is stopped',
    load: async () => (await import('./suspend.ts')).suspend,
  },
  {
    name: 'resume',
    summary: 'let what was suspended go on',
    load: async () => (await import('./resume.ts')).resume,
  },
  {
    name: 'render',
    summary: 'print the objects of a directory, in apply order',
    load: async () => (await import('./render.ts')).render,
  },
  {
    name: 'diff',
    summary: 'compare Git with the cluster',
    load: async () => (await import('./diff.ts')).diff,
  },
  {
    name: 'pull',
    summary: 'apply one sync of Git to the cluster, once',
    load: async () => (await import('./pull.ts')).pull,
  },
  {
    name: 'sync',
    summary: 'make the puller of a cluster pull now, where it can be woken',
    load: async () => (await import('./sync.ts')).sync,
  },
  {
    name: 'drift',
    summary: 'compare the cluster with what was applied, once',
    load: async () => (await import('./drift.ts')).drift,
  },
  {
    name: 'metrics',
    summary: 'show how fast drift was found and put right, from the records',
    load: async () => (await import('./metrics.ts')).metrics,
  },
  {
    name: 'health',
    summary: 'show the status of objects, by the rules that pull waits with',
    load: async () => (await import('./health.ts')).health,
  },
  {
    name: 'install',
    summary: 'put the puller into a cluster, or print what it consists of',
    load: async () => (await import('./install.ts')).install,
  },
  {
    name: 'bootstrap',
    summary: 'put Windlass to work after cdk deploy, and see that it works',
    load: async () => (await import('./bootstrap.ts')).bootstrap,
  },
  {
    name: 'uninstall',
    summary: 'take the puller out of a cluster; what it has applied stays',
    load: async () => (await import('./uninstall.ts')).uninstall,
  },
];
