import type { ObjectChange } from './change-set.ts';
import type { ObjectDrift, RuleUse } from './drift.ts';
import type { CheckReported, DriftFound, SyncReported } from './messages.ts';
import type { Rollout } from './rollout.ts';
import type { RunningImage } from './running-images.ts';

/** The last known state of one image policy. */
export interface ImageState {
  policy: string;
  repository: string;
  /** The policy in words: `semver >=1.4.0 <2.0.0`. */
  rule: string;
  /** What Git has at each marker, without repetition. */
  current: string[];
  /** The tag that the policy chooses now; absent when none fits. */
  newest?: string;
  /** Why Git does not have it: held, suspended, an error. */
  waiting?: string;
  /** Where an error is among the reasons: whether a person has to mend something, or it may pass by itself. */
  trouble?: 'mend' | 'later';
  holds: { tag: string; past: string; who: string; why: string; until?: string }[];
  /** ISO 8601. */
  at: string;
}

/** An object that drifts, while there is a grace period before people are told. */
export interface PendingDrift {
  object: string;
  /** The first of the looks that saw it drift without a break (ISO 8601). */
  since: string;
  /** In short; absent where many drift. */
  drift?: ObjectDrift;
  /** Where that is absent: only checks look for what nobody declared. */
  state?: ObjectDrift['state'];
}

/** The last known state of one sync: what the page and `status` show. */
export interface SyncState {
  sync: string;
  cluster: string;
  environment?: string;
  /** What the cluster has, and when a pull last ended and a drift check last ran (ISO 8601). */
  revision?: string;
  /** When `revision` was first reported as applied. */
  appliedAt?: string;
  /** The revision with which a pull last found everything healthy. */
  settled?: string;
  /** The first revision that was not healthy since. Absent: none. */
  unhealthy?: string;
  /** The last revision that brought it something, or failed to, and how it turned out. Absent: none since an older Windlass. */
  rollout?: Rollout;
  pulledAt?: string;
  checkedAt?: string;
  /** `suspended`: somebody did that, which `notices` tell; counts, health and what was skipped are of the pull before. */
  result?: SyncReported['result'] | 'suspended';
  counts?: SyncReported['counts'];
  health: SyncReported['health'];
  /** What its workloads run, by the last pull that applied everything. Absent where no puller told it. */
  images?: RunningImage[];
  errors: SyncReported['errors'];
  /** What people should know although nothing failed. */
  notices?: SyncReported['notices'];
  /** What the last pull left as it was, and why: what left Git and stays is among it. */
  skipped?: ObjectChange[];
  /** Number of objects that differ now. */
  drifted: number;
  /** So many of them nobody declared: only checks look for such. Absent: none. */
  unmanaged?: number;
  /** What the last check saw on objects that programs which are neither people's tools nor controllers added: no drift. Absent: nothing. */
  addedByOthers?: { object: string; managers: string[] }[];
  /** `git`: the last check found no applied record, and compared the cluster with Git. */
  basis?: 'git';
  /** Rules of `drift.ignore` that took something away in the last check. Absent: none. */
  ignored?: RuleUse[];
  /** Rules of `drift.ignore` about objects of the sync that found nothing to do, and since which check (ISO 8601). Absent: none. */
  idleRules?: { rule: string; since: string }[];
  unknown: DriftFound['unknown'];
  /** When the cluster was last looked at whole, by a check or at the start of a pull (ISO 8601): older looks change nothing any more. */
  seenAt?: string;
  /** Names the rules of Git about drift by which that was done. Absent where an older one looked. */
  rulesHash?: string;
  /** When pulls last put objects right: a look from before that, which comes late, opens nothing about them. */
  healed?: { object: string; at: string }[];
  /** What the last check found to drift, the first 200, and since which one each check did (ISO 8601), whatever pulls said. Absent: nothing. */
  found?: { object: string; since: string; state?: 'unmanaged' }[];
  /** Number of checks in a row that could not read everything. */
  unknownChecks?: number;
  /** Where there is a grace period: what drifts, the first 500 by name, and since when there are more. */
  pending?: { objects: PendingDrift[]; restSince?: string };
  /** The cluster of which a windlass.yaml had the sync no more, and when that was read (ISO 8601): looks there from before tell nobody. */
  left?: { cluster: string; at: string };
  /** Since when what is applied is behind Git, as far as checks saw it (ISO 8601). */
  behindSince?: string;
}

/** The last known state of one cluster, as its last check left it. */
export interface ClusterState {
  cluster: string;
  /** When the last check ended (ISO 8601). */
  checkedAt: string;
  /** True for a cluster that windlass.yaml has no more. */
  left?: boolean;
  /** All clusters that windlass.yaml had then. Absent where an older check left it. */
  clusters?: string[];
  /** All syncs that windlass.yaml had in it, and how many objects were looked at. */
  syncs: string[];
  objects: number;
  limits: CheckReported['limits'];
  /** Number of checks in a row that could not look at everything. */
  blindChecks: number;
  /** The files that stopped something, and since when: as the file says, else since a check first saw it (ISO 8601). */
  stopped: { file: string; since: string }[];
}

/** One commit of the config repo, as a list shows it. */
export interface CommitSummary {
  revision: string;
  subject: string;
  author: string;
  /** ISO 8601. */
  at: string;
  /** In the order of the message: `['Windlass-Image', 'web']`. */
  trailers: [key: string, value: string][];
  /** Paths that it changed. */
  files: string[];
}
