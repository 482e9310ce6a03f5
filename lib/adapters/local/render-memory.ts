import { hash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../../../package.json' with { type: 'json' };
import type { RenderedSync, RenderMemory } from '../../pull/ports.ts';

/** Of the files. One of another format is rendered anew. */
const format = 1;
/** What was not asked for in so long is removed, in milliseconds: 30 days. */
const life = 30 * 24 * 3_600_000;
const mostFiles = 200;
/** A sync that renders to more characters is rendered each time. */
const longest = 64_000_000;
const endOfHead = 0x0a;

/** What stands in front of the JSON of what was rendered, on a line of its own. */
interface Head {
  format: number;
  code: string;
  key: string;
  sha256: string;
}

/**
 * Remembers on disk what syncs of one config repo (`of`, any text that names it) were rendered to: a file a sync, replaced as a whole.
 * Rendered Secrets are in it, as they are in the copy of the repo beside it: only the owner may read the files. It may forget, but never
 * fails and never guesses: a file that is broken, of other code or that somebody else can write is as good as none.
 */
export function openRenderMemory({ dir, of }: { dir: string; of: string }): RenderMemory {
  const code = codeId();
  const fileOf = (key: string) => join(dir, `${digest(`${of}\n${key}`)}.json`);
  return {
    get: async (key) => {
      const file = fileOf(key);
      const kept = await read(file, key, await code).catch(() => undefined);
      if (kept !== undefined) await touch(file).catch(() => undefined);
      return kept;
    },
    put: async (key, rendered) => {
      const text = JSON.stringify(rendered);
      if (text.length > longest) return;
      const head: Head = { format, code: await code, key, sha256: digest(text) };
      // A full disk is no reason to apply nothing.
      await write(dir, fileOf(key), `${JSON.stringify(head)}\n${text}`).catch(() => undefined);
      await forgetOld(dir).catch(() => undefined);
    },
  };
}

async function read(file: string, key: string, code: string): Promise<RenderedSync | undefined> {
  const handle = await open(file);
  try {
    const { uid, mode, mtimeMs } = await handle.stat();
    // What is in it is applied to a cluster: it must come from this user. Where there are no users to tell apart, nothing is believed.
    if (uid !== process.getuid?.() || (mode & 0o077) !== 0 || Date.now() - mtimeMs > life) return undefined;
    const bytes = await handle.readFile();
    const end = bytes.indexOf(endOfHead);
    const head = JSON.parse(bytes.toString('utf8', 0, end)) as Head;
    const rest = bytes.subarray(end + 1);
    const isOurs = head.format === format && head.code === code && head.key === key;
    return isOurs && head.sha256 === digest(rest) ? (JSON.parse(rest.toString('utf8')) as RenderedSync) : undefined;
  } finally {
    await handle.close();
  }
}

async function write(dir: string, file: string, text: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now);
}

async function forgetOld(dir: string): Promise<void> {
  const files = (await readdir(dir)).map((name) => join(dir, name));
  const known = await Promise.all(files.map(async (file) => ({ file, used: (await stat(file)).mtimeMs })));
  known.sort((a, b) => b.used - a.used);
  const old = known.filter(({ used }, index) => index >= mostFiles || Date.now() - used > life);
  for (const { file } of old) await rm(file, { force: true });
}

/** Names the code that renders: what another Windlass rendered may differ from what this one would. */
async function codeId(): Promise<string> {
  const rendering = fileURLToPath(new URL('../../desired/', import.meta.url));
  // A built Windlass is one file.
  const names = await readdir(rendering).then(
    (found) => found.sort().map((name) => join(rendering, name)),
    () => [fileURLToPath(import.meta.url)],
  );
  const stats = await Promise.all(names.map((name) => stat(name)));
  const ids = stats.map(({ size, mtimeMs }, index) => [names[index], size, mtimeMs]);
  return digest(JSON.stringify([packageJson.version, packageJson.dependencies, ids]));
}

function digest(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}
