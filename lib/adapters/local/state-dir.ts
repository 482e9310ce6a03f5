import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { UserError } from '../../model/errors.ts';
import { tryLock } from './control-plane/lock.ts';
import { identify, isAlive, type ProcessIdentity } from './control-plane/process-identity.ts';
import { writeWhole } from './control-plane/write-whole.ts';

/** Everything that local mode keeps, in one directory that one loop at a time owns. */
export interface StateDir {
  path: string;
  /** True when an earlier run's state is in it. */
  existed: boolean;
  /** The bare config repo. */
  repo: string;
  /** The embedded DynamoDB. */
  records: string;
  /** The embedded cluster. */
  cluster: string;
  /** Copies of repositories; may be deleted. */
  cache: string;
  /** Revisions that are open for reading; emptied at each start. */
  trees: string;
  /** The tags of the local registry. */
  registry: string;
  /** What the webhooks of registries must bring. */
  registryToken: string;
  /** Which cluster all this is about. */
  target: string;
  /** Notices that are not sent yet. */
  notices: string;
  /** Tells other commands where the loop is. */
  announce(info: Omit<RunningLoop, 'process'>): Promise<void>;
  /** Gives the directory back, and removes an ephemeral one. */
  release(): Promise<void>;
}

/** What `announce` wrote. */
export interface RunningLoop {
  process: ProcessIdentity;
  url: string;
  kubeconfig: string;
  /** What it works for, in words for people; absent in what an older Windlass wrote. */
  cluster?: string;
  repo?: string;
  /** The same repository for commands, and its branch; absent in what an older Windlass wrote. */
  source?: { repo: string; branch: string };
  /** Where its records are read; absent in what an older Windlass wrote. */
  records?: string;
  /** Addresses of the registries that are real for it; absent in what an older Windlass wrote. */
  registries?: readonly string[];
  /** Nothing is bumped: the config repo is only read. */
  readOnly?: boolean;
}

/** Takes `.windlass/` (or a temporary directory) for this process. Throws `UserError` when another loop has it. */
export async function openStateDir(path: string, options: { ephemeral: boolean }): Promise<StateDir> {
  if (options.ephemeral) await removeLeftOver();
  const dir = options.ephemeral ? await mkdtemp(join(tmpdir(), 'windlass-')) : resolve(path);
  const existed = existsSync(join(dir, 'cluster'));
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const taken = await tryLock(join(dir, 'lock'));
  if ('holder' in taken) throw await inUse(dir, taken.holder);
  if (options.ephemeral) await writeFile(join(dir, ephemeralMark), '');
  await rm(join(dir, 'loop.json'), { force: true });
  // A run that was killed could not close what it had open.
  await rm(join(dir, 'trees'), { recursive: true, force: true });
  await writeFile(join(dir, '.gitignore'), '*\n');
  return {
    path: dir,
    existed,
    repo: join(dir, 'repo.git'),
    records: join(dir, 'records'),
    cluster: join(dir, 'cluster'),
    cache: join(dir, 'cache'),
    trees: join(dir, 'trees'),
    registry: join(dir, 'registry.json'),
    registryToken: join(dir, 'registry-token'),
    target: join(dir, 'target.json'),
    notices: join(dir, 'notices'),
    announce: async (info) => {
      const running: RunningLoop = { process: identify(process.pid)!, ...info };
      await writeWhole(join(dir, 'loop.json'), `${JSON.stringify(running, null, 2)}\n`);
    },
    release: async () => {
      await rm(join(dir, 'loop.json'), { force: true });
      await taken.lock.release();
      if (options.ephemeral) await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Says that a directory was made to be removed: no directory that a person named has it. */
const ephemeralMark = 'ephemeral';

/** Removes the temporary directories of this user's loops that were killed before they could. One that cannot be removed stays. */
async function removeLeftOver(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names.filter((one) => /^windlass-[A-Za-z0-9]{6}$/.test(one))) {
    const dir = join(tmpdir(), name);
    const ours = await isMarked(dir).catch(() => false);
    const taken = ours ? await tryLock(join(dir, 'lock')).catch(() => undefined) : undefined;
    if (taken !== undefined && 'lock' in taken) await rm(dir, { recursive: true, force: true }).catch(() => {});
  }
}

async function isMarked(dir: string): Promise<boolean> {
  const [at, mark, lock] = await Promise.all(
    [dir, join(dir, ephemeralMark), join(dir, 'lock')].map((path) => lstat(path)),
  );
  return at!.isDirectory() && at!.uid === process.getuid?.() && mark!.isFile() && lock!.isFile();
}

/** The loop that runs on a directory. Throws `UserError` when none does. */
export async function findLoop(path: string): Promise<RunningLoop> {
  const dir = resolve(path);
  const text = await readFile(join(dir, 'loop.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const running = text === undefined ? undefined : (JSON.parse(text) as RunningLoop);
  if (running === undefined || !isAlive(running.process)) {
    throw new UserError(
      `no loop runs on ${dir}: start one with "npm start" (windlass local), or name its directory with --dir`,
      {
        code: 'no-loop',
        subject: dir,
      },
    );
  }
  return running;
}

async function inUse(dir: string, holder: ProcessIdentity): Promise<UserError> {
  const running = await findLoop(dir).catch(() => undefined);
  const where = running === undefined ? 'it is still starting' : `its page is ${running.url}`;
  return new UserError(
    `windlass local runs on ${dir} already (process ${holder.pid}, ${where}): use that one, or start another with --dir`,
    {
      code: 'already-running',
      subject: dir,
    },
  );
}
