import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../model/errors.ts';
import type { GitAccess } from './access.ts';

/** The name under which a remote is given to git: its URL comes by the environment, so that it is neither an argument nor kept in a file. */
export const remoteName = 'windlass';

/** Where the config repo is. */
export interface Remote {
  /** For people: no user, no password. */
  shown: string;
  /** Absolute path, when it is on this machine. */
  directory?: string;
  /** Git configuration that makes `remoteName` mean this remote. */
  config: readonly (readonly [string, string])[];
  /** Of an https address: scheme, host and port. */
  origin?: string;
  /** What opens it. */
  access: GitAccess;
  /** Texts that must not be shown. */
  secrets: readonly string[];
}

const none: GitAccess = { kind: 'none' };
const scpLike = /^(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9._-]*:(?!\/\/)(?![:-])[^\s]+$/;

/**
 * Understands `https://`, `ssh://`, `file://`, `user@host:path` and a path on this machine, which needs no access. A user and password in an https
 * URL are an access of their own, and never shown. Throws `UserError` for every other transport (`http`, `git`, `ext::` ...), for what looks
 * like an option, and for an access of another kind than the address.
 */
export function parseRemote(url: string, access: GitAccess = none): Remote {
  const remote = understood(url);
  if (access.kind === 'none' || remote.directory !== undefined) return remote;
  const kind = remote.origin === undefined ? 'ssh' : 'token';
  if (access.kind !== kind) throw refused(url, kind === 'ssh' ? 'ssh takes a key, not a token' : 'https takes a token');
  if (remote.access.kind !== 'none') throw refused(url, 'it has a password in it, beside the token that was given');
  return { ...remote, access };
}

function understood(url: string): Remote {
  if (url === '' || url.startsWith('-') || /[\0\r\n]/.test(url))
    throw refused(url, 'it is empty, or looks like an option');
  if (/^[A-Za-z0-9+.-]+::/.test(url)) throw refused(url, 'remote helpers are not allowed');
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(url)) return parseUrl(url);
  if (!isAbsolute(url) && !url.startsWith('.') && scpLike.test(url)) return overSsh(url);
  return onThisMachine(resolve(url));
}

/** Throws `UserError` unless the text is a branch name by git's rules (`git check-ref-format`). */
export function checkBranch(branch: string): string {
  const wrong =
    branch === '' ||
    branch.startsWith('-') ||
    branch.endsWith('.') ||
    branch.includes('..') ||
    branch.includes('@{') ||
    branch === '@' ||
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    /[\x00-\x20\x7f~^:?*[\\]/.test(branch) ||
    branch.split('/').some((part) => part === '' || part.startsWith('.') || part.endsWith('.lock'));
  if (wrong)
    throw new UserError(`${JSON.stringify(branch)} is not a branch name`, { code: 'branch-name', subject: branch });
  return branch;
}

function parseUrl(url: string): Remote {
  if (!URL.canParse(url)) throw refused(url, 'it is not a URL');
  const parsed = new URL(url);
  if (parsed.hostname.startsWith('-') || parsed.username.startsWith('-')) throw refused(url, 'it looks like an option');
  if (parsed.protocol === 'file:') return onThisMachine(fileURLToPath(parsed));
  if (parsed.protocol === 'ssh:') {
    if (parsed.password !== '') throw refused(url, 'ssh takes a key, not a password');
    return overSsh(url);
  }
  if (parsed.protocol === 'https:') return overHttps(parsed);
  throw refused(url, `${parsed.protocol.slice(0, -1)} is not allowed: use https, ssh, file or a path`);
}

function overHttps(url: URL): Remote {
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  url.username = '';
  url.password = '';
  const shown = url.toString();
  const remote = { shown, origin: url.origin, config: urlConfig(shown) };
  if (user === '' && password === '') return { ...remote, access: none, secrets: [] };
  // A token alone stands in the user's place.
  const token = async () => (password === '' ? user : password);
  const username = password === '' ? 'x-access-token' : user;
  const secrets = [password === '' ? user : password];
  return { ...remote, access: { kind: 'token', token, username }, secrets };
}

function overSsh(url: string): Remote {
  return { shown: url, config: urlConfig(url), access: none, secrets: [] };
}

function onThisMachine(directory: string): Remote {
  return { shown: directory, directory, config: urlConfig(directory), access: none, secrets: [] };
}

function urlConfig(url: string): readonly (readonly [string, string])[] {
  return [[`remote.${remoteName}.url`, url]];
}

function refused(url: string, why: string): UserError {
  const shown = url.replace(/\/\/[^/@]*@/, '//');
  return new UserError(`the repository ${JSON.stringify(shown)} cannot be used: ${why}`, {
    code: 'repo-url',
    subject: shown,
  });
}
