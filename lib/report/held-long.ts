import type { Incident } from '../model/incident.ts';
import type { CheckReported, Stopped } from '../model/messages.ts';
import type { ClusterState } from '../model/state.ts';
import { toSeconds } from '../model/until.ts';
import { type Content, contentHash, Draft, noTransitions, type Transitions } from './draft.ts';
import { tellsForAll } from './left-clusters.ts';
import type { ReportRecords } from './ports.ts';

const kind = 'held-long';

/**
 * One incident for each file of `suspends/` or `holds/` that stops something for longer than the limit, until it is gone or void. A file belongs to
 * no cluster: the checks of one tell of it for all, and one that is older than what was told of a file last changes nothing there.
 */
export async function heldTransitions(
  state: ClusterState,
  message: CheckReported,
  incidents: readonly Incident[],
  records: Pick<ReportRecords, 'lastIncident'>,
): Promise<Transitions> {
  const { stopped, at, limits } = message;
  if (stopped === undefined || !tellsForAll(message)) return noTransitions;
  const still = new Set(stopped.map(({ file }) => file));
  const since = new Map(state.stopped.map((one) => [one.file, one.since]));
  const isLong = ({ file }: Stopped) => Date.parse(at) - Date.parse(since.get(file) ?? at) > limits.held * 1000;
  const long = new Map(stopped.filter(isLong).map((one) => [one.file, one]));
  const open = new Map(incidents.filter((one) => one.kind === kind).map((one) => [one.object ?? '', one]));
  const all: Draft[] = [];
  for (const file of new Set([...long.keys(), ...open.keys()])) {
    const before = open.get(file);
    const last = before ?? (await records.lastIncident({ kind, sync: undefined, object: file }));
    if (last !== undefined && at <= last.changedAt) continue;
    const draft = new Draft(before === undefined ? [] : [before]);
    const stop = long.get(file);
    if (stop !== undefined) draft.tell({ kind, object: file }, contentOf(stop, since.get(file) ?? at), at);
    else if (before !== undefined && !still.has(file)) draft.resolve(before, 'released', at);
    all.push(draft);
  }
  return {
    opened: all.flatMap((draft) => draft.opened),
    changed: all.flatMap((draft) => draft.changed),
    resolved: all.flatMap((draft) => draft.resolved),
    untold: all.flatMap((draft) => draft.untold),
  };
}

function contentOf({ file, what, who, why, until }: Stopped, since: string): Content {
  const end = until === undefined ? '' : ` until ${until}`;
  const title = `${what}: stopped for long by ${who}`;
  const details = [`since ${toSeconds(since)}${end}: ${why}`, `delete ${file} when it is no longer needed`];
  // Where the file does not say since when, another cluster that tells of it may know another time.
  return { title, details, contentHash: contentHash([what, who, why, until]) };
}
