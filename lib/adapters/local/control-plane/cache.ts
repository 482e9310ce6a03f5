import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type BinaryName, type Platform, VERSIONS } from './versions.ts';
import { writeWhole } from './write-whole.ts';

/** What `manifest.json` keeps of a program. */
interface ManifestEntry {
  size: number;
  sha256: string;
  /** When it is as recorded, the content is taken as unchanged; else it is hashed. */
  mtimeMs: number;
  /** `downloaded from https://...`, `built with go1.26.8`. */
  origin: string;
}

/** Why a program has to be obtained. */
export interface Missing {
  name: BinaryName;
  /** `not there`, `corrupt`. */
  why: string;
}

/** The programs of one set of versions for one platform. Each enters whole, by a rename, with its hash in the manifest. */
export class BinaryCache {
  readonly dir: string;
  readonly lockFile: string;
  /** Where toolchains are kept beside the sets. */
  readonly root: string;

  constructor(root: string, platform: Platform) {
    const { kubernetes, etcd, kwok } = VERSIONS;
    this.root = root;
    this.dir = join(root, `kubernetes-${kubernetes}_etcd-${etcd}_kwok-${kwok}_${platform.os}-${platform.arch}`);
    this.lockFile = `${this.dir}.lock`;
  }

  /** The paths of those that are there and sound. */
  async good(names: readonly BinaryName[]): Promise<Map<BinaryName, string>> {
    const good = new Map<BinaryName, string>();
    const missing = new Set((await this.missing(names)).map((each) => each.name));
    for (const name of names) if (!missing.has(name)) good.set(name, join(this.dir, name));
    return good;
  }

  /** Those that are not there, or are not what was once put there. */
  async missing(names: readonly BinaryName[]): Promise<Missing[]> {
    const manifest = await this.#readManifest();
    const missing: Missing[] = [];
    for (const name of names) {
      const why = await this.#flaw(name, manifest[name]);
      if (why !== undefined) missing.push({ name, why });
    }
    return missing;
  }

  /** A fresh folder to make programs in; only for who holds the lock, as it clears away what a killed maker left. */
  async workFolder(): Promise<string> {
    await mkdir(this.dir, { recursive: true });
    for (const entry of await readdir(this.dir)) {
      if (entry.startsWith('.work')) await rm(join(this.dir, entry), { recursive: true, force: true });
    }
    const work = join(this.dir, `.work-${process.pid}`);
    await mkdir(work);
    return work;
  }

  /** Moves a finished file (on the same file system, see `workFolder`) to its place. */
  async put(name: BinaryName, file: string, origin: string): Promise<void> {
    await chmod(file, 0o755);
    const sha256 = await sha256Of(file);
    const { size, mtimeMs } = await stat(file);
    await rename(file, join(this.dir, name));
    const manifest = await this.#readManifest();
    await this.#writeManifest({ ...manifest, [name]: { size, sha256, mtimeMs, origin } });
  }

  async #flaw(name: BinaryName, entry: ManifestEntry | undefined): Promise<string | undefined> {
    const file = join(this.dir, name);
    const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found === undefined || entry === undefined) return 'not there';
    if (found.size !== entry.size) return `corrupt (${found.size} bytes instead of ${entry.size})`;
    if (found.mtimeMs === entry.mtimeMs) return undefined;
    return (await sha256Of(file)) === entry.sha256 ? undefined : 'corrupt (its hash has changed)';
  }

  async #readManifest(): Promise<Partial<Record<BinaryName, ManifestEntry>>> {
    try {
      return JSON.parse(await readFile(join(this.dir, 'manifest.json'), 'utf8'));
    } catch (error) {
      // A cache may be thrown away at any time: a manifest that cannot be read is an empty cache.
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
  }

  async #writeManifest(manifest: Partial<Record<BinaryName, ManifestEntry>>): Promise<void> {
    await writeWhole(join(this.dir, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  }
}

/** The SHA-256 of a file, in hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
