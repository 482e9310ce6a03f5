import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { UserError } from '../../model/errors.ts';
import type { Credential, Credentials } from './credentials.ts';

const entryShape = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  registrytoken: z.string().optional(),
  identitytoken: z.string().optional(),
});
const fileShape = z.looseObject({
  auths: z.record(z.string(), entryShape).nullish(),
  credsStore: z.string().nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
});
type DockerConfig = z.infer<typeof fileShape>;

/**
 * The credentials that `docker login` (or podman, crane, helm) left in a Docker configuration, by default ~/.docker/config.json. The file is read at each
 * question, so that a later log-in counts. `onRemark` hears, once for each host, of credentials that are kept where Windlass does not look.
 * Throws `UserError` for a file that is no Docker configuration.
 */
export function dockerCredentials({ file, onRemark }: DockerConfigOptions): Credentials {
  const path = file ?? join(homedir(), '.docker', 'config.json');
  const told = new Set<string>();
  return async (host) => {
    const config = await load(path);
    const credential = config === undefined ? undefined : credentialOf(config, host);
    if (config === undefined || credential !== undefined || told.has(host)) return credential;
    const elsewhere = elsewhereOf(config, host);
    if (elsewhere !== undefined) {
      told.add(host);
      onRemark(
        `${host} is asked without credentials: ${path} keeps them ${elsewhere}, which Windlass does not use: write an \`auths\` entry for ${host} with an \`auth\` of its own`,
      );
    }
    return undefined;
  };
}

/** Where the credentials are, and who is told about those that cannot be used. */
export interface DockerConfigOptions {
  file?: string | undefined;
  onRemark(text: string): void;
}

function credentialOf(config: DockerConfig, host: string): Credential | undefined {
  const entry = entryOf(config.auths ?? {}, host);
  if (entry?.registrytoken) return { token: entry.registrytoken };
  const written = entry?.auth ? Buffer.from(entry.auth, 'base64').toString('utf8').replace(/\0+$/, '') : '';
  const colon = written.indexOf(':');
  if (colon > 0 && colon < written.length - 1) {
    return { username: written.slice(0, colon), password: written.slice(colon + 1) };
  }
  if (entry?.username && entry.password) return { username: entry.username, password: entry.password };
  return undefined;
}

function elsewhereOf(config: DockerConfig, host: string): string | undefined {
  const helper = entryOf(config.credHelpers ?? {}, host);
  if (helper !== undefined) return `with the credential helper ${helper}`;
  const entry = entryOf(config.auths ?? {}, host);
  if (entry?.identitytoken) return 'as an identity token';
  // Docker leaves an empty entry for a host whose credentials its store has; other tools leave none, so the store may have any host's.
  return config.credsStore ? `in the credential store ${config.credsStore}, if at all` : undefined;
}

/** Hosts are written with and without scheme and path: `https://index.docker.io/v1/` is Docker Hub. */
function entryOf<T>(entries: Readonly<Record<string, T>>, host: string): T | undefined {
  const found = Object.keys(entries).find((key) => {
    const named = key
      .replace(/^https?:\/\//, '')
      .replace(/\/.*$/, '')
      .toLowerCase();
    return (named === 'index.docker.io' ? 'docker.io' : named) === host;
  });
  return found === undefined ? undefined : entries[found];
}

async function load(path: string): Promise<DockerConfig | undefined> {
  const unreadable = () =>
    new UserError(`${path} is no Docker configuration that can be read: mend it, or log in anew with docker login`, {
      code: 'docker-config',
      subject: path,
    });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable();
  }
  try {
    return fileShape.parse(JSON.parse(text));
  } catch {
    // The cause would quote the file, and so the credentials.
    throw unreadable();
  }
}
