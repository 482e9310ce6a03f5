import { formatProblem } from '../model/errors.ts';
import type { ConfigReported } from '../model/messages.ts';
import { contentHash, Draft, type Transitions } from './draft.ts';
import { leftSyncTransitions } from './left-syncs.ts';
import { incidentRecords } from './records.ts';
import { type TellDeps, tell } from './tell.ts';

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
  const open = all.filter((incident) => incident.kind === about.kind);
  const last = open[0] ?? (await records.lastIncident({ ...about, sync: undefined, object: undefined }));
  if (last !== undefined && message.at <= last.changedAt) return;
  const transitions = transitionsOf(message, new Draft(open));
  await tell(transitions, incidentRecords(message, transitions), deps);
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
