import type { DriftMetrics, Spread } from './drift-figures.ts';

/** How changes were delivered; docs/metrics.md says exactly what counts as what. */
export interface DeliveryFigures {
  /** Roll-outs that began: revisions that brought a sync something, or failed to. */
  rollouts: number;
  /** Those that became healthy. */
  deployments: number;
  /** Deployments a day. */
  perDay: number;
  /** Roll-outs that failed, became unhealthy or were rolled back before the next one. */
  failed: number;
  /** Those of them that were rolled back. */
  rolledBack: number;
  /** Neither deployed nor failed: on the way, or overtaken by the next one. */
  undecided: number;
  /** The share of the failed ones among those that are not undecided, 0 to 1; absent where all are. */
  failureRate?: number;
  /** From the commit that an image was built of to a sync that is healthy with it; absent where that is known of none. */
  leadFromSource?: Spread;
  /** From the push of an image to a sync that is healthy with it; absent where that is known of none. */
  leadFromPush?: Spread;
  /** From the commit of a bump to a sync that is healthy with it. */
  leadFromCommit?: Spread;
  /** Deployments that have no lead time: of commits that no bump made, and the first one of a sync. */
  notBumped: number;
  /** Deployments of bumps of which no push is on record: without a lead time from it. */
  notPushed: number;
  /** Deployments of bumps to images that do not say when their source was committed: without a lead time from it. */
  noSourceTime: number;
  /** From people being told that a sync is unhealthy or cannot be synced, to its being well again. */
  restore?: Spread;
  /** Such incidents that are open: without a time to restore. */
  down: number;
  /** By the days, or weeks, in which the roll-outs began; the oldest first. */
  periods: DeliveryPeriod[];
}

/** The roll-outs that began in one period. */
export interface DeliveryPeriod {
  /** ISO 8601; it ends with the next one. */
  from: string;
  deployments: number;
  failed: number;
  /** The medians of the lead times, and of the times to restore of the incidents that opened in it, in seconds; absent where there is none. */
  leadFromSource?: number;
  leadFromPush?: number;
  leadFromCommit?: number;
  restore?: number;
}

/** How changes were delivered: over all, by sync and by image. */
export interface DeliveryMetrics {
  /** How long a period is. The first one is shorter where the days do not make whole weeks. */
  period: 'day' | 'week';
  overall: DeliveryFigures;
  /** By name; only those that had roll-outs or incidents. */
  syncs: Record<string, DeliveryFigures>;
  /** By name: the roll-outs of the commits that moved an image. Only those that had some. */
  images: Record<string, DeliveryFigures>;
}

/** What teams are measured by, of a span of time (ISO 8601). */
export interface Metrics {
  from: string;
  to: string;
  delivery: DeliveryMetrics;
  /** Absent where one image was asked for: objects drift, and no images. */
  drift?: DriftMetrics;
}
