import { RetryableError, UserError } from '../model/errors.ts';
import type { Notice } from '../model/messages.ts';
import { noticeId, storyOf } from '../model/notice.ts';
import { type Channels, deliver } from './deliver.ts';
import type { AuditTrail, Deliveries, Delivery, ReadRules } from './ports.ts';
import { refusedRecord } from './refused.ts';
import { type Destination, destinationsOf } from './route.ts';

/** What the notify flow works with. */
export interface NotifyDeps extends Channels {
  rules: ReadRules;
  deliveries: Deliveries;
  records: AuditTrail;
  /** Hears of each destination that refused a notice. */
  refused(error: UserError): void;
}

/**
 * Sends a notice to each of its destinations, once. Where one refuses, as for a channel that does not exist, a record says so and it is not
 * asked again; where one is out of reach the others are served, and then it throws `RetryableError`: the notice comes again, for that one alone.
 * Twice is told only what was cut off between the sending and the writing down of it.
 */
export async function notify(notice: Notice, now: Date, deps: NotifyDeps): Promise<void> {
  const wanted = destinationsOf(notice, await deps.rules());
  const past = wanted.length === 0 ? [] : await deps.deliveries.of(storyOf(notice));
  const troubles: unknown[] = [];
  for (const destination of wanted) {
    const before = past.filter((delivery) => delivery.destination === destination.id);
    if (before.some((delivery) => delivery.notice === noticeId(notice))) continue;
    await tell(notice, { destination, before, now }, deps).catch((error: unknown) => troubles.push(error));
  }
  if (troubles.length > 0) throw troubles.find((error) => !(error instanceof RetryableError)) ?? troubles[0];
}

interface To {
  destination: Destination;
  /** What was sent there of the same story. */
  before: readonly Delivery[];
  now: Date;
}

async function tell(notice: Notice, { destination, before, now }: To, deps: NotifyDeps): Promise<void> {
  const delivery = {
    ...{ story: storyOf(notice), notice: noticeId(notice), destination: destination.id, at: now.toISOString() },
  };
  const sent = await deliver(notice, destination, before, deps).catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  if (!(sent instanceof UserError)) return deps.deliveries.save({ ...delivery, result: 'sent', ...sent });
  await deps.records.append([refusedRecord(notice, destination, sent)]);
  deps.refused(sent);
  await deps.deliveries.save({ ...delivery, result: 'refused' });
}
