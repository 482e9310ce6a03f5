import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { messageOf, RetryableError, UserError } from '../../model/errors.ts';
import type { IncidentEvent } from '../../model/incident-event.ts';
import type { Events } from '../../report/ports.ts';
import { shortPatience } from './patience.ts';

/** Where events go. */
export interface EventBusOptions {
  /** Its name or ARN; the account's default bus unless told. */
  bus?: string;
  region: string;
  /** Of a stand-in. */
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/** Entries of one request, and bytes that all of them may have: EventBridge takes 256 KB. */
const mostEntries = 10;
const mostBytes = 200_000;

/** What may pass, by the error codes of an entry: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html */
const passing = new Set(['ThrottlingException', 'InternalFailure', 'InternalException', 'LimitExceededException']);

const notAllowed = 'allow the role of report events:PutEvents on the bus';
const mendable: Readonly<Record<string, string>> = {
  AccessDeniedException: notAllowed,
  NotAuthorizedForSourceException: notAllowed,
  CredentialsProviderError: notAllowed,
  ResourceNotFoundException: 'there is no such bus: check its name, the account and the region',
};

/**
 * Puts events on an EventBridge bus, with the source `windlass`. `send` throws `RetryableError` for what may pass and `UserError` when EventBridge
 * refuses; then some of the events may be there already.
 */
export function openEventBus(options: EventBusOptions): Events & { close(): void } {
  const { bus = 'default', region, endpoint, credentials } = options;
  const client = new EventBridgeClient({
    ...shortPatience,
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
  });
  return {
    send: async (events) => {
      for (const Entries of batchesOf(events.map((event) => entryOf(event, bus)))) await put(client, Entries, bus);
    },
    close: () => client.destroy(),
  };
}

function entryOf({ type, detail }: IncidentEvent, bus: string): PutEventsRequestEntry {
  return {
    EventBusName: bus,
    Source: 'windlass',
    DetailType: type,
    Detail: JSON.stringify(detail),
    Time: new Date(detail.at),
    Resources: [],
  };
}

function batchesOf(entries: readonly PutEventsRequestEntry[]): PutEventsRequestEntry[][] {
  const batches: PutEventsRequestEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(entry.Detail ?? '') + 500;
    const last = batches.at(-1);
    if (last === undefined || last.length === mostEntries || bytes + size > mostBytes) {
      batches.push([entry]);
      bytes = size;
    } else {
      last.push(entry);
      bytes += size;
    }
  }
  return batches;
}

// A request is answered with 200 also where some of its entries, or all, were not taken.
async function put(client: EventBridgeClient, Entries: PutEventsRequestEntry[], bus: string): Promise<void> {
  const answer = await client.send(new PutEventsCommand({ Entries })).catch((error: unknown) => {
    throw trouble(error instanceof Error ? error.name : '', messageOf(error), bus);
  });
  if ((answer.FailedEntryCount ?? 0) === 0) return;
  const failed = (answer.Entries ?? []).find(({ ErrorCode }) => ErrorCode !== undefined);
  const { ErrorCode = 'InternalFailure', ErrorMessage = 'it does not say why' } = failed ?? {};
  const todo = passing.has(ErrorCode) ? undefined : 'look at what it says of the event';
  throw trouble(ErrorCode, ErrorMessage, bus, todo);
}

function trouble(name: string, said: string, bus: string, todo?: string): Error {
  const hint = mendable[name] ?? todo;
  const message = `cannot put an event on the bus ${bus}: ${name}: ${said}`;
  if (hint !== undefined) return new UserError(`${message}\n${hint}`, { code: 'bus-refused', subject: bus });
  return new RetryableError(message, { code: 'bus-unreachable', subject: bus });
}
