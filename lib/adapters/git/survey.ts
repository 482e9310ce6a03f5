import type { Survey, Surveyed } from '../../bump/ports.ts';
import { factsOf, isOfInterest } from '../../model/interest.ts';
import { type KnownFile, type KnownFiles, loadKnownFiles, saveKnownFiles } from './known-files.ts';
import type { Mirror } from './mirror.ts';
import { pathsContaining, readBlobs, type TreeEntry } from './tree.ts';

/** Files read by one call of git. */
const batch = 500;

/** Surveys commits of a mirror, and reads only the blobs that neither it nor an earlier process has seen under the same path and key. */
export class MirrorSurveys {
  readonly #mirror: Mirror;
  readonly #maxFileBytes: number;
  #known: KnownFiles | undefined;

  constructor(mirror: Mirror, maxFileBytes: number) {
    this.#mirror = mirror;
    this.#maxFileBytes = maxFileBytes;
  }

  /** The facts of all plain files of a commit, whose listing is `entries`. */
  async survey<Facts>(
    revision: string,
    entries: readonly TreeEntry[],
    survey: Survey<Facts>,
  ): Promise<Surveyed<Facts>> {
    const before = this.#known ?? (await loadKnownFiles(this.#mirror.gitDir));
    const kept = before?.key === survey.key ? before.files : new Map<string, KnownFile>();
    const wanted = entries.filter(({ mode, path }) => mode.startsWith('100') && isOfInterest(survey, path));
    const readable = wanted.filter(({ size }) => size <= this.#maxFileBytes);
    const known = new Map<string, KnownFile>();
    const unread: TreeEntry[] = [];
    for (const entry of readable) {
      const seen = kept.get(entry.path);
      if (seen?.oid === entry.oid) known.set(entry.path, seen);
      else unread.push(entry);
    }
    for (let at = 0; at < unread.length; at += batch) {
      const some = unread.slice(at, at + batch);
      const blobs = await readBlobs(
        this.#mirror,
        some.map(({ oid }) => oid),
      );
      for (const [index, { path, oid }] of some.entries()) {
        known.set(path, { oid, facts: factsOf(survey, { path, bytes: blobs[index]! }) });
      }
    }
    this.#known = { key: survey.key, files: known };
    if (unread.length > 0 || known.size !== kept.size) await saveKnownFiles(this.#mirror.gitDir, this.#known);
    const files = readable.flatMap(({ path }) => {
      const facts = known.get(path)?.facts as Facts | undefined;
      return facts === undefined ? [] : [{ path, facts }];
    });
    return { files: files.sort(byPath), tooLarge: await this.#tooLarge(revision, wanted, survey) };
  }

  async #tooLarge<Facts>(revision: string, wanted: readonly TreeEntry[], survey: Survey<Facts>): Promise<string[]> {
    const large = wanted.filter(({ size }) => size > this.#maxFileBytes).map(({ path }) => path);
    if (large.length === 0) return [];
    const found = new Set<string>();
    for (const { matches, token } of survey.interests) {
      const of = large.filter(matches);
      if (of.length === 0) continue;
      const holding = token === undefined ? of : await pathsContaining(this.#mirror, revision, token, of);
      for (const path of holding) found.add(path);
    }
    return [...found].sort();
  }
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
