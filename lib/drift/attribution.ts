import { messageOf, UserError } from '../model/errors.ts';
import type { Attributed, WhoWanted } from '../model/messages.ts';
import { namespacesOf, parseObjectId } from '../model/object-id.ts';
import type { ObjectWho, WhoQuestion } from '../model/who.ts';
import { toolWindow, untoldWindow, type Window, windowOf } from './audit-window.ts';
import { matchRequests } from './match-requests.ts';
import type { Answers, AuditedWrite, AuditLog } from './ports.ts';

/** Characters of a reason that are told. */
const longestReason = 1_000;

/** What finding out who is behind a drift works with. */
export interface AttributionDeps {
  log: AuditLog;
  answers: Answers;
}

/** What an audit log gave, or why it gave nothing. */
type Read = { writes: AuditedWrite[]; complete: boolean } | { refused: string };

/**
 * Asks the audit log of a cluster, once for all objects of an incident, who changed them, and sends what it says; also when that is nothing, or when
 * it cannot be asked. Throws `RetryableError` for what may pass.
 */
export async function attribution(
  { wanted, run, now }: { wanted: WhoWanted; run: string; now: Date },
  { log, answers }: AttributionDeps,
): Promise<Attributed> {
  const window = windowOf(wanted);
  const read = await readLog(wanted, window, log);
  const { cluster, sync, incident } = wanted;
  const answer: Attributed = {
    type: 'Attributed',
    run,
    at: now.toISOString(),
    cluster,
    sync,
    incident,
    objects: wanted.objects.map((question) => whoOf(question, wanted, window, read)),
  };
  await answers.send(answer);
  return answer;
}

async function readLog({ objects }: WhoWanted, { from, to }: Window, log: AuditLog): Promise<Read> {
  const names = objects.flatMap(({ object }) => parseObjectId(object)?.name ?? []);
  // An object may have gone with its namespace.
  const gone = namespacesOf(objects.filter((question) => question.gone).map(({ object }) => object));
  try {
    return await log.writes({
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      names: [...new Set([...names, ...gone])],
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { refused: messageOf(error).slice(0, longestReason) };
  }
}

function whoOf(question: WhoQuestion, wanted: WhoWanted, window: Window, read: Read): ObjectWho {
  const { object } = question;
  if ('refused' in read) return { object, requests: [], note: `the audit log could not be asked: ${read.refused}` };
  const untold = untoldWindow(wanted);
  const requests = matchRequests(question, read.writes, untold);
  const notes = [
    requests.length === 0 ? `the audit log has no such request ${spanText(question, untold, window)}` : undefined,
    read.complete ? undefined : 'the audit log has more requests about these objects than were read',
  ].filter((note) => note !== undefined);
  return { object, requests, ...(notes.length > 0 && { note: notes.join('; ') }) };
}

/** The times that were looked at for one object. */
function spanText({ tools, untold: isUntold }: WhoQuestion, untold: Window, window: Window): string {
  const spans = [...(isUntold ? [untold] : []), ...tools.map((tool) => toolWindow(tool) ?? untold)];
  const from = Math.max(window.from, Math.min(...spans.map((span) => span.from)));
  const to = Math.max(...spans.map((span) => span.to));
  if (to <= window.from) return 'in the time that was looked at: the change is older than that';
  return `between ${timeText(from)} and ${timeText(to)}`;
}

function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
