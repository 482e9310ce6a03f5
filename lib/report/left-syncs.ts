import type { Incident } from '../model/incident.ts';
import type { ConfigReported } from '../model/messages.ts';
import { contentHash, Draft, type Transitions } from './draft.ts';
import type { ReportRecords } from './ports.ts';

const kind = 'sync-left';

/**
 * One incident for each sync that windlass.yaml no longer has while its objects stay in the cluster, until it is back or its record is gone.
 * A message that is older than what was told of a sync last changes nothing there, and one that does not know says nothing.
 */
export async function leftSyncTransitions(
  { left, at }: ConfigReported,
  incidents: readonly Incident[],
  records: Pick<ReportRecords, 'lastIncident'>,
): Promise<Transitions> {
  const result: Transitions = { opened: [], changed: [], resolved: [], untold: [] };
  if (left === undefined) return result;
  const open = incidents.filter((one) => one.kind === kind && one.cluster === left.cluster);
  const objects = new Map(left.syncs.map((one) => [one.sync, one.objects]));
  for (const sync of new Set([...objects.keys(), ...open.map((one) => one.sync ?? '')])) {
    const before = open.find((one) => one.sync === sync);
    const last = before ?? (await records.lastIncident({ kind, cluster: left.cluster, sync, object: undefined }));
    if (last !== undefined && at <= last.changedAt) continue;
    const draft = new Draft(before === undefined ? [] : [before]);
    const count = objects.get(sync);
    if (count !== undefined) draft.tell({ kind, cluster: left.cluster, sync }, contentOf(sync, count), at);
    else if (before !== undefined) draft.resolve(before, 'it is back, or its record is gone', at);
    result.opened.push(...draft.opened);
    result.changed.push(...draft.changed);
    result.resolved.push(...draft.resolved);
    result.untold.push(...draft.untold);
  }
  return result;
}

function contentOf(sync: string, objects: number) {
  const title = `${sync} left windlass.yaml; what it applied stays in the cluster`;
  const details = [
    `its applied record has ${objects} ${objects === 1 ? 'object' : 'objects'}: what no other sync took over is compared, healed and pruned by nobody`,
    'put it back and empty it first, or take its objects and its record away by hand',
  ];
  return { title, details, contentHash: contentHash([title, objects]) };
}
