import { isDeepStrictEqual } from 'node:util';
import type { SyncReported } from '../model/messages.ts';
import type { SyncStatus } from '../model/sync-status.ts';
import { eventsOf, syncEvent } from './object-events.ts';
import type { Events, ObjectEvent, SyncObjects, SyncStatuses } from './ports.ts';
import { nextStatus, waitingStatus } from './sync-status.ts';

/** What showing needs. */
export interface ShowDeps {
  objects: SyncObjects;
  events: Events;
  /** Takes out of a text what must not be seen. */
  mask(text: string): string;
  failed(what: string, error: unknown): void;
}

/** The status after the one from before. */
type Next = (before: SyncStatus | undefined, generation: number) => SyncStatus;

/** Shows each pull in the status of a Sync and in Events: written only where something is another than before. */
export function openStatuses({ objects, events, mask, failed }: ShowDeps): SyncStatuses {
  return {
    async show(report, { trouble, user }) {
      if (isOthersTurn(report)) return;
      const next = (before: SyncStatus | undefined, generation: number) =>
        nextStatus(before, report, { generation, trouble });
      const ofSync = await showStatus(report.sync, next).catch((error: unknown) => {
        failed(`show the status of ${report.sync}`, error);
        return undefined;
      });
      const all = [...eventsOf(report), ...(ofSync === undefined ? [] : [ofSync])];
      if (all.length === 0) return;
      const masked = all.map((event) => ({ ...event, note: mask(event.note) }));
      await events
        .tell(report.sync, user, masked)
        .catch((error: unknown) => failed(`tell Events of ${report.sync}`, error));
    },
    async wait(sync, why, at) {
      const event = await showStatus(sync, (before, generation) => waitingStatus(before, why, { generation, at }));
      if (event !== undefined) await events.tell(sync, undefined, [{ ...event, note: mask(event.note) }]);
    },
    async keepOnly(syncs) {
      const names = new Set(syncs);
      for (const name of await objects.names()) if (!names.has(name)) await objects.remove(name);
    },
  };

  /** Gives what happened to the sync itself. */
  async function showStatus(sync: string, next: Next): Promise<ObjectEvent | undefined> {
    if (!(await objects.available())) return undefined;
    const there = await objects.read(sync);
    const generation = there?.generation ?? (await objects.create(sync));
    const before = there?.status;
    const status = masked(next(before, generation));
    if (isDeepStrictEqual(status, before)) return undefined;
    await objects.write(sync, status);
    return syncEvent(before, status);
  }

  function masked(status: SyncStatus): SyncStatus {
    return { ...status, conditions: status.conditions.map((one) => ({ ...one, message: mask(one.message) })) };
  }
}

/** It did nothing, as another one is at work: that one shows how the sync is. */
function isOthersTurn({ errors }: SyncReported): boolean {
  return errors.some(({ code }) => code === 'busy' || code === 'outdated');
}
