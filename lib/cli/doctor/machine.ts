import { checkClocks, type ServerClock } from './clock.ts';
import { looked, ok, type Said, wrong } from './finding.ts';

/** What is known of this machine. */
export interface MachineDeps {
  /** `24.21.0` */
  node: string;
  /** The range that the package asks for: `>=22`. */
  wantedNode: string;
  /** Of this CLI. */
  version: string;
  /** The version of the git program: `2.43.0`. Throws `UserError` where there is none. */
  git(): Promise<string>;
  now(): Date;
  clocks(): Promise<ServerClock[]>;
}

/** The oldest git whose answers are understood: what lib/adapters/git/run.ts asks for. */
const oldestGit = '2.32.0';

/** Checks the programs and the clock of this machine. */
export async function checkMachine(deps: MachineDeps): Promise<Said[]> {
  const [git, clocks] = await Promise.all([
    looked('git', async () => checkGit(await deps.git())),
    looked('clock', async () => checkClocks(await deps.clocks(), deps.now)),
  ]);
  return [ok('windlass', `version ${deps.version}`), checkNode(deps), ...git, ...clocks];
}

function checkNode({ node, wantedNode }: Pick<MachineDeps, 'node' | 'wantedNode'>): Said {
  const wanted = /^>=\s*(\d+(?:\.\d+)*)$/.exec(wantedNode)?.[1] ?? '0';
  if (!isOlder(node, wanted)) return ok('node', `version ${node}`);
  return wrong(
    'node',
    `version ${node} is too old, Windlass needs ${wantedNode}`,
    'install a newer Node (https://nodejs.org)',
  );
}

function checkGit(version: string): Said {
  if (!isOlder(version, oldestGit)) return ok('git', `version ${version}`);
  return wrong('git', `version ${version} is too old`, `install Git ${oldestGit} or newer`);
}

/** True for a version with numbers and dots that is before another one. What stands behind the numbers does not count. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [numbersOf(version), numbersOf(than)];
  const place = Array.from({ length: Math.max(a.length, b.length) }, (_, index) => index).find(
    (index) => (a[index] ?? 0) !== (b[index] ?? 0),
  );
  return place !== undefined && (a[place] ?? 0) < (b[place] ?? 0);
}

function numbersOf(version: string): number[] {
  return (/^v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? '').split('.').map(Number);
}
