import type { Command } from '../command.ts';

/** One row of the command table: what help needs, and how to load the rest. */
export interface CommandEntry {
  name: string;
  summary: string;
  load(): Promise<Command>;
}

/** Commands that serve one purpose, under a title of `windlass --help`. */
export interface CommandGroup {
  title: string;
  commands: CommandEntry[];
}

/** All commands, in the order of `windlass --help`. Loaded lazily: `--version` must not read the whole program. */
export const commandGroups: CommandGroup[] = [
  {
    title: 'To begin',
    commands: [
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
        name: 'bootstrap',
        summary: 'put Windlass to work after cdk deploy, and see that it works',
        load: async () => (await import('./bootstrap.ts')).bootstrap,
      },
      {
        name: 'install',
        summary: 'put the puller into a cluster, or the rights of the scheduled check',
        load: async () => (await import('./install.ts')).install,
      },
      {
        name: 'uninstall',
        summary: 'take the puller out of a cluster; what it has applied stays',
        load: async () => (await import('./uninstall.ts')).uninstall,
      },
    ],
  },
  {
    title: 'To know',
    commands: [
      {
        name: 'status',
        summary: 'show the whole system on one screen: clusters, syncs, images, what is wrong',
        load: async () => (await import('./status.ts')).status,
      },
      {
        name: 'events',
        summary: 'show what happens, as it happens',
        load: async () => (await import('./events.ts')).events,
      },
      {
        name: 'image list',
        summary: 'list the image policies: what Git has, what is newest, and why it waits',
        load: async () => (await import('./image-list.ts')).imageList,
      },
      {
        name: 'doctor',
        summary: 'check everything that can be wrong, and say how to mend it',
        load: async () => (await import('./doctor.ts')).doctor,
      },
      {
        name: 'why',
        summary: 'say why an object is what it is: commit, author, push, pull, health, drift',
        load: async () => (await import('./why.ts')).why,
      },
      {
        name: 'history',
        summary: 'show the commits and the records of an image or a sync as one timeline',
        load: async () => (await import('./history.ts')).history,
      },
      {
        name: 'audit',
        summary: 'ask what happened: to an object, image, sync or commit, by whom, and when',
        load: async () => (await import('./audit.ts')).audit,
      },
      {
        name: 'audit rebuild',
        summary: 'restore the records of bumps, rollbacks, holds and suspends from Git',
        load: async () => (await import('./audit-rebuild.ts')).auditRebuild,
      },
      {
        name: 'metrics',
        summary: 'show how fast and how well changes were delivered, and drift put right',
        load: async () => (await import('./metrics.ts')).metrics,
      },
      {
        name: 'diff',
        summary: 'compare Git with the cluster',
        load: async () => (await import('./diff.ts')).diff,
      },
      {
        name: 'drift',
        summary: 'compare the cluster with what was applied, once',
        load: async () => (await import('./drift.ts')).drift,
      },
      {
        name: 'health',
        summary: 'show the status of objects, by the rules that pull waits with',
        load: async () => (await import('./health.ts')).health,
      },
    ],
  },
  {
    title: 'To change what runs',
    commands: [
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
        name: 'rollback',
        summary: 'put an image or a sync back to what Git had, and hold it there',
        load: async () => (await import('./rollback.ts')).rollback,
      },
      {
        name: 'hold',
        summary: 'keep an image at its tag until a newer one than all of now, or list what is held',
        load: async () => (await import('./hold.ts')).hold,
      },
      {
        name: 'release',
        summary: 'let an image that is held be bumped again',
        load: async () => (await import('./release.ts')).release,
      },
      {
        name: 'sync',
        summary: 'make the puller of a cluster pull now, where it can be woken',
        load: async () => (await import('./sync.ts')).sync,
      },
      {
        name: 'pull',
        summary: 'apply one sync of Git to the cluster, once',
        load: async () => (await import('./pull.ts')).pull,
      },
    ],
  },
  {
    title: 'To work on files',
    commands: [
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
        name: 'render',
        summary: 'print the objects of a directory or a sync, in apply order',
        load: async () => (await import('./render.ts')).render,
      },
      {
        name: 'completion',
        summary: 'print the completion of commands, options and names for a shell',
        load: async () => (await import('./completion.ts')).completionOf(loadAll),
      },
    ],
  },
];

/** The same without their groups. */
export const commands: CommandEntry[] = commandGroups.flatMap((group) => group.commands);

async function loadAll(): Promise<Command[]> {
  return await Promise.all(commands.map((entry) => entry.load()));
}
