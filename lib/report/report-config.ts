import { formatProblem } from '../model/errors.ts';
import type { Incident } from '../model/incident.ts';
import type { ConfigReported } from '../model/messages.ts';
import { contentHash, Draft, type Transitions } from './draft.ts';
import { endedSyncs } from './ended-syncs.ts';
import { leftSyncTransitions } from './left-syncs.ts';
import { incidentRecords } from './records.ts';
import { type TellDeps, tell } from './tell.ts';
import { tellEnded } from './tell-ended.ts';

const about = { kind: 'config-invalid' } as const;
/** Lines that the incident carries. */
const mostLines = 50;

/**
 * One incident while windlass.yaml at the head is broken, whoever reports it and how often. A message that is older than what was told
 * last changes nothing. Throws `RetryableError` when the records cannot be reached.
 */
export async function reportConfig(message: ConfigReported, deps: TellDeps): Promise<void> {
  const { records } = deps;
  const all = await records.openIncidents();
  const left = await leftSyncTransitions(message, all, records);
  await tell(left, incidentRecords(message, left), deps);
  await endLeft(message, all, deps);
  const open = all.filter((incident) => incident.kind === about.kind);
  const last = open[0] ?? (await records.lastIncident({ ...about, sync: undefined, object: undefined }));
  if (last !== undefined && message.at <= last.changedAt) return;
  const transitions = transitionsOf(message, new Draft(open));
  await tell(transitions, incidentRecords(message, transitions), deps);
}

/** What is open about syncs that the file has no more. A broken one does not say which syncs there are. */
async function endLeft(message: ConfigReported, open: readonly Incident[], deps: TellDeps): Promise<void> {
  const { clusters = [], problems, at } = message;
  if (problems.length > 0 || clusters.length === 0) return;
  const { records } = deps;
  const states = await records.syncs();
  for (const { cluster, syncs } of clusters) {
    const known = states.filter((state) => state.cluster === cluster).map(({ sync }) => sync);
    await tellEnded(await endedSyncs({ cluster, syncs, at }, known, open, records), message, deps);
  }
}

function transitionsOf({ problems, at }: ConfigReported, draft: Draft): Transitions {
  const open = draft.find(about);
  if (problems.length > 0) {
    const details = problems.flatMap((problem) => formatProblem(problem).split('\n')).slice(0, mostLines);
    const title = 'windlass.yaml is broken: nothing is bumped, and syncs go on as it last was';
    draft.tell(about, { title, details, contentHash: contentHash(problems) }, at);
  } else if (open !== undefined) {
    draft.resolve(open, 'mended in Git', at);
  }
  return draft.transitions();
}
