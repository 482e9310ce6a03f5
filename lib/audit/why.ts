import type { AuditRecord } from '../model/audit-record.ts';
import type { Incident } from '../model/incident.ts';
import { kustomizationNames } from '../model/kustomization-names.ts';
import type { Policy } from '../policy/policy.ts';
import type { Hold } from '../policy/spec.ts';
import { newestFirst } from './newest-first.ts';
import { type Has, type Health, hasOf, healthOf, isAbout } from './object-standing.ts';
import { orNote } from './or-note.ts';
import type { GitHistory, HistoryCommit, PullRequest, RecordsReader } from './ports.ts';
import { pullRequestIn } from './timeline.ts';
import { type MovedBy, whoMoved } from './who-moved.ts';

/** One image of an object, as Git has it, and what is known of its policies. */
export interface ImageAsked {
  ref: string;
  policies: { name: string; kind: Policy['kind']; holds: Hold[]; suspended: string[] }[];
}

/** An object as one sync declares it at the head. */
export interface PlaceAsked {
  sync: string;
  cluster: string;
  environment?: string;
  origin: string;
  line?: number;
  /** What it comes from: files, and directories that count whole. */
  files: string[];
  images: ImageAsked[];
  /** Why the sync is not pulled. */
  suspended: string[];
}

/** A commit with the pull request that brought it, as far as that is known. */
export interface Change {
  commit: HistoryCommit;
  pullRequest?: PullRequest;
  /** It changed no file that the object itself is in, only a kustomization: that may be about other objects. */
  isUnsure?: true;
}

/** Why one image is what it is; `by` is absent where no commit of Windlass\u2019s own says so. */
export interface WhyImage extends ImageAsked {
  by?: MovedBy & { pullRequest?: PullRequest };
  /** The records of the push that it answered. */
  pushes: AuditRecord[];
}

/** Why the object of one sync is as it is. */
export interface WhyPlace extends Omit<PlaceAsked, 'images'> {
  /** The last commit that changed one of its files. */
  change?: Change;
  images: WhyImage[];
  /** The last pull that wrote it. */
  applied?: AuditRecord;
  has?: Has;
  health?: Health;
  /** Open ones about the object, or about all of its sync. */
  incidents: Incident[];
}

/** The answer: a place for each sync that declares it, or that the records know to have applied it. */
export interface Why {
  object: string;
  places: WhyPlace[];
  /** What could not be found out, and why. */
  notes: string[];
}

/** What the question is asked of; either side may be absent. */
export interface WhySources {
  git?: { history: GitHistory; head: string };
  records?: Pick<RecordsReader, 'about' | 'syncs' | 'openIncidents'>;
}

/** Records of the object that are looked through for its last pull. */
const mostRecords = 500;
const pageSize = 100;

/** Finds out why an object is as it is: in Git for each place that was found there, in the records for what became of it. Throws what they throw. */
export async function why(object: string, asked: readonly PlaceAsked[], { git, records }: WhySources): Promise<Why> {
  const notes: string[] = [];
  const applied = records === undefined ? [] : await lastApplied(object, records);
  const states = (await records?.syncs()) ?? [];
  const open = (await records?.openIncidents()) ?? [];
  const recorded = applied.filter(
    ({ sync, cluster }) => !asked.some((one) => one.sync === sync && one.cluster === cluster),
  );
  // What the records alone know may have left Git: then its last record says so.
  const left = git === undefined ? recorded : recorded.filter(({ record }) => record.kind !== 'object-pruned');
  const nothing = { origin: '', files: [], images: [], suspended: [] };
  const places: WhyPlace[] = [];
  for (const place of [...asked, ...left.map(({ sync, cluster }) => ({ sync, cluster, ...nothing }))]) {
    const state = states.find(({ sync, cluster }) => sync === place.sync && cluster === place.cluster);
    const images = await imagesOf(place, { git, records }, notes);
    const change = git && (await changeOf({ files: place.files, images }, git, notes));
    const record = applied.find(({ sync, cluster }) => sync === place.sync && cluster === place.cluster)?.record;
    const has =
      state?.revision === undefined
        ? undefined
        : await hasOf({ ...state, revision: state.revision }, change?.commit, git?.history, notes);
    const incidents = open.filter((incident) => isAbout(incident, object, place));
    const health = state && healthOf(object, state, { record, has, incidents });
    places.push({
      ...place,
      ...(change && { change }),
      images,
      ...(record && { applied: record }),
      ...(has && { has }),
      ...(health && { health }),
      incidents,
    });
  }
  return { object, places, notes };
}

