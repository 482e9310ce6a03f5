import type { DriftFound, Report } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';
import { toSeconds } from '../model/until.ts';
import { type Content, contentHash, type Draft } from './draft.ts';
import { isNewRevision } from './how-it-ended.ts';

/** Since when what is applied is behind Git; undefined when it is not. It begins anew whenever another revision was applied. */
export function behindAfter(state: SyncState | undefined, report: Report): string | undefined {
  const since = state?.behindSince;
  const moved = isNewRevision(state, report);
  if (report.type === 'SyncReported') {
    const applied = report.result !== 'failed' && report.at > (state?.pulledAt ?? '');
    return applied && moved ? undefined : since;
  }
  const isOld = report.at <= (state?.pulledAt ?? '');
  if (isOld || !isKnown(report)) return since;
  if (report.at <= (state?.checkedAt ?? '')) {
    const isEarlier = since !== undefined && report.at < since && !moved && isBehind(report);
    return isEarlier ? report.at : since;
  }
  if (!isBehind(report)) return undefined;
  return moved ? report.at : (since ?? report.at);
}

/** Opens an incident when a sync is behind Git for too long, and ends it when it moved on. What fails is told as that, and not again as this. */
export function behindTransitions(draft: Draft, state: SyncState | undefined, report: Report): void {
  const since = behindAfter(state, report);
  const open = draft.find({ kind: 'behind' });
  const movedOn = since === undefined || (since !== state?.behindSince && isNewRevision(state, report));
  if (open !== undefined && movedOn) draft.resolve(open, resolutionOf(state, report), report.at);
  if (report.type !== 'DriftFound' || since === undefined || report.at <= (state?.checkedAt ?? '')) return;
  const { behindSeconds } = report;
  const isLong = behindSeconds !== undefined && Date.parse(report.at) - Date.parse(since) > behindSeconds * 1000;
  const isTold = draft.find({ kind: 'sync-failed' }) !== undefined && draft.find({ kind: 'behind' }) === undefined;
  if (!isLong || isTold) return;
  const about = { kind: 'behind', cluster: report.cluster, sync: report.sync } as const;
  draft.tell(about, contentOf(report, since), report.at, { firstSeenAt: since });
}

function isKnown({ head, revision }: DriftFound): boolean {
  return head !== undefined && revision !== undefined;
}

function isBehind({ head, revision, suspended }: DriftFound): boolean {
  return head !== revision && suspended !== true;
}

function resolutionOf(state: SyncState | undefined, report: Report) {
  if (isNewRevision(state, report)) return 'applied';
  return report.type === 'DriftFound' && report.suspended === true ? 'the sync was suspended' : 'changed in Git';
}

function contentOf({ sync, revision = '', head = '' }: DriftFound, since: string): Content {
  const title = `${sync} is behind Git`;
  const details = [
    `the cluster has ${revision.slice(0, 12)}, Git is at ${head.slice(0, 12)}; behind since ${toSeconds(since)} or longer`,
    'look at what its pulls say, and at the syncs that it depends on, which have to be healthy first',
    'where the puller runs in the cluster, both are in kubectl --namespace windlass-system get syncs',
  ];
  return { title, details, contentHash: contentHash([title, revision]) };
}
