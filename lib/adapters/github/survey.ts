import type { Survey, Surveyed, SurveyStore } from '../../bump/ports.ts';
import { messageOf, RetryableError } from '../../model/errors.ts';
import { factsOf, isOfInterest, tokensFor } from '../../model/interest.ts';
import { type ArchiveFile, type ArchiveLimits, bytesOf, filesOfArchive } from './archive.ts';
import { blobBytes, blobHash, blobOid, searchFor, streamHolds } from './blob.ts';
import type { GitHubRepo } from './client.ts';
import { type Changes, changesBetween } from './compare.ts';
import { entriesAt, isPlain } from './entries.ts';
import { isFailure, lost } from './failure.ts';
import { type KnownSurvey, packKnown, unpackKnown } from './known-survey.ts';
import { type ListedFile, listFiles } from './listing.ts';

/** Where surveys are kept and how much is read. */
export interface SurveyOptions {
  store: SurveyStore;
  /** In the store. */
  key: string;
  maxFileBytes: number;
  limits?: ArchiveLimits;
  /** Told when the store fails or holds what cannot be read: a survey then costs an archive, and is as good. */
  warn(message: string): void;
}

type AnySurvey = Survey<unknown>;

/**
 * Surveys commits of a branch. What is known of an earlier commit is advanced by what changed since; the archive of the whole repository is
 * read where nothing is known, or GitHub cannot tell the changes.
 */
export class BranchSurveys {
  readonly #repo: GitHubRepo;
  readonly #options: SurveyOptions;
  #known: KnownSurvey | undefined;
  #survey: AnySurvey | undefined;

  constructor(repo: GitHubRepo, options: SurveyOptions) {
    this.#repo = repo;
    this.#options = options;
  }

