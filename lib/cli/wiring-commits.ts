// Opens what the commands that commit by hand need: the config repo, its registries, and the records, as far as there are any.
import { join, resolve } from 'node:path';
import type { RecordsReader } from '../audit/ports.ts';
import type { Registry } from '../bump/ports.ts';
import { inShort, isTrouble, UserError } from '../model/errors.ts';
import type { Args, Io, Option } from './command.ts';
import { splitRegistry } from './local/split-registry.ts';
import { findLocalLoop, isPath, urlOf } from './wiring.ts';
import { registries, type WritableRepo, writableRepo } from './wiring-bump.ts';
import type { Where } from './wiring-history.ts';
import { type OpenedRecords, openRecordsOf, recordsOptions, repoMeant } from './wiring-records.ts';

/** The options of the commands that commit to a config repo by hand: a running loop, or a stack, says which one. */
export const commitOptions: Record<string, Option> = {
  repo: {
    type: 'string',
    value: 'REPO',
    help: 'the config repo: a directory, a Git URL, or github:OWNER/NAME (default: the one of the running loop, or of the stack)',
  },
  branch: { type: 'string', value: 'B', help: "the branch to commit to (default: theirs, or the repository's own)" },
  ...recordsOptions,
};

/** Where a command commits. */
export interface CommitTarget extends WritableRepo {
  where: Where;
  /** Absent where the repo was named, and no loop here is about it. */
  records?: RecordsReader;
  /** The registries, with the one of the running loop. */
  registries(): Promise<Registry>;
  /** What is still to be done about a commit to a clone on this machine, in words; nothing where it is where it belongs. */
  stillToPush(branch?: string): Promise<string[]>;
  /** Throws `UserError` where the directory has the branch checked out with changes, so that a commit will be refused. */
  checkClean(): Promise<void>;
}

/** Opens the config repo that is meant, and closes what was opened. Throws `UserError` where neither an option, a loop nor a stack names one. */
export async function withCommitTarget<T>(args: Args, io: Io, work: (target: CommitTarget) => Promise<T>): Promise<T> {
  const loop = isStackNamed(args) ? undefined : await runningLoop(io, args.text('dir'));
  const records = await recordsFor(args, io, loop);
  try {
    const { repo, branch } = repoMeant(args, records?.source);
    const opened = await writableRepo(io, { repo, branch });
    return await work({
      ...opened,
      where: { repo, branch: opened.repo.branch },
      ...(records === undefined ? {} : { records: records.records }),
      registries: () => (records === undefined || loop === undefined ? registries(io) : registriesOf(loop, args, io)),
      ...localPart(io, repo, opened.repo.branch),
    });
  } catch (error) {
    if (error instanceof UserError && error.code === 'worktree-dirty') throw dirty(error.message.split('\n', 1)[0]!);
    throw error;
  } finally {
    records?.close();
  }
}

type Loop = Awaited<ReturnType<typeof findLocalLoop>>;

async function runningLoop(io: Io, dir: string | undefined): Promise<Loop | undefined> {
  try {
    return await findLocalLoop(io, dir);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return undefined;
  }
}

async function recordsFor(args: Args, io: Io, loop: Loop | undefined): Promise<OpenedRecords | undefined> {
  const named = args.text('repo');
  const isAsked = isStackNamed(args) || args.text('dir') !== undefined;
  const isOfLoop =
    named !== undefined && loop?.source !== undefined && urlOf(io, loop.source.repo) === urlOf(io, named);
  if (named !== undefined && !isAsked && !isOfLoop) return undefined;
  try {
    return await openRecordsOf(args, io);
  } catch (error) {
    if (isAsked || !isTrouble(error)) throw error;
    // A loop of an older Windlass, for one: what was named can be committed to without.
    if (named !== undefined) return undefined;
    throw new UserError(`which config repo? Give --repo: ${inShort(error)}`, { code: 'usage' });
  }
}

function isStackNamed(args: Args): boolean {
  return ['stack', 'region', 'profile'].some((name) => args.text(name) !== undefined);
}

/** The registries that are real for a loop are asked as it does, what it pretends of itself, and everything else of the real ones. */
async function registriesOf({ registries: addresses = [] }: Loop, args: Args, io: Io): Promise<Registry> {
  const { openLocalRegistry } = await import('../adapters/local/registry.ts');
  const { openRegistries } = await import('./local/wiring-registries.ts');
  const asked = openRegistries(addresses, io);
  const local = openLocalRegistry(join(resolve(io.cwd, args.text('dir') ?? '.windlass'), 'registry.json'));
  const pretended = new Set(await local.repositories());
  const others = splitRegistry((repository) => !pretended.has(repository), await registries(io), local);
  return splitRegistry(asked.has, asked.registry, others);
}

function localPart(io: Io, repo: string, branch: string): Pick<CommitTarget, 'stillToPush' | 'checkClean'> {
  const look = async () => {
    if (!isPath(repo)) return undefined;
    const { localBranch } = await import('../adapters/git/tracking.ts');
    return await localBranch(urlOf(io, repo), branch, io.env);
  };
  const directory = urlOf(io, repo);
  return {
    stillToPush: async (pushed = branch) => {
      const remote = (await look())?.remote;
      if (remote === undefined) return [];
      const at = directory === io.cwd ? '' : ` -C ${quoted(directory)}`;
      return [`committed in ${directory} only: git${at} push ${remote} ${pushed}`];
    },
    checkClean: async () => {
      if ((await look())?.isDirty)
        throw dirty(`${directory} has ${branch} checked out with changes that are not committed`);
    },
  };
}

function quoted(path: string): string {
  return /^[\w/.@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function dirty(what: string): UserError {
  return new UserError(`${what}\ncommit or stash them there, and run this again`, { code: 'worktree-dirty' });
}
