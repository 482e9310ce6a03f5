import { isTrouble, UserError } from '../model/errors.ts';
import { cacheDir } from './wiring-cache.ts';

/** What the machine says of a file, in words, and what to do. */
const troubles: Readonly<Record<string, readonly [why: string, todo: string]>> = {
  EACCES: ['permission denied', 'run Windlass as the user whom it belongs to, or allow this one to use it'],
  EPERM: ['it is not permitted', 'run Windlass as the user whom it belongs to, or allow this one to use it'],
  EROFS: ['the file system is read-only', 'use a place that can be written to'],
  ENOSPC: ['no space is left on the device', 'make room there, or use another place'],
  EDQUOT: ['the quota of this user is used up', 'make room there, or use another place'],
  ENOTDIR: ['a part of that path is no directory', 'check the path'],
};

/** By the system call; `open` tells nothing of reading or writing. */
const verbs: Readonly<Record<string, string>> = {
  ...{ access: 'read', stat: 'read', lstat: 'read', read: 'read', readlink: 'read', scandir: 'read', opendir: 'read' },
  ...{ realpath: 'read', open: 'opened', mkdir: 'made', mkdtemp: 'made', symlink: 'made', link: 'made' },
  ...{ write: 'written', ftruncate: 'written', fsync: 'written', copyfile: 'copied', rename: 'renamed' },
  ...{ unlink: 'removed', rmdir: 'removed', rm: 'removed', chmod: 'changed', chown: 'changed', utime: 'changed' },
  spawn: 'run',
};

/**
 * The user's error for a file or directory that Node may not use: missing rights, a full or read-only disk, a file where a directory is to be. Undefined for
 * every other error. A cause counts as well.
 */
export function fileTrouble(error: unknown, env: Record<string, string | undefined>): UserError | undefined {
  if (!(error instanceof Error)) return undefined;
  // An error with words of its own tells more than the cause that it has.
  if (isTrouble(error)) return undefined;
  const { code = '', syscall = '', path } = error as NodeJS.ErrnoException;
  const trouble = troubles[code];
  const verb = verbs[syscall.split(' ')[0] ?? ''];
  if (trouble === undefined || verb === undefined) return fileTrouble(error.cause, env);
  const [why, todo] = trouble;
  const cache = cacheDir(env);
  const place =
    path?.startsWith(cache) || cache.startsWith(`${path}/`)
      ? '; WINDLASS_CACHE=DIR names another place for copies'
      : '';
  return new UserError(`${path ?? 'a file'} cannot be ${verb}: ${why}\n${todo}${place}`, {
    code: 'file-access',
    ...(path !== undefined && { subject: path }),
  });
}
