// Puts a config repo that can be written to, and the registries, behind bump's ports.
import { join, resolve } from 'node:path';
import type { ConfigRepo, Registry } from '../bump/ports.ts';
import { printable } from '../model/drift-text.ts';
import type { RepoPast } from '../rollback/ports.ts';
import type { Io } from './command.ts';
import { isPath, urlOf } from './wiring.ts';
import { gitHubConfigRepo, isOnGitHub } from './wiring-github.ts';

/** Whom commits are by where git knows of nobody. */
const windlass = { name: 'Windlass', email: 'windlass@localhost' };

/** Who works here, by git's own configuration. */
export interface Person {
  name: string;
  email: string;
}

/** A config repo that a command may write to. */
export interface WritableRepo {
  repo: ConfigRepo & RepoPast;
  /** The repository for people: no user, no password. */
  shown: string;
  person: Person | undefined;
}

/**
 * Opens a config repo for commits: `github:OWNER/NAME` by GitHub's API, everything else by the git binary; its own branch where none is named.
 * A directory that has the branch checked out moves with it when it has no other changes.
 */
export async function writableRepo(
  io: Io,
  { repo, branch }: { repo: string; branch: string | undefined },
): Promise<WritableRepo> {
  const { personOf } = await import('../adapters/git/person.ts');
  if (isOnGitHub(repo)) {
    const opened = await gitHubConfigRepo(io, { repo, branch });
    return { repo: opened, shown: repo, person: await personOf(io.cwd, io.env) };
  }
  const { openGitConfigRepo } = await import('../adapters/git/config-repo.ts');
  const { defaultBranch } = await import('../adapters/git/default-branch.ts');
  const { parseRemote } = await import('../adapters/git/remote.ts');
  const { cacheDir } = await import('../adapters/local/cache-dir.ts');
  const url = urlOf(io, repo);
  const person = await personOf(isPath(repo) ? url : io.cwd, io.env);
  const opened = openGitConfigRepo({
    url,
    branch: branch ?? (await defaultBranch(url)),
    cacheDir: join(cacheDir(io.env), 'repos'),
    author: person ?? windlass,
    checkedOut: 'update-when-clean',
  });
  return { repo: opened, shown: parseRemote(url).shown, person };
}

/** The registries: Amazon ECR by AWS's usual credentials, every other by what `docker login` left. */
export async function registries(io: Io): Promise<Registry> {
  const { registryFor } = await import('../adapters/registry/registry-for.ts');
  const { openOciRegistry } = await import('../adapters/registry/open.ts');
  const { dockerCredentials } = await import('../adapters/registry/docker-config.ts');
  const credentials = dockerCredentials({
    file: dockerConfig(io.env),
    onRemark: (text) => io.stderr.write(`note: ${printable(text)}\n`),
  });
  const oci = openOciRegistry({ credentials, now: io.now });
  return registryFor({ ecr: whenAsked(async () => (await import('../adapters/aws/ecr.ts')).openEcrRegistry()), oci });
}

/** Where `docker login` leaves credentials. */
export function dockerConfig(env: Io['env']): string | undefined {
  const directory = env['DOCKER_CONFIG'] || (env['HOME'] && join(env['HOME'], '.docker'));
  return directory ? join(resolve(directory), 'config.json') : undefined;
}

/** A registry that is opened by the first question: AWS's SDK takes its time to load. */
function whenAsked(open: () => Promise<Registry>): Registry {
  let opened: Promise<Registry> | undefined;
  const registry = () => {
    opened ??= open();
    return opened;
  };
  return {
    tags: async (repository) => (await registry()).tags(repository),
    tag: async (repository, tag) => (await registry()).tag(repository, tag),
    details: async (repository, reference) => (await registry()).details(repository, reference),
    scan: async (repository, digest) => (await registry()).scan(repository, digest),
  };
}
