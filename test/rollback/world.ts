import { bump } from '../../lib/bump/bump.ts';
import type { Notice, RollbackWanted } from '../../lib/model/messages.ts';
import { rollBack } from '../../lib/rollback/automatic.ts';
import type { AutomaticPorts } from '../../lib/rollback/automatic-ports.ts';
import { host, type Loop, loop, now } from '../bump/setup.ts';

/** Staging and prod of a shop on one cluster; staging asks for rollbacks, and web does. */
export const shop: Record<string, string> = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${host}/shop/web, semver: ">=1.0.0-0 <2.0.0", rollback: automatic }
  api: { image: ${host}/shop/api, semver: "*" }
clusters: { main: {}, other: {} }
syncs:
  staging: { cluster: main, path: apps/staging, rollback: automatic }
  prod: { cluster: main, path: apps/prod }
  docs: { cluster: main, path: docs }
`,
  'apps/staging/web.yaml': `# images of staging
web: ${host}/shop/web:1.0.0 # {"$imagepolicy": "web"}\r
api: "${host}/shop/api:3.0.0" # {"$imagepolicy": "api"}
`,
  'apps/prod/kustomization.yaml': `resources: [../base]\nnewTag: 1.0.0 # {"$imagepolicy": "web:tag"}`,
  'apps/base/web.yaml': 'replicas: 1\n',
  'docs/a.yaml': 'kind: ConfigMap\n',
};

export const crash = { object: 'apps/Deployment/shop-staging/web', reason: 'pod web-1: CrashLoopBackOff' };

/** A repository and its bump, with a flow of rollbacks beside it. */
export interface RollbackWorld extends Loop {
  notices: Notice[];
  /** What the flow works with. */
  automatic: AutomaticPorts;
  /** The commit of the branch's head. */
  head(): string;
  /** Pushes an image and lets it be bumped; gives the commit. */
  bumped(name: string, tag: string): Promise<string>;
  /** The wish that a report of staging makes, at the head unless told. */
  wish(settled: string, more?: Partial<RollbackWanted>): RollbackWanted;
  /** Works a wish in. */
  rollBack(wanted: RollbackWanted, at?: Date): ReturnType<typeof rollBack>;
}

export async function rollbackWorld(
  files: Record<string, string> = shop,
  replaced: Partial<AutomaticPorts> = {},
): Promise<RollbackWorld> {
  const world = await loop(files);
  const notices: Notice[] = [];
  const automatic: AutomaticPorts = {
    ...{ ...world.ports, repo: world.repo },
    notices: { send: async (notice) => void notices.push(notice) },
    ...replaced,
  };
  const head = () => world.git.git('rev-parse', 'main');
  return {
    ...world,
    ...{ notices, automatic, head },
    bumped: async (name, tag) => {
      await bump({ pushes: [await world.push(name, tag)], now }, world.ports);
      return head();
    },
    wish: (settled, more = {}) => ({
      ...{ type: 'RollbackWanted', at: '2026-11-22T10:02:00.000Z', cluster: 'main', sync: 'staging' },
      ...{ revision: head(), settled, run: 'run-1', reasons: [crash], ...more },
    }),
    rollBack: (wanted, at = later(180)) => rollBack({ wanted, now: at }, automatic),
  };
}

/** So many seconds after the pushes. */
export function later(seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
