import { findMarkers, type MarkedFile } from '../edit/find-markers.ts';
import { type EditOptions, type EditPlan, planMarkedEdits, wantedOf } from '../edit/plan-edits.ts';
import type { SkippedMarker } from '../edit/source-file.ts';
import type { PolicyTarget } from '../edit/target.ts';
import type { ImageRef } from '../model/image-ref.ts';
import type { ImageChange } from '../model/messages.ts';
import type { Decision, Outcome } from './decision.ts';
import type { Look } from './look.ts';
import { type Place, pinsEverywhere, routesOf } from './places.ts';
import type { ConfigRepo, RepoFile } from './ports.ts';

/** What one route is to write: the outcomes that have something new. */
export interface RouteWish {
  decision: Decision;
  outcome: Outcome;
  ref: ImageRef;
}

/** Files as they are now, at one revision and with what was edited since. */
export class Contents {
  readonly #repo: Pick<ConfigRepo, 'read'>;
  readonly #revision: string;
  readonly #bytes = new Map<string, Uint8Array>();

  constructor(repo: Pick<ConfigRepo, 'read'>, revision: string) {
    this.#repo = repo;
    this.#revision = revision;
  }

  async read(paths: readonly string[]): Promise<RepoFile[]> {
    const missing = paths.filter((path) => !this.#bytes.has(path));
    if (missing.length > 0) {
      for (const { path, bytes } of await this.#repo.read(this.#revision, missing)) this.#bytes.set(path, bytes);
    }
    return paths.map((path) => ({ path, bytes: this.#bytes.get(path)! }));
  }

  set(path: string, bytes: Uint8Array): void {
    this.#bytes.set(path, bytes);
  }

  /** A copy that can be edited apart: proposals know nothing of each other. */
  copy(): Contents {
    const copy = new Contents(this.#repo, this.#revision);
    for (const [path, bytes] of this.#bytes) copy.set(path, bytes);
    return copy;
  }
}

/** The outcomes of a route that want something. */
export function wishesOf(decisions: readonly Decision[], group: string | undefined): RouteWish[] {
  return decisions.flatMap((decision) =>
    decision.outcomes.flatMap((outcome) =>
      outcome.ref !== undefined && outcome.group === group ? [{ decision, outcome, ref: outcome.ref }] : [],
    ),
  );
}

/** What a wish would change, as far as can be told without the files. */
export function expected({ decision, outcome, ref }: RouteWish): ImageChange[] {
  return outcome.places.flatMap((place) => {
    const wanted = wantedOf(place, new Map([[place.policy, ref]]), formsOf([decision]));
    if ('reason' in wanted || wanted.value === place.value) return [];
    return [{ policy: place.policy, file: place.path, line: place.line, from: place.value, to: wanted.value }];
  });
}

/** Each place keeps its form, unless the policy pins digests everywhere. */
function formsOf(decisions: readonly Decision[]): Pick<EditOptions, 'keepForm'> {
  const loose = decisions.filter(({ entry }) => !pinsEverywhere(entry));
  return { keepForm: new Set(loose.map(({ entry }) => entry.name)) };
}

/** Plans the edit of one route's places; only the files that it changes are read. */
export async function editRoute(
  wishes: readonly RouteWish[],
  contents: Contents,
  targets: ReadonlyMap<string, readonly PolicyTarget[]>,
): Promise<EditPlan> {
  const paths = [...new Set(wishes.flatMap(expected).map(({ file }) => file))].sort();
  const latest = new Map(wishes.map(({ decision, ref }) => [decision.entry.name, ref]));
  const theirs = new Set(wishes.flatMap(({ outcome }) => outcome.places.map(keyOf)));
  const files = (await contents.read(paths)).flatMap((file): MarkedFile[] => {
    const found = findMarkers(file, targets.get(file.path));
    if (found === undefined) return [];
    const markers = found.markers.filter((marker) => theirs.has(keyOf({ ...marker, path: file.path })));
    return [{ ...found, markers, skipped: [] }];
  });
  const edits = planMarkedEdits(files, latest, formsOf(wishes.map(({ decision }) => decision)));
  for (const { path, after } of edits.files) contents.set(path, after);
  return edits;
}

/** The wishes that an edit fulfils, in whole or in part. */
export function movedBy(wishes: readonly RouteWish[], changes: readonly ImageChange[]): RouteWish[] {
  const changed = new Set(changes.map(({ policy }) => policy));
  return wishes.filter(({ decision }) => changed.has(decision.entry.name));
}

/** Places that stay as they are although they are asked for, with the reason. */
export function leftAlone(look: Look, decisions: readonly Decision[]): SkippedMarker[] {
  return decisions.flatMap(({ outcomes, entry, waiting: all }) => {
    if (all !== undefined)
      return routesOf(look, entry).flatMap(({ places }) => places.map((place) => skipped(place, all)));
    return outcomes.flatMap(({ places, ref, waiting }) => {
      if (ref === undefined) return waiting === undefined ? [] : places.map((place) => skipped(place, waiting));
      return places.flatMap((place) => {
        const wanted = wantedOf(place, new Map([[entry.name, ref]]));
        return 'reason' in wanted ? [skipped(place, wanted.reason)] : [];
      });
    });
  });
}

function skipped({ path, line, policy }: Place, reason: string): SkippedMarker {
  return { file: path, line, reason, policies: [policy] };
}

function keyOf({ path, policy, part, line }: Pick<Place, 'path' | 'policy' | 'part' | 'line'>): string {
  return JSON.stringify([path, policy, part, line]);
}
