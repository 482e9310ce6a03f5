import { valueChanges } from '../kube/value-changes.ts';
import type { FieldDrift, ObjectDrift } from '../model/drift.ts';
import { differenceText, missingReason, printable } from '../model/drift-text.ts';
import type { SyncReported } from '../model/messages.ts';
import type { SyncStatus } from '../model/sync-status.ts';
import type { ObjectEvent } from './ports.ts';

/** So many Events a pull at most: the first pull of a large sync must not fill etcd. */
export const mostEvents = 50;
const mostFields = 3;

/**
 * What a pull did and could not do, an Event for each object: failures first, then what was put right, pruned, made and changed. What is more than
 * `mostEvents` is counted in a last one of the sync. Nothing for an object that is as it was.
 */
export function eventsOf(report: SyncReported): ObjectEvent[] {
  const at = `(sync ${report.sync} at ${report.revision?.slice(0, 12) ?? 'no commit'})`;
  const drift = new Map(report.drift.map((one) => [one.object, one]));
  const failed = report.errors.flatMap(({ object, message }): ObjectEvent[] =>
    object === undefined ? [] : [{ object, type: 'Warning', reason: 'Failed', note: `${message} ${at}` }],
  );
  const done = report.changes.flatMap(({ object, action, reason = '' }): ObjectEvent[] => {
    const drifted = drift.get(object);
    const isWritten = action === 'created' || action === 'configured';
    if (drifted !== undefined && isWritten)
      return [{ object, type: 'Normal', reason: 'Healed', note: `put right: ${driftNote(drifted)} ${at}` }];
    const word = words[action];
    return word === undefined ? [] : [{ object, type: 'Normal', reason: word, note: `${reason} ${at}` }];
  });
  const rank = ({ reason }: ObjectEvent) => order.indexOf(reason);
  const all = [...failed, ...done.sort((a, b) => rank(a) - rank(b))];
  return all.length <= mostEvents ? all : [...all.slice(0, mostEvents - 1), theRest(all.slice(mostEvents - 1), at)];
}

/** What happened to the sync itself; undefined while it goes on as it was. */
export function syncEvent(before: SyncStatus | undefined, after: SyncStatus): ObjectEvent | undefined {
  const [ready, last] = [after, before].map((status) => status?.conditions.find(({ type }) => type === 'Ready'));
  if (ready === undefined) return undefined;
  const isNews =
    ready.reason !== last?.reason ||
    after.revision !== before?.revision ||
    after.failedRevision !== before?.failedRevision;
  if (!isNews) return undefined;
  const isWrong = after.result === 'failed' || after.result === 'unhealthy';
  return { type: isWrong ? 'Warning' : 'Normal', reason: ready.reason, note: ready.message };
}

const words: Readonly<Record<string, ObjectEvent['reason'] | undefined>> = {
  created: 'Created',
  configured: 'Configured',
  pruned: 'Pruned',
};
const order = ['Failed', 'Healed', 'Pruned', 'Created', 'Configured'];

function theRest(events: readonly ObjectEvent[], at: string): ObjectEvent {
  const counts = [...Map.groupBy(events, ({ reason }) => reason)].map(([reason, some]) => `${some.length} ${reason}`);
  const type = events.some((event) => event.type === 'Warning') ? 'Warning' : 'Normal';
  return { type, reason: 'MoreObjects', note: `no Event of its own for: ${counts.join(', ')} ${at}` };
}

/** Without times: the same edit made again is the same Event. */
function driftNote({ fields, reason, state }: ObjectDrift): string {
  if (state === 'missing') return printable(reason ?? missingReason);
  const shown = fields.slice(0, mostFields).map(fieldNote);
  const more = fields.length > mostFields ? [`${fields.length - mostFields} more fields`] : [];
  const said = [...shown, ...more];
  return said.length > 0 ? said.join('; ') : printable(reason ?? `it was ${state}`);
}

function fieldNote({ path, live, git, manager }: FieldDrift): string {
  return printable(
    `${path} ${differenceText({ live, git }, valueChanges, 'was')}${manager === undefined ? '' : `, by ${manager}`}`,
  );
}
