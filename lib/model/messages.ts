import type { ObjectChange } from './change-set.ts';
import type { ObjectDrift, RuleUse, Unknown } from './drift.ts';
import type { Problem } from './errors.ts';
import type { Incident } from './incident.ts';
import type { ObjectWho, WhoQuestion } from './who.ts';

/** One image that a bump moved. `from` and `to` are the texts of the scalar, before and after. */
export interface ImageChange {
  policy: string;
  file: string;
  line: number;
  from: string;
  to: string;
}

/** A bump committed. */
export interface Bumped {
  type: 'Bumped';
  /** ISO 8601, UTC. */
  at: string;
  branch: string;
  /** The new commit, and the one before it. */
  revision: string;
  parent: string;
  /** The tag that each image policy went to, in the order of windlass.yaml and of the commit's subject. */
  images: { policy: string; tag: string }[];
  changes: ImageChange[];
  /** The holds that a new tag passed, and that the commit deleted. */
  released: { policy: string; tag: string; past: string }[];
  /** Ids of the push events that this commit answers; empty for a sweep. */
  events: string[];
}

/** The status of one object by the rules that pull waits with, in kstatus's words. */
export interface ObjectHealth {
  object: string;
  status: 'Current' | 'InProgress' | 'Failed' | 'Terminating' | 'Unknown';
  reason: string;
}

/** Fields of one object that Git sets and that are left to somebody else, who is named as `managedFields` does: an autoscaler's replicas. */
export interface LeftFields {
  object: string;
  /** Paths for people, as drift names them. */
  fields: string[];
  holder: string;
}

/**
 * What one pull of one sync did. `progressing`: all is applied, not all is healthy yet and the deadline has not passed.
 * `unhealthy`: an object failed, or the deadline passed. `failed`: something could not be rendered, planned, applied or pruned.
 */
export interface SyncReported {
  type: 'SyncReported';
  /** Unique for this pull. */
  run: string;
  /** ISO 8601, UTC: when the pull began and ended. */
  startedAt: string;
  at: string;
  cluster: string;
  sync: string;
  environment?: string;
  /** What Git's head was and what was applied; `revision` is absent when nothing could be read. */
  revision?: string;
  result: 'synced' | 'progressing' | 'unhealthy' | 'failed';
  /** Only what was not `unchanged`; the counts have all. */
  changes: ObjectChange[];
  counts: Record<ObjectChange['action'], number>;
  /** What live showed against the record before anything was healed. */
  drift: ObjectDrift[];
  /** How many more objects drift than `drift` names, because the message would have been too long. Absent: none. */
  cut?: number;
  /** True when this pull put right what `drift` names. */
  healed: boolean;
  /** Those of `drift` that it did not put right, or not wholly. Absent where nothing drifted, from one that broke off, and from an older puller. */
  notHealed?: string[];
  /** Those of `drift` where Git changed, and says by now what is live in each field. Absent: none, and from an older puller. */
  adopted?: string[];
  health: ObjectHealth[];
  /**
   * The image references of the workloads, each once, sorted, at most `mostImages`, where everything of the revision is applied. Absent where it is
   * not, where the list was too long to be sent, and from an older puller.
   */
  images?: string[];
  errors: Problem[];
  /** What was left to others, of changed and of unchanged objects: the first hundred. Absent where there is nothing, and from an older puller. */
  left?: LeftFields[];
  /** For how long something may drift before people are told, in seconds; absent: told at once. */
  graceSeconds?: number;
  /** Names the rules of Git about drift that it went by: others have another one. Absent from an older puller. */
  rulesHash?: string;
  /** What people should know although nothing failed: `prune-waits`, `history-rewritten`, `approval-void`, `fight`. Absent from an older puller. */
  notices?: Problem[];
}

/** One complete drift check of one sync. An empty `drift` says that there was none; what could not be read is in `unknown`, never in `drift`. */
export interface DriftFound {
  type: 'DriftFound';
  run: string;
  /** ISO 8601, UTC: when the check began, so that nothing it saw is older. */
  at: string;
  cluster: string;
  sync: string;
  environment?: string;
  /** The revision that the cluster has, and the head of Git. */
  revision?: string;
  head?: string;
  /** When the applied record was last written (ISO 8601): a pull has put things right since an earlier look. */
  appliedAt?: string;
  /** `git`: there is no applied record, and the cluster was compared with Git's head by the meaning of values. Absent: with the record. */
  basis?: 'git';
  /** How many objects were looked for. Absent where that is not known, and from an older check. */
  objects?: number;
  drift: ObjectDrift[];
  /** How many more objects drift than `drift` names, because the message would have been too long. Absent: none. */
  cut?: number;
  unknown: Unknown[];
  /** Objects left to controllers (an HPA's replicas ...): not drift, listed once. */
  leftToControllers: string[];
  /** What programs that are neither people's tools nor controllers added to objects: shown, and no drift. Absent: nothing. */
  addedByOthers?: ObjectDrift[];
  /** The rules in force that are about objects of the sync, and what they did. Absent: none. */
  rules?: RuleUse[];
  /** How many more there are, because the message would have been too long. Absent: none. */
  rulesCut?: number;
  /** Names the rules of Git about drift that it went by: others have another one. Absent from an older check. */
  rulesHash?: string;
  /** Kinds or objects, written as in `Unknown.object`, that this check does not look at by design: incidents about them stay as they are. */
  leftOut?: string[];
  /** For how long something may drift before people are told, in seconds; absent: told at once. */
  graceSeconds?: number;
  /** For how long the cluster may be behind Git before people are told, in seconds; absent: they are never told. */
  behindSeconds?: number;
  /** Somebody stopped the pulls of the sync: it is not behind. */
  suspended?: boolean;
}

