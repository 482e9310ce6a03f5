import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fchmodSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, UserError } from '../../model/errors.ts';

/** A file of a directory: its path from there, with `/`, and what is in it. */
export interface FoundFile {
  path: string;
  bytes: Uint8Array;
}

/** What a walk found: the wanted files, and what could not be read with the reason. */
export interface Walk {
  files: FoundFile[];
  unreadable: { path: string; reason: string }[];
}

/** Which files a walk reads and keeps. */
export interface Wanted {
  /** By its path from the directory. */
  name(path: string): boolean;
  /** By what is in it. */
  content(bytes: Uint8Array): boolean;
}

const skippedDirectories = new Set(['.git', 'node_modules']);

/**
 * Reads the wanted files of a directory, in the order of their paths. `.git` and `node_modules` are not entered, links are not followed:
 * what they point to inside the directory is met at its own place. Throws `UserError` when the directory itself cannot be read.
 */
export function readFilesIn(directory: string, wanted: Wanted): Walk {
  const walk: Walk = { files: [], unreadable: [] };
  const root = rootOf(directory);
  const reader = new FileReader();
  const pending = [''];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    try {
      enter(root, path, { pending, walk, wanted, reader });
    } catch (error) {
      walk.unreadable.push({ path: path === '' ? '.' : path, reason: messageOf(error) });
    }
  }
  walk.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return walk;
}

function enter(
  root: string,
  path: string,
  { pending, walk, wanted, reader }: { pending: string[]; walk: Walk; wanted: Wanted; reader: FileReader },
): void {
  for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
    const child = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory() && !skippedDirectories.has(entry.name)) pending.push(child);
    if (!entry.isFile() || !wanted.name(child)) continue;
    try {
      const bytes = reader.read(`${root}/${child}`);
      if (wanted.content(bytes)) walk.files.push({ path: child, bytes: Buffer.from(bytes) });
    } catch (error) {
      walk.unreadable.push({ path: child, reason: messageOf(error) });
    }
  }
}

/** Reads files one after another into the same memory: most are looked at once and not kept. */
class FileReader {
  #memory = Buffer.allocUnsafeSlow(64 * 1024);

  /** The bytes of a file; they are good until the next call. */
  read(path: string): Buffer {
    const file = openSync(path, 'r');
    try {
      let length = 0;
      while (true) {
        const count = readSync(file, this.#memory, length, this.#memory.length - length, null);
        if (count === 0) return this.#memory.subarray(0, length);
        length += count;
        if (length === this.#memory.length) this.#grow();
      }
    } finally {
      closeSync(file);
    }
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(2 * this.#memory.length);
    this.#memory.copy(larger);
    this.#memory = larger;
  }
}

function rootOf(directory: string): string {
  try {
    const root = realpathSync(directory);
    if (statSync(root).isDirectory()) return root;
  } catch (error) {
    if (isAbsent(error))
      throw new UserError(`there is no directory ${directory}`, { code: 'directory', subject: directory });
    throw new UserError(`the directory ${directory} cannot be read`, {
      code: 'directory',
      subject: directory,
      cause: error,
    });
  }
  throw new UserError(`${directory} is no directory`, { code: 'directory', subject: directory });
}

/** A file before and after an edit. */
export interface Replacement {
  path: string;
  before: Uint8Array;
  after: Uint8Array;
}

/**
 * Replaces files, each as a whole: a reader sees the old or the new one, never a part. Their modes are kept. Throws `UserError` at the first
 * that is not what it was when it was read (`before`), so that nobody's change is lost.
 */
export function replaceFiles(directory: string, files: readonly Replacement[]): void {
  const root = rootOf(directory);
  const suffix = randomBytes(6).toString('hex');
  for (const file of files) replaceFile(join(root, file.path), file, suffix);
}

function replaceFile(path: string, { path: subject, before, after }: Replacement, suffix: string): void {
  const mode = modeOfUnchanged(path, before);
  if (mode === undefined) {
    throw new UserError(`${subject} was changed in the meantime: run the command again`, {
      code: 'file-changed',
      subject,
    });
  }
  const temporary = join(dirname(path), `.windlass-${suffix}.tmp`);
  const file = openSync(temporary, 'wx');
  try {
    try {
      writeFileSync(file, after);
      fchmodSync(file, mode & 0o7777);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The mode of a file; undefined when it has other bytes than it had. */
function modeOfUnchanged(path: string, before: Uint8Array): number | undefined {
  const file = openSync(path, 'r');
  try {
    return readFileSync(file).equals(before) ? fstatSync(file).mode : undefined;
  } finally {
    closeSync(file);
  }
}

/** The text of a file that the user named. Throws `UserError` when it cannot be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) throw new UserError(`there is no file ${path}`, { code: 'file', subject: path });
    if (codeOf(error) === 'EISDIR')
      throw new UserError(`${path} is a directory, a file is needed`, { code: 'file', subject: path });
    throw new UserError(`the file ${path} cannot be read`, { code: 'file', subject: path, cause: error });
  }
}

/** Adds to a file that may not be there yet. Throws `UserError` when it cannot be written. */
export function appendText(path: string, text: string): void {
  try {
    appendFileSync(path, text);
  } catch (error) {
    throw new UserError(`the file ${path} cannot be written`, { code: 'file', subject: path, cause: error });
  }
}

function isAbsent(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
