import type { KubeObject } from '../../model/kube-object.ts';
import { mapsOf, numberAt, textAt, valueAt } from '../values.ts';

/** One condition of a status. */
export interface Condition {
  type: string;
  /** `True`, `False` or `Unknown`. */
  status: string;
  reason: string;
  message: string;
}

/** The condition of a type; undefined where the status has none. One that was written for an older generation says nothing any more. */
export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  const found = mapsOf(valueAt(object, 'status', 'conditions')).find((condition) => condition['type'] === type);
  if (found === undefined) return undefined;
  const observed = numberAt(found, 'observedGeneration');
  const generation = object.metadata.generation;
  const isOld = observed !== undefined && generation !== undefined && observed < generation;
  return {
    type,
    status: isOld ? 'Unknown' : (textAt(found, 'status') ?? 'Unknown'),
    reason: textAt(found, 'reason') ?? '',
    message: isOld ? 'written for an older generation' : (textAt(found, 'message') ?? ''),
  };
}

/** True when the condition is there and `True`. */
export function isTrue(object: KubeObject, type: string): boolean {
  return conditionOf(object, type)?.status === 'True';
}

/** Reason and message of a condition in one text. */
export function conditionText({ type, status, reason, message }: Condition): string {
  const why = [reason, message].filter((part) => part !== '').join(': ');
  return why === '' ? `${type} is ${status}` : why;
}