/** Something that a file of `suspends/` or `holds/` stops. */
export interface Stopped {
  /** The path of the file. */
  file: string;
  /** For people: `sync shop`, `image web`, `all syncs`. */
  what: string;
  who: string;
  why: string;
  /** ISO 8601, or a date: when it was made, where the file says so, and when it ends. */
  at?: string;
  until?: string;
}

/**
 * A scheduled check looked at one cluster: the heartbeat by which a check that stopped is known, and at which silent pullers and what is stopped for
 * long are looked for. Sent after the findings of its syncs.
 */
export interface CheckReported {
  type: 'CheckReported';
  /** Unique for this check of this cluster. */
  run: string;
  /** ISO 8601, UTC: when the check of the cluster began and ended. */
  startedAt: string;
  at: string;
  cluster: string;
  /** The head of Git, where it was read. */
  revision?: string;
  /** All clusters that windlass.yaml has: one that is not among them left it. Absent from an older check. */
  clusters?: string[];
  /** All syncs that windlass.yaml has in the cluster. */
  syncs: string[];
  /** True where windlass.yaml of the head is broken, and the last valid one counted. */
  standIn?: boolean;
  /** How many objects were looked at. */
  objects: number;
  /** Why nothing of the cluster could be looked at: then no findings were sent. */
  unreachable?: string;
  /** Syncs that could not be checked at all, so that no finding of theirs was sent. */
  failed: { sync: string; reason: string }[];
  /** How many more could not be checked, and how many are stopped without being named, because the message would have been too long. Absent: none. */
  cut?: { failed?: number; stopped?: number };
  /** What files of `suspends/` and `holds/` stop at the head, save void ones; absent where the head could not be read, or they were too many. */
  stopped?: Stopped[];
  /** In seconds, after which people are told: of a puller that does not report, of a check that does not run, of what is stopped. */
  limits: { puller: number; checker: number; held: number };
}

/** The wish to know which person is behind a drift, where the cluster's audit log may be asked. Answered by `Attributed`, minutes later. */
export interface WhoWanted {
  type: 'WhoWanted';
  cluster: string;
  sync: string;
  /** The key of the incident. */
  incident: string;
  /** ISO 8601, UTC: when the sync was last looked at before the look that found it; absent for the first look. */
  since?: string;
  /** ISO 8601, UTC: when it was found. */
  until: string;
  objects: WhoQuestion[];
}

/** What the audit log of a cluster says about the drift of an incident. */
export interface Attributed {
  type: 'Attributed';
  /** Unique for this question. */
  run: string;
  /** ISO 8601, UTC: when the log was asked. */
  at: string;
  cluster: string;
  sync: string;
  /** The key of the incident. */
  incident: string;
  /** What was asked for, in that order. */
  objects: ObjectWho[];
}

/**
 * A sync that was healthy does not become so with what Git brought since, and windlass.yaml asks for a rollback where a bump is the cause. Worked in with
 * the pushes, so that the branch has one writer.
 */
export interface RollbackWanted {
  type: 'RollbackWanted';
  /** ISO 8601, UTC: of the report that said so. */
  at: string;
  cluster: string;
  sync: string;
  environment?: string;
  /** What is applied and not healthy, and with what the sync was last healthy. */
  revision: string;
  settled: string;
  /** The pull that reported it. */
  run: string;
  /** What is not healthy, and why: in the words of the pods where they have any. */
  reasons: { object: string; reason: string }[];
}

/** Makes a puller that watches look at the branch now. It only says *look*: nothing depends on what is in it. */
export interface Wake {
  type: 'Wake';
  /** ISO 8601, UTC: when it was sent. */
  at: string;
  /** For people who look into the queue: `1a2b3c4d5e6f was committed`. */
  why: string;
  /** The sync that somebody is interested in; the puller looks at all. */
  sync?: string;
}

/** What a pull or a check tells of one sync. */
export type Report = SyncReported | DriftFound;

/** A sync that windlass.yaml no longer has, and that still has objects in the cluster. */
export interface LeftSync {
  sync: string;
  /** How many its applied record names. */
  objects: number;
}

/** Whether windlass.yaml at the head can be used; sent for each head, by whoever reads it to pull. */
export interface ConfigReported {
  type: 'ConfigReported';
  /** ISO 8601, UTC: when the head was read. */
  at: string;
  revision: string;
  /** Empty when the file is in use. */
  problems: Problem[];
  /** Of one cluster: the syncs that it has a record of and the file in use does not. Absent where that is not known, and from an older puller. */
  left?: { cluster: string; syncs: LeftSync[] };
  /** Of the clusters that the sender pulls, all syncs that the file in use has there. Absent from an older puller. */
  clusters?: { cluster: string; syncs: string[] }[];
}

/** What the report flow reads from its queue. */
export type ReportMessage = Report | ConfigReported | CheckReported | Attributed;

/** A message for people; routed and delivered by the notify flow. A `test`, and that something goes `untold`, goes to every destination that windlass.yaml has. */
export interface Notice {
  type: 'Notice';
  kind:
    | 'incident-opened'
    | 'incident-changed'
    | 'incident-resolved'
    | 'bumped'
    | 'bump-failed'
    | 'rolled-back'
    | 'rollback-refused'
    | 'sync-failed'
    | 'untold'
    | 'test';
  at: string;
  title: string;
  lines: string[];
  incident?: string;
  /** The kind of the incident. Absent from an older sender. */
  about?: Incident['kind'];
  cluster?: string;
  sync?: string;
  /** Those of the objects that it is about, as far as there are any. */
  namespaces?: string[];
}