  /** The facts of all files of a commit. Throws `GitHubFailure`, and `UserError` for an archive that is refused. */
  async survey<Facts>(revision: string, survey: Survey<Facts>): Promise<Surveyed<Facts>> {
    this.#survey = survey;
    const known = await this.#nearest(revision, survey.key);
    if (known?.commit !== revision) {
      const changes = known === undefined ? undefined : await changesBetween(this.#repo, known.commit, revision);
      const next =
        known === undefined || changes === undefined
          ? await this.#fromArchive(revision, survey)
          : await this.#advanced(known, revision, changes, survey);
      await this.#keep(next);
    }
    const { files, tooLarge } = this.#known!;
    // The facts were made by a survey of the same key, or read back as such.
    const found = [...files].map(([path, { facts }]) => ({ path, facts: facts as Facts }));
    return { files: found.sort((a, b) => (a.path < b.path ? -1 : 1)), tooLarge: [...tooLarge].sort() };
  }

  /** The blob of a file that the survey of this commit found facts in. */
  surveyedOid(revision: string, path: string): string | undefined {
    return this.#known?.commit === revision ? this.#known.files.get(path)?.oid : undefined;
  }

  /** Takes over a commit of our own on top of a known one: the next survey needs to ask nothing. */
  async ownCommit(
    parent: string,
    revision: string,
    files: readonly { path: string; bytes: Uint8Array | undefined }[],
  ): Promise<void> {
    const survey = this.#survey;
    if (survey === undefined || this.#known?.commit !== parent) return;
    const next = copyOf(this.#known, revision);
    for (const { path, bytes } of files) {
      forget(next, path);
      if (bytes !== undefined && isOfInterest(survey, path)) this.#take(next, survey, path, bytes);
    }
    await this.#keep(next);
  }

  /** Forgets what is known, here and in the store. */
  async forget(): Promise<void> {
    this.#known = undefined;
    await this.#save(new Uint8Array());
  }

  async #nearest(revision: string, key: string): Promise<KnownSurvey | undefined> {
    const fits = (known: KnownSurvey | undefined) => (known?.key === key ? known : undefined);
    const here = fits(this.#known);
    if (here?.commit === revision) return here;
    // Another process may have gone further.
    const stored = fits(await this.#load());
    this.#known = stored?.commit === revision ? stored : (here ?? stored);
    return this.#known;
  }

  async #advanced(known: KnownSurvey, revision: string, changes: Changes, survey: AnySurvey): Promise<KnownSurvey> {
    const next = copyOf(known, revision);
    for (const path of [...changes.gone, ...changes.changed]) forget(next, path);
    const changed = changes.changed.filter((path) => isOfInterest(survey, path));
    return (await this.#readInto(next, survey, changed)) ? next : this.#fromArchive(revision, survey);
  }

  async #fromArchive(revision: string, survey: AnySurvey): Promise<KnownSurvey> {
    const next: KnownSurvey = { commit: revision, key: survey.key, files: new Map(), tooLarge: new Set() };
    // What the commit has is told by its tree: an archive leaves out, and changes, what .gitattributes (or LFS) makes it to.
    const listed = await listFiles(this.#repo, revision);
    const wanted = new Map([...(listed ?? [])].filter(([path, file]) => isPlain(file) && isOfInterest(survey, path)));
    if (listed !== undefined && wanted.size === 0) return next;
    const archive = await this.#repo.stream('GET /repos/{owner}/{repo}/tarball/{ref}', { ref: revision });
    for await (const file of filesOfArchive(archive, this.#options.limits)) {
      const expected = wanted.get(file.path);
      const skip = listed === undefined ? !isOfInterest(survey, file.path) : expected === undefined;
      if (skip) await file.skip();
      else if (await this.#takeFromArchive(next, survey, file, expected)) wanted.delete(file.path);
    }
    if (await this.#readInto(next, survey, [...wanted.keys()])) return next;
    throw lost(`commit ${revision} lacks a file that its tree has`);
  }

  /** False when the archive has other bytes than the commit. */
  async #takeFromArchive(
    next: KnownSurvey,
    survey: AnySurvey,
    file: ArchiveFile,
    expected: ListedFile | undefined,
  ): Promise<boolean> {
    if (file.size > this.#options.maxFileBytes) return this.#takeLarge(next, survey, file, expected);
    const bytes = await bytesOf(file);
    if (expected !== undefined && blobOid(bytes) !== expected.oid) return false;
    this.#take(next, survey, file.path, bytes);
    return true;
  }

  async #takeLarge(next: KnownSurvey, survey: AnySurvey, file: ArchiveFile, expected: ListedFile | undefined) {
    const search = searchFor(tokensFor(survey, file.path));
    const hash = blobHash(file.size);
    let holds = false;
    for await (const chunk of file.chunks()) {
      hash.update(chunk);
      holds = search(chunk);
    }
    if (expected !== undefined && hash.digest('hex') !== expected.oid) return false;
    if (holds) next.tooLarge.add(file.path);
    return true;
  }

  /** False when the commit does not have one of the paths after all. */
  async #readInto(next: KnownSurvey, survey: AnySurvey, paths: readonly string[]): Promise<boolean> {
    const entries = await entriesAt(this.#repo, next.commit, paths, { text: true });
    for (const [index, path] of paths.entries()) {
      const entry = entries[index];
      if (entry === undefined) return false;
      if (!isPlain(entry)) continue;
      const { oid, object } = entry;
      if ((object?.byteSize ?? 0) <= this.#options.maxFileBytes) {
        this.#take(next, survey, path, await blobBytes(this.#repo, oid, object));
      } else if (await this.#largeHolds(oid, tokensFor(survey, path))) next.tooLarge.add(path);
    }
    return true;
  }

  async #largeHolds(oid: string, tokens: readonly string[]): Promise<boolean> {
    try {
      const headers = { accept: 'application/vnd.github.raw+json' };
      const route = 'GET /repos/{owner}/{repo}/git/blobs/{file_sha}';
      return await streamHolds(await this.#repo.stream(route, { file_sha: oid, headers }), tokens);
    } catch (error) {
      // GitHub hands out no blob beyond 100 MB: what cannot be looked through is named.
      if (isFailure(error, 'refused', 403, 413, 422)) return true;
      throw error;
    }
  }

  #take(next: KnownSurvey, survey: AnySurvey, path: string, bytes: Uint8Array): void {
    const facts = factsOf(survey, { path, bytes });
    if (facts !== undefined) next.files.set(path, { oid: blobOid(bytes), facts });
  }

  async #keep(known: KnownSurvey): Promise<void> {
    this.#known = known;
    await this.#save(packKnown(known));
  }

  async #load(): Promise<KnownSurvey | undefined> {
    const { store, key, warn } = this.#options;
    try {
      const content = await store.load(key);
      return content === undefined || content.length === 0 ? undefined : unpackKnown(content);
    } catch (error) {
      warn(`what was known of ${key} cannot be read and is found out anew: ${messageOf(error)}`);
      return undefined;
    }
  }

  async #save(content: Uint8Array): Promise<void> {
    const { store, key, warn } = this.#options;
    try {
      await store.save(key, content);
    } catch (error) {
      warn(`what is known of ${key} could not be kept: ${messageOf(error)}`);
    }
  }
}

/** The error for a file that is not what was surveyed. */
export function surveyedOtherwise(path: string, revision: string): RetryableError {
  return new RetryableError(`${path} at ${revision.slice(0, 12)} is not what was surveyed there: it is surveyed anew`, {
    code: 'survey-stale',
    subject: path,
  });
}

function copyOf(known: KnownSurvey, commit: string): KnownSurvey {
  return { ...known, commit, files: new Map(known.files), tooLarge: new Set(known.tooLarge) };
}

function forget(known: KnownSurvey, path: string): void {
  known.files.delete(path);
  known.tooLarge.delete(path);
}
