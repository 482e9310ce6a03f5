import type { DeliveryFigures, DeliveryMetrics, DeliveryPeriod } from '../model/delivery-figures.ts';
import { isRestored } from '../model/incident.ts';
import { isDeployed } from '../model/rollout.ts';
import type { Move } from './moves.ts';
import { secondsBetween, spreadOf } from './spread.ts';
import { type DeliveryFacts, type Outage, outagesOf, type TimedRollout, timedRollouts } from './timed-rollouts.ts';
import type { Window } from './window.ts';

const day = 86_400_000;
/** So many days are shown one by one, more by the week. */
const mostDays = 31;

/**
 * Measures the roll-outs that began in a window, and the incidents that opened in it, by the definitions in docs/metrics.md. With `onlyMoved` those
 * of commits that did something to the images.
 */
export function deliveryMetrics(
  facts: DeliveryFacts,
  window: Window,
  { onlyMoved = false }: { onlyMoved?: boolean } = {},
): DeliveryMetrics {
  const all = timedRollouts(facts);
  const isMeantAtAll = (rollout: TimedRollout | undefined) => !onlyMoved || imagesOf(rollout?.moves).length > 0;
  const rollouts = all.filter((one) => isIn(window, one.at) && isMeantAtAll(one));
  const outages = outagesOf(facts.incidents, all).filter(
    ({ incident, rollout }) => isIn(window, incident.openedAt) && isMeantAtAll(rollout),
  );
  const days = (Date.parse(window.to) - Date.parse(window.from)) / day;
  const period = days <= mostDays ? 'day' : 'week';
  const periods = periodsOf(window, period === 'day' ? 1 : 7);
  const measure = (isMeant: (images: readonly string[], sync: string | undefined) => boolean, image?: string) =>
    figuresOf(
      rollouts.filter(({ moves, sync }) => isMeant(imagesOf(moves), sync)),
      outages.filter(({ incident, rollout }) => isMeant(imagesOf(rollout?.moves), incident.sync)),
      { days, periods, image },
    );
  const syncs = named([...rollouts.map(({ sync }) => sync), ...outages.flatMap(({ incident }) => incident.sync ?? [])]);
  const images = named(rollouts.flatMap(({ moves }) => imagesOf(moves)));
  return {
    period,
    overall: measure(() => true),
    syncs: Object.fromEntries(syncs.map((name) => [name, measure((_, sync) => sync === name)])),
    images: Object.fromEntries(images.map((name) => [name, measure((of) => of.includes(name), name)])),
  };
}

interface Scope {
  days: number;
  /** When each begins. */
  periods: readonly string[];
  /** Whose pushes and bumps count; absent: those of all. */
  image: string | undefined;
}

function figuresOf(rollouts: readonly TimedRollout[], outages: readonly Outage[], scope: Scope): DeliveryFigures {
  const failed = rollouts.filter((one) => isFailed(one, scope.image));
  const undecided = rollouts.filter((one) => !isFailed(one, scope.image) && !isDeployed(one));
  const deployments = rollouts.filter(isDeployed);
  const leads = deployments.map((one) => leadOf(one, scope.image));
  const decided = rollouts.length - undecided.length;
  const isBumped = ({ fromCommit }: Lead) => fromCommit.length > 0;
  return {
    ...{ rollouts: rollouts.length, deployments: deployments.length, perDay: deployments.length / scope.days },
    ...{ failed: failed.length, rolledBack: rollouts.filter((one) => isTakenBack(one, scope.image)).length },
    undecided: undecided.length,
    ...(decided > 0 && { failureRate: failed.length / decided }),
    ...eachLead(leads, spread),
    notBumped: leads.filter((lead) => !isBumped(lead)).length,
    notPushed: leads.filter((lead) => isBumped(lead) && lead.fromPush.length === 0).length,
    noSourceTime: leads.filter((lead) => isBumped(lead) && lead.fromSource.length === 0).length,
    ...spread('restore', outages.flatMap(restoreOf)),
    down: outages.filter(({ incident }) => incident.resolvedAt === undefined).length,
    periods: scope.periods.map((from, index) =>
      periodOf({ from, to: scope.periods[index + 1] ?? '~' }, rollouts, outages, scope.image),
    ),
  };
}