/** The last change of an object. A kustomization may have an image for it, and else is about its other objects, most of the time. */
async function changeOf(
  { files, images }: { files: readonly string[]; images: readonly WhyImage[] },
  git: NonNullable<WhySources['git']>,
  notes: string[],
): Promise<Change | undefined> {
  const own = files.filter((path) => !kustomizationNames.includes(path.slice(path.lastIndexOf('/') + 1)));
  if (own.length === files.length) return await lastChange(files, git, notes);
  const byOwn = own.length === 0 ? undefined : await lastChange(own, git, notes);
  if (byOwn !== undefined && images.length === 0) return byOwn;
  const change = await lastChange(files, git, notes);
  if (change === undefined) return undefined;
  const sure = [byOwn, ...images.map(({ by }) => by)].map((one) => one?.commit.revision);
  return sure.includes(change.commit.revision) ? change : { ...change, isUnsure: true };
}

async function lastChange(
  files: readonly string[],
  { history, head }: NonNullable<WhySources['git']>,
  notes: string[],
) {
  for await (const commit of history.commits({ from: head, paths: files })) {
    const pullRequest = pullRequestIn(commit.subject) ?? (await pullRequestOf(commit.revision, history, notes));
    return { commit, ...(pullRequest && { pullRequest }) };
  }
  return undefined;
}

/** That the host does not tell it is no reason to tell nothing. */
async function pullRequestOf(revision: string, history: GitHistory, notes: string[]): Promise<PullRequest | undefined> {
  return await orNote(notes, 'pull requests are not known', async () =>
    (await history.pullRequests?.([revision]))?.get(revision),
  );
}

async function imagesOf(place: PlaceAsked, { git, records }: WhySources, notes: string[]): Promise<WhyImage[]> {
  const images: WhyImage[] = [];
  for (const image of place.images) {
    const names = image.policies.map(({ name }) => name);
    const moved = git && (await whoMoved(image.ref, names, place.files, git));
    const pullRequest =
      moved &&
      (pullRequestIn(moved.commit.subject) ?? (await pullRequestOf(moved.commit.revision, git.history, notes)));
    const by = moved && { ...moved, ...(pullRequest && { pullRequest }) };
    const pushes: AuditRecord[] = [];
    for (const id of by?.events ?? [])
      pushes.push(
        ...((await records?.about(`event:${id}`, { limit: pageSize })) ?? []).filter(
          ({ kind }) => kind === 'push-received',
        ),
      );
    images.push({ ...image, ...(by && { by }), pushes });
  }
  return images;
}

/** Of each sync in each cluster the last record of a pull that wrote or pruned the object. */
async function lastApplied(object: string, records: Pick<RecordsReader, 'about'>) {
  const last = new Map<string, { sync: string; cluster: string; record: AuditRecord }>();
  let left = mostRecords;
  for await (const record of newestFirst(`object:${object}`, { limit: pageSize }, records)) {
    const { sync, cluster } = record.details ?? {};
    const isPull = record.kind === 'object-applied' || record.kind === 'object-pruned';
    if (isPull && typeof sync === 'string' && typeof cluster === 'string') {
      const key = JSON.stringify([sync, cluster]);
      if (!last.has(key)) last.set(key, { sync, cluster, record });
    }
    left -= 1;
    if (left === 0) break;
  }
  return [...last.values()];
}
