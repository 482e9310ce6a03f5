import * as z from 'zod';
import { rollbackWantedSchema } from '../model/messages-schema.ts';
import { ecrReader } from './ecr-event.ts';
import { excerptOf, quoted, wrongIn } from './event-excerpt.ts';
import type { ReadEvent } from './push.ts';
import { readRegistryPush, registryPush } from './registry-event.ts';

export { ecrHost, pushEvent } from './ecr-event.ts';
export type { Push, ReadEvent } from './push.ts';

const envelope = z.object({
  id: z.string().min(1).max(200),
  source: z.string(),
  'detail-type': z.string(),
  account: z.string(),
  region: z.string(),
  time: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

/** What the report flow sends. */
const wishShape = z.object({ type: z.literal('RollbackWanted') });

/** What the schedule of the sweep sends. */
const sweepShape = z.object({ type: z.literal('Sweep'), at: z.string() });

/**
 * Reads the body of one message: the wish for a sweep or for a rollback, the events of ECR and Amazon Inspector that say that a repository has something new, and those that Windlass
 * makes of other registries' webhooks. Never throws: whatever is none of these is `ignored`, with the reason. The message's own id and time
 * stand for those that the body lacks.
 */
export function readEvent(body: string, message: { id: string; at: string }): ReadEvent {
  const not = (reason: string, { id, at } = message): ReadEvent => ({
    kind: 'ignored',
    id,
    at,
    reason,
    excerpt: excerptOf(body),
  });
  const json = parseJson(body);
  if (json === undefined) return not('is not JSON');
  if (sweepShape.safeParse(json).success) return { kind: 'sweep' };
  if (wishShape.safeParse(json).success) {
    const wish = rollbackWantedSchema.safeParse(json);
    return wish.success
      ? { kind: 'rollback', wanted: wish.data }
      : not(`is not a wish for a rollback: ${wrongIn(wish.error)}`);
  }
  const event = envelope.safeParse(json);
  if (!event.success) return not(`is not an EventBridge event: ${wrongIn(event.error)}`);
  const { id, source, 'detail-type': type, time } = event.data;
  const at = Number.isNaN(Date.parse(time)) ? message.at : new Date(time).toISOString();
  const read =
    source === registryPush.source && type === registryPush.type ? readRegistryPush : ecrReader(source, type);
  const seen = read?.(event.data) ?? `is of another type: ${quoted(source)} ${quoted(type)}`;
  return typeof seen === 'string' ? not(seen, { id, at }) : { kind: 'push', push: { id, at, ...seen } };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