function periodOf(
  period: Window,
  all: readonly TimedRollout[],
  outages: readonly Outage[],
  image: string | undefined,
): DeliveryPeriod {
  const rollouts = all.filter(({ at }) => isIn(period, at));
  const deployments = rollouts.filter(isDeployed);
  const leads = deployments.map((one) => leadOf(one, image));
  const restored = outages.filter(({ incident }) => isIn(period, incident.openedAt)).flatMap(restoreOf);
  return {
    ...{
      from: period.from,
      deployments: deployments.length,
      failed: rollouts.filter((one) => isFailed(one, image)).length,
    },
    ...eachLead(leads, median),
    ...median('restore', restored),
  };
}

function isFailed(rollout: TimedRollout, image: string | undefined): boolean {
  return rollout.failedAt !== undefined || isTakenBack(rollout, image);
}

/** Of an image that moved with others: where it is what went back. */
function isTakenBack({ takenBack }: TimedRollout, image: string | undefined): boolean {
  return takenBack.some((one) => image === undefined || one.image === undefined || one.image === image);
}

/** Times in seconds; none where they are not known. */
interface Lead {
  fromSource: number[];
  fromPush: number[];
  fromCommit: number[];
}

/** Of a commit that moved several images by the one that was pushed, or whose source was committed, first: it waited longest. */
function leadOf({ moves, healthyAt, first: isFirst }: TimedRollout, image: string | undefined): Lead {
  const meant = isFirst ? [] : moves.filter((move) => image === undefined || move.image === image);
  const first = (times: (string | undefined)[]) => times.filter((time) => time !== undefined).sort()[0];
  return {
    fromSource: secondsBetween(first(meant.map(({ sourceAt }) => sourceAt)), healthyAt),
    fromPush: secondsBetween(first(meant.map(({ pushedAt }) => pushedAt)), healthyAt),
    fromCommit: secondsBetween(first(meant.map(({ bumpedAt }) => bumpedAt)), healthyAt),
  };
}

function restoreOf({ incident }: Outage): number[] {
  return isRestored(incident) ? secondsBetween(incident.openedAt, incident.resolvedAt) : [];
}

function periodsOf({ from, to }: Window, days: number): string[] {
  const [first, end] = [Date.parse(from), Date.parse(to)];
  const count = Math.ceil((end - first) / (days * day));
  return Array.from({ length: count }, (_, index) =>
    new Date(Math.max(first, end - (count - index) * days * day)).toISOString(),
  );
}

function isIn({ from, to }: Window, at: string): boolean {
  return at >= from && at < to;
}

function imagesOf(moves: readonly Move[] = []): string[] {
  return moves.map(({ image }) => image);
}

function named(all: readonly string[]): string[] {
  return [...new Set(all)].sort();
}

/** The lead times by their names in the figures. */
function eachLead<T extends object>(
  leads: readonly Lead[],
  figure: (name: `lead${'FromSource' | 'FromPush' | 'FromCommit'}`, times: readonly number[]) => T,
) {
  return {
    ...figure(
      'leadFromSource',
      leads.flatMap(({ fromSource }) => fromSource),
    ),
    ...figure(
      'leadFromPush',
      leads.flatMap(({ fromPush }) => fromPush),
    ),
    ...figure(
      'leadFromCommit',
      leads.flatMap(({ fromCommit }) => fromCommit),
    ),
  };
}

function spread<Name extends string>(name: Name, times: readonly number[]) {
  return times.length === 0 ? {} : { [name]: spreadOf(times) };
}

function median<Name extends string>(name: Name, times: readonly number[]) {
  return times.length === 0 ? {} : { [name]: spreadOf(times).p50 };
}
