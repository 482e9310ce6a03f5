import type { Impersonation } from '../config/account.ts';
import type { SyncSpec } from '../config/config.ts';
import type { Head } from './head.ts';
import type { AppliedRecords, Cluster, IsAncestor, Leases, Renderer, Reports, Sleep, Source } from './ports.ts';

/** One pull of one sync. */
export interface PullRequest {
  head: Head;
  sync: SyncSpec;
  /** Plan, try by server-side dry runs, write nothing and report nothing. */
  dryRun: boolean;
  /** `block`: stay until the objects are healthy or their time is up. `report`: say how they are now; the next pull goes on. */
  wait: 'block' | 'report';
  /** Unique for this pull. */
  run: string;
}

/** What a pull works with. */
export interface PullDeps {
  /** As whoever pulls; the objects of a sync that has a service account are read and written as that one. */
  cluster: Cluster;
  /** Which syncs have one: those that name one, unless told. */
  impersonation?: Impersonation;
  records: AppliedRecords;
  /** One writer of a sync at a time. */
  leases: Leases;
  renderer: Renderer;
  reports: Reports;
  sleep: Sleep;
  /** Tells a rewritten history; absent where there is no history, as in a plain directory. */
  isAncestor?: IsAncestor;
  /** The commit at the branch's head now; tells a rewritten history from a newer head that somebody else has applied. Absent: it is the request's. */
  currentHead?: Source['head'];
  now: () => Date;
  /** Ends the waiting. */
  signal?: AbortSignal;
  /** Ends the waiting as well, when there is a newer head: this pull reports how things are, and the one of that head goes on. */
  newHead?: AbortSignal;
  /** One line a step, for a terminal. */
  progress?: (line: string) => void;
}
