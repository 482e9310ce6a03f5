import { RetryableError } from '../model/errors.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import type { AppliedRecords, Cluster } from '../pull/ports.ts';
import { type Ended, type SeenSync, type ShownStatus, type Verdict, verdictOf } from './sync-verdict.ts';

/** Milliseconds: between two looks at the cluster, and between two at the branch. */
const lookEvery = 1_000;
const askEvery = 10_000;

/** One sync at the end of the waiting. `timeout`: nothing was decided in time, and `message` says how far it came. */
export interface Followed {
  sync: string;
  result: Ended | 'timeout';
  /** The commit that it is about, where that is known: the head of the beginning, or a newer one. */
  revision?: string;
  message?: string;
}

/** Whom to wait for, and how long. Times are milliseconds. */
export interface Following {
  syncs: readonly string[];
  /** The head as it is known; `head` asks for it again. */
  first: string;
  head(): Promise<string>;
  /** How long a failure from before may stand, until it counts. */
  patience: number;
  timeout: number;
}

/** What following needs of the outside. */
export interface FollowDeps {
  cluster: Cluster;
  records: Pick<AppliedRecords, 'read'>;
  /** Milliseconds, never going back. */
  clock(): number;
  sleep(milliseconds: number): Promise<void>;
  signal: AbortSignal;
  progress(line: string): void;
}

/** Looks at syncs until each shows the head of the branch, or cannot. A newer head counts as well as the first one. Trouble that may pass is waited out. */
export async function followSyncs(following: Following, deps: FollowDeps): Promise<Followed[]> {
  const { syncs, timeout, patience } = following;
  const start = deps.clock();
  const isOver = () => deps.signal.aborted || deps.clock() - start >= timeout;
  const heads = headsSeen(following, deps);
  const ended = new Map<string, Followed>();
  const before = new Map<string, string | undefined>();
  const waits = new Map<string, string>();
  for (;;) {
    await heads.ask();
    for (const sync of syncs.filter((one) => !ended.has(one))) {
      const look = await lookAt(sync, deps);
      if ('trouble' in look) {
        waits.set(sync, look.trouble);
        continue;
      }
      if (!before.has(sync)) before.set(sync, look.version);
      const settled = before.get(sync) !== look.version || deps.clock() - start >= patience;
      const verdict = verdictOf(look.seen, heads.has, settled);
      if ('ended' in verdict) ended.set(sync, endOf(sync, verdict));
      else tellOnce(waits, sync, verdict.waiting, deps);
    }
    if (ended.size === syncs.length || isOver()) break;
    await deps.sleep(lookEvery);
  }
  return syncs.map((sync) => ended.get(sync) ?? { sync, result: 'timeout', message: waits.get(sync) });
}

function endOf(sync: string, { ended, revision, message }: Extract<Verdict, { ended: Ended }>): Followed {
  return {
    sync,
    result: ended,
    ...(revision !== undefined && { revision }),
    ...(message !== undefined && { message }),
  };
}

function tellOnce(waits: Map<string, string>, sync: string, waiting: string, { progress }: FollowDeps): void {
  if (waits.get(sync) !== waiting) progress(`${sync}: ${waiting}`);
  waits.set(sync, waiting);
}

/** All heads since the beginning: a commit that came meanwhile is what the puller goes to. */
function headsSeen({ first, head }: Following, { clock }: FollowDeps) {
  const seen = new Set([first]);
  let asked = clock();
  return {
    has: (revision: string) => seen.has(revision),
    ask: async () => {
      if (clock() - asked < askEvery) return;
      asked = clock();
      // Where the repo cannot be reached the heads that are known count.
      seen.add(await head().catch(() => first));
    },
  };
}

type Look = { seen: SeenSync; version: string | undefined } | { trouble: string };

async function lookAt(sync: string, { cluster, records }: FollowDeps): Promise<Look> {
  try {
    const resource = await cluster.resource('windlass.dev/v1alpha1', 'Sync');
    const id = { group: 'windlass.dev', kind: 'Sync', namespace: systemNamespace, name: sync };
    const object = resource && (await cluster.get(resource, id));
    const status = object?.['status'] as ShownStatus | undefined;
    if (object !== undefined && status?.conditions !== undefined)
      return { seen: { served: true, status }, version: object.metadata.resourceVersion };
    const recorded = (await records.read(sync))?.revision;
    return { seen: { served: resource !== undefined, recorded }, version: undefined };
  } catch (error) {
    if (error instanceof RetryableError) return { trouble: error.message };
    throw error;
  }
}
