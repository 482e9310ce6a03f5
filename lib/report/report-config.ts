import { formatProblem } from '../model/errors.ts';
import type { ConfigReported } from '../model/messages.ts';
import { contentHash, Draft } from './draft.ts';
import type { Transitions } from './incidents.ts';
import { leftSyncTransitions } from './left-syncs.ts';
import { noticesFor } from './notices.ts';
import type { Notices, ReportRecords } from './ports.ts';
import { incidentRecords } from './records.ts';
import { lastForms } from './report.ts';

const about = { kind: 'config-invalid' } as const;
/** Lines that the incident carries. */
const mostLines = 50;

/**
 * One incident while windlass.yaml at the head is broken, whoever reports it and how often. A message that is older than what was told
 * last changes nothing. Throws `RetryableError` when the records cannot be reached.
 */
export async function reportConfig(
  message: ConfigReported,
  { records, notices }: { records: ReportRecords; notices: Notices },
): Promise<void> {
  const all = await records.openIncidents();
  await tell(message, await leftSyncTransitions(message, all, records), { records, notices });
  const open = all.filter((incident) => incident.kind === about.kind);
  const last = open[0] ?? (await records.lastIncident({ ...about, sync: undefined, object: undefined }));
  if (last !== undefined && message.at <= last.changedAt) return;
  await tell(message, transitionsOf(message, new Draft(open)), { records, notices });
}

async function tell(
  message: ConfigReported,
  transitions: Transitions,
  { records, notices }: { records: ReportRecords; notices: Notices },
): Promise<void> {
  await records.append(incidentRecords(message, transitions));
  for (const notice of noticesFor(transitions)) await notices.send(notice);
  for (const incident of lastForms(transitions)) await records.saveIncident(incident);
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
  return { opened: draft.opened, changed: draft.changed, resolved: draft.resolved };
}
