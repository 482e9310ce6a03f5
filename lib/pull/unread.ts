import type { WaitingPrune } from '../kube/guard.ts';
import type { Plan } from '../kube/plan.ts';
import type { AppliedRecord } from '../kube/record.ts';
import { messageOf, type Problem, type UserError } from '../model/errors.ts';
import { parseObjectId } from '../model/object-id.ts';
import { fewOf } from '../model/shorten.ts';
import type { WantedObject } from './wanted.ts';

/** More objects than these of one kind and namespace are one error, which names so many. */
const mostNamed = 10;
const hint = 'it is left as it is, and nothing is pruned meanwhile';

/** What could not be read, by name, with the API server's refusal. */
type Unread = ReadonlyMap<string, UserError>;

/** An error for each object that may not be read, or one for many of a kind and namespace. */
export function unreadProblems(unread: Unread, wanted: readonly WantedObject[]): Problem[] {
  const places = new Map(wanted.map((one) => [one.id, one]));
  // In one order at every pull: an error that is told again is known by that.
  const alike = Map.groupBy([...unread.keys()].sort(), (object) => {
    const { group, kind, namespace } = parseObjectId(object)!;
    return [group, kind, namespace].join('/');
  });
  return [...alike.values()].flatMap((objects) => {
    if (objects.length > mostNamed) {
      const message = `${objects.length} objects cannot be read: ${fewOf(objects, mostNamed)}: ${messageOf(unread.get(objects[0]!))}`;
      return [{ code: 'forbidden', message, hint }];
    }
    return objects.map((object): Problem => {
      const { origin, line } = places.get(object) ?? {};
      const where = { object, ...(origin !== undefined && { file: origin }), ...(line !== undefined && { line }) };
      return { ...where, code: 'forbidden', message: messageOf(unread.get(object)), hint };
    });
  });
}

/** The record to plan from: what it has of objects that may not be read is neither compared nor taken for something that left Git. */
export function withoutUnread(record: AppliedRecord | undefined, unread: Unread): AppliedRecord | undefined {
  if (record === undefined || unread.size === 0) return record;
  const { entries, intent } = record;
  return {
    ...record,
    entries: entries.filter(({ object }) => !unread.has(object)),
    ...(intent && { intent: { ...intent, objects: intent.objects.filter((object) => !unread.has(object)) } }),
  };
}

/** What a plan without them says of approvals, and that of them which waited for one goes on to wait. */
export function guardedStill({ guarded }: Plan, record: AppliedRecord | undefined, unread: Unread): WaitingPrune[] {
  return [...guarded, ...(record?.waiting ?? []).filter(({ object }) => unread.has(object))];
}
