import * as z from 'zod';
import type { ConfigReported, SyncReported } from '../model/messages.ts';
import { configReportedSchema, syncReportedSchema } from '../model/messages-schema.ts';
import { sizeOf } from '../model/shorten.ts';
import type { KeptText, ReportQueue } from './ports.ts';
import { shortenReport } from './shorten-report.ts';

/** What a puller reports. */
export type PullerReport = SyncReported | ConfigReported;

/** How much is kept while the queue is out of reach, and how long it is left alone after a failure. */
export interface OutboxLimits {
  /** Of one message on its way: SQS takes 256 KiB from every queue. */
  messageBytes: number;
  /** Of one that is kept, and of all that are kept. */
  keptBytes: number;
  allBytes: number;
  /** Milliseconds. */
  pause: number;
}

/** What the outbox stands on. */
export interface OutboxDeps {
  queue: ReportQueue;
  /** What could not be sent; outlives the process. */
  kept: KeptText;
  /** Milliseconds, never going back. */
  clock: () => number;
  limits: OutboxLimits;
  /** Hears what did not work; the message of an error may be shown. */
  failed(what: string, error: unknown): void;
}

/** Reports on their way to the queue. Nothing here ever throws: a queue that is out of reach is no reason not to pull. */
export interface Outbox {
  /** Sends what was kept, then this one; what cannot be sent is kept, in order. */
  send(message: PullerReport): Promise<void>;
  /** Sends what was kept, as far as it goes. True when nothing is left. */
  flush(): Promise<boolean>;
}

const keptShape = z.array(z.discriminatedUnion('type', [syncReportedSchema, configReportedSchema]));

/** Opens the outbox; what an earlier process kept is read at the first use. */
export function openOutbox({ queue, kept, clock, limits, failed }: OutboxDeps): Outbox {
  let waiting: PullerReport[] | undefined;
  let closedUntil = Number.NEGATIVE_INFINITY;
  let turn: Promise<unknown> = Promise.resolve();

  const load = async (): Promise<PullerReport[]> => {
    if (waiting !== undefined) return waiting;
    const text = await kept.read();
    try {
      waiting = text === undefined ? [] : keptShape.parse(JSON.parse(text));
    } catch (error) {
      failed('read the reports that were kept: they are lost', error);
      waiting = [];
    }
    return waiting;
  };

  const save = async (messages: PullerReport[]): Promise<void> => {
    waiting = messages;
    await kept.write(messages.length === 0 ? undefined : JSON.stringify(messages));
  };

  /** Sends in order until one cannot be sent; gives what is left. */
  const sendAll = async (messages: PullerReport[]): Promise<PullerReport[]> => {
    for (const [index, message] of messages.entries()) {
      if (clock() < closedUntil) return messages.slice(index);
      try {
        await queue.send(shortenReport(message, limits.messageBytes));
      } catch (error) {
        closedUntil = clock() + limits.pause;
        failed('send a report, it is kept', error);
        return messages.slice(index);
      }
    }
    return [];
  };

  const work = async (added: PullerReport[]): Promise<boolean> => {
    let before: PullerReport[] = [];
    try {
      before = await load();
    } catch (error) {
      // What is kept cannot be read now: the new ones go ahead, the old ones are tried again.
      failed('read the reports that were kept', error);
      return (await sendAll(added)).length === 0;
    }
    const left = bounded(await sendAll([...before, ...added]), limits);
    try {
      if (left.length > 0 || before.length > 0) await save(left);
    } catch (error) {
      failed(`keep ${left.length} reports for later`, error);
    }
    return left.length === 0;
  };

  const inTurn = (added: PullerReport[]): Promise<boolean> => {
    const mine = turn.then(() => work(added));
    turn = mine;
    return mine;
  };
  return {
    send: async (message) => {
      await inTurn([message]);
    },
    flush: () => inTurn([]),
  };
}

/** What of the reports is kept: first those go that say nothing new, then the oldest; the last one of each sync stays as long as any. */
export function bounded(messages: readonly PullerReport[], { keptBytes, allBytes }: OutboxLimits): PullerReport[] {
  let kept = messages.map((message) => shortenReport(message, keptBytes));
  const dispensable = [
    (one: PullerReport) => !isLast(one, kept) && isUneventful(one),
    (one: PullerReport) => !isLast(one, kept),
    () => true,
  ];
  for (const may of dispensable) {
    while (kept.reduce((sum, one) => sum + sizeOf(one) + 1, 2) > allBytes) {
      const goes = kept.find(may);
      if (goes === undefined) break;
      kept = kept.filter((one) => one !== goes);
    }
  }
  return kept;
}

function isLast(message: PullerReport, all: readonly PullerReport[]): boolean {
  return all.findLast((one) => subjectOf(one) === subjectOf(message)) === message;
}

function isUneventful(message: PullerReport): boolean {
  if (message.type === 'ConfigReported') return message.problems.length === 0;
  const { changes, drift, errors, notices = [], result } = message;
  return result === 'synced' && [changes, drift, errors, notices].every((list) => list.length === 0);
}

/** What the order of reports is kept for: a sync, or windlass.yaml. */
export function subjectOf(message: PullerReport): string {
  return message.type === 'ConfigReported' ? 'config' : `sync:${message.sync}`;
}
