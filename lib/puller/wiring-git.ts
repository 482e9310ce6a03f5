// Finds the key to the config repo, and opens the repo with it.
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import type { GitAccess } from '../adapters/git/access.ts';
import { openGitSource } from '../adapters/git/source.ts';
import { readKeyFiles } from '../adapters/local/key-files.ts';
import { type GitKey, gitKeyFiles, gitKeyOfFiles, gitKeyOfText } from '../config/git-key.ts';
import type { PullerSettings } from '../config/puller-env.ts';
import { UserError } from '../model/errors.ts';
import type { Source } from '../pull/ports.ts';
import type { Log } from './log.ts';

/** Milliseconds that a key is kept: it may be replaced at any time, and is asked for again when a host refuses it. */
const keyLife = 60_000;
/** Milliseconds between two looks at the head: GitHub's conditional ones are free, an `ls-remote` starts a process and a connection. */
const everyConditional = 5_000;
const everyOther = 15_000;

/** The config repo, and how often its head may be looked at. */
export interface PullerSource {
  source: Source;
  head(): Promise<string>;
  everyMs: number;
}

/** Opens the config repo with the key that there is now. Throws `UserError` where the key cannot be used, `RetryableError` where AWS does not answer. */
export async function openConfigRepo(settings: PullerSettings, log: Log): Promise<PullerSource> {
  const { repo, branch, stateDir } = settings;
  const key = keptKey(() => readKey(settings, log));
  const first = await key();
  const gitHub = await onGitHub(settings, first, key);
  const access = gitHub && !isSsh(first) ? ({ kind: 'token', token: gitHub.token } as const) : accessOf(first, key);
  const source = openGitSource({
    ...{ url: repo, branch, access },
    ...{ cacheDir: join(stateDir, 'repos'), treesDir: join(stateDir, 'trees') },
  });
  return gitHub === undefined
    ? { source, head: () => source.head(), everyMs: everyOther }
    : { source, head: () => gitHub.head(), everyMs: everyConditional };
}

/** GitHub's API, where the repo is there and the key is one for it. */
async function onGitHub({ repo, branch }: PullerSettings, first: GitKey | undefined, key: Key) {
  if (first === undefined || isSsh(first)) return undefined;
  const { gitHubRepositoryOf, notOnGitHub, openGitHubGit } = await import('../adapters/github/git-access.ts');
  const isApp = first.kind === 'github-app';
  const repository = gitHubRepositoryOf(repo, { elsewhere: isApp });
  if (repository === undefined && isApp) throw notOnGitHub(repo);
  if (repository === undefined) return undefined;
  const auth = async () => {
    const now = await key(true);
    if (now?.kind === 'token') return { token: now.token };
    if (now?.kind === 'github-app')
      return { app: { id: now.appId, installationId: now.installationId, privateKey: now.privateKey } };
    throw replaced(repo);
  };
  return openGitHubGit({ repository, branch, auth, userAgent: `windlass/${packageJson.version}` });
}

function accessOf(first: GitKey | undefined, key: Key): GitAccess {
  if (first === undefined) return { kind: 'none' };
  if (first.kind === 'ssh') {
    const privateKey = async () => {
      const now = await key();
      if (now?.kind === 'ssh') return now.privateKey;
      throw replaced('the config repo');
    };
    return { kind: 'ssh', privateKey, knownHosts: first.knownHosts };
  }
  const token = async (refused?: string) => {
    const now = await key(refused !== undefined);
    if (now?.kind === 'token') return now.token;
    throw replaced('the config repo');
  };
  return { kind: 'token', token };
}

function isSsh(key: GitKey | undefined): boolean {
  return key?.kind === 'ssh';
}

type Key = (fresh?: boolean) => Promise<GitKey | undefined>;

function keptKey(read: () => Promise<GitKey | undefined>): Key {
  let kept: { key: GitKey | undefined; until: number } | undefined;
  return async (fresh = false) => {
    if (kept === undefined || fresh || performance.now() >= kept.until)
      kept = { key: await read(), until: performance.now() + keyLife };
    return kept.key;
  };
}

async function readKey({ gitSecret, gitKeyDir }: PullerSettings, log: Log): Promise<GitKey | undefined> {
  const key =
    gitSecret === undefined
      ? gitKeyOfFiles(await readKeyFiles(gitKeyDir, gitKeyFiles), gitKeyDir)
      : gitKeyOfText(await (await import('../adapters/aws/git-secret.ts')).readSecretText(gitSecret), gitSecret);
  if (key !== undefined) log.hide([key.kind === 'token' ? key.token : key.privateKey]);
  return key;
}

function replaced(subject: string): UserError {
  return new UserError(
    'the key to the config repo was replaced by one of another kind: the puller must be started anew',
    {
      code: 'git-key',
      subject,
    },
  );
}
