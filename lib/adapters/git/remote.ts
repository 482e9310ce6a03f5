import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../model/errors.ts';

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
  /** Texts that must not be shown. */
  secrets: readonly string[];
}

const scpLike = /^(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9._-]*:(?!\/\/)(?![:-])[^\s]+$/;

/**
 * Understands `https://`, `ssh://`, `file://`, `user@host:path` and a path on this machine. A user and password in an https URL are sent as a header
 * and never shown. Throws `UserError` for every other transport (`http`, `git`, `ext::` ...) and for what looks like an option.
 */
export function parseRemote(url: string): Remote {
  if (url === '' || url.startsWith('-') || /[\0\r\n]/.test(url))
    throw refused(url, 'it is empty, or looks like an option');
  if (/^[A-Za-z0-9+.-]+::/.test(url)) throw refused(url, 'remote helpers are not allowed');
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(url)) return parseUrl(url);
  if (!isAbsolute(url) && !url.startsWith('.') && scpLike.test(url))
    return { shown: url, config: urlConfig(url), secrets: [] };
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
    return { shown: url, config: urlConfig(url), secrets: [] };
  }
  if (parsed.protocol === 'https:') return overHttps(parsed);
  throw refused(url, `${parsed.protocol.slice(0, -1)} is not allowed: use https, ssh, file or a path`);
}

function overHttps(url: URL): Remote {
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  url.username = '';
  url.password = '';
  const shown = url.toString();
  if (user === '' && password === '') return { shown, config: urlConfig(shown), secrets: [] };
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  return {
    shown,
    config: [...urlConfig(shown), [`http.${url.origin}/.extraHeader`, `Authorization: Basic ${basic}`]],
    secrets: [password === '' ? user : password, basic],
  };
}

function onThisMachine(directory: string): Remote {
  return { shown: directory, directory, config: urlConfig(directory), secrets: [] };
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
