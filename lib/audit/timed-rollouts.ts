import { type Incident, isOutage } from '../model/incident.ts';
import { type ImageFact, isBefore, type Move, movesOf, type TakenBack } from './moves.ts';
import { type Pull, rolloutsOf, type SyncRollout } from './pulls.ts';

/** What is measured: from some time before the window on, so that it is known what was there when it began. */
export interface DeliveryFacts {
  /** By sync. */
  pulls: ReadonlyMap<string, readonly Pull[]>;
  /** By image. */
  images: ReadonlyMap<string, readonly ImageFact[]>;
  incidents: readonly Incident[];
  /** What is recorded under syncs alone: there may be no image in it. */
  takenBack: readonly TakenBack[];
}

/** A roll-out with what its commit did to images, and what took it back. */
export interface TimedRollout extends SyncRollout {
  moves: readonly Move[];
  takenBack: readonly TakenBack[];
}

/** An incident in which a sync was not well, and the roll-out that was in force. */
export interface Outage {
  incident: Incident;
  rollout: TimedRollout | undefined;
}

/** The roll-outs of all syncs, those of one the oldest first. */
export function timedRollouts({ pulls, images, ...facts }: DeliveryFacts): TimedRollout[] {
  const told = [...images].map(([image, facts]) => movesOf(image, facts));
  const moves = Map.groupBy(
    told.flatMap((one) => one.moves),
    ({ revision }) => revision,
  );
  const takenBack = [...facts.takenBack, ...told.flatMap((one) => one.takenBack)];
  return [...pulls].flatMap(([sync, of]) => {
    const rollouts = rolloutsOf(sync, of);
    // Of several commits that were taken back at once the newest is the one that people wanted to be rid of.
    const here = takenBack.filter((one) => one.sync === undefined || one.sync === sync);
    const gone = here.map((one) => {
      const { at, reverted } = one;
      const rollout = rollouts.findLast(({ revision, ...of }) => reverted.includes(revision) && isBefore(of.at, at));
      return rollout !== undefined && isFelt(one, rollout, of) ? { one, rollout } : undefined;
    });
    return rollouts.map((rollout) => ({
      ...rollout,
      moves: moves.get(rollout.revision) ?? [],
      takenBack: gone.flatMap((gone) => (gone?.rollout === rollout ? gone.one : [])),
    }));
  });
}

/**
 * True where what was taken back was in the sync. Of an image nobody says in which syncs it is: the pull of that commit, or of one after it, says whether
 * it brought the sync something. What never brought anything needs not be put back.
 */
function isFelt({ at, revision, sync }: TakenBack, rollout: SyncRollout, pulls: readonly Pull[]): boolean {
  if (sync !== undefined || rollout.brought === undefined) return true;
  const after = pulls.filter((pull) => pull.revision !== rollout.revision && pull.at >= at);
  const own = after.filter((pull) => pull.revision === revision);
  if (own.length > 0) return own.some(({ brought }) => brought > 0);
  const [next] = after.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return next !== undefined && next.brought > 0;
}

/** Each incident in which a sync was not well, once. */
export function outagesOf(incidents: readonly Incident[], rollouts: readonly TimedRollout[]): Outage[] {
  const unique = new Map(incidents.map((incident) => [incident.key, incident]));
  return [...unique.values()].filter(isOutage).map((incident) => ({
    incident,
    rollout: rollouts.findLast(({ sync, at }) => sync === incident.sync && at <= incident.openedAt),
  }));
}
