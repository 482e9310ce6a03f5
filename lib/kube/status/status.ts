import type { KubeObject } from '../../model/kube-object.ts';

/** In kstatus's words. */
export type StatusWord = 'Current' | 'InProgress' | 'Failed' | 'Terminating' | 'Unknown';

/** The health of one object; the reason has numbers: `2 of 3 replicas are available`. */
export interface Status {
  status: StatusWord;
  reason: string;
}

/** What else is known about the cluster. */
export interface Related {
  /** Pods of the object's namespace: a workload on its way fails by those of its newest template. */
  pods?: readonly KubeObject[];
  /** With it, a Pod that could not be scheduled for 15 seconds has failed. */
  now?: Date;
  /** Names of StorageClasses that make a volume when the first pod that wants it has a node: a claim of theirs may stay unbound. */
  lateClasses?: ReadonlySet<string>;
  /** Rules of windlass.yaml: they stand before those of the kinds. */
  rules?: CustomRules;
}

/** Rules that people wrote: undefined where none is about the object. */
export type CustomRules = (object: KubeObject) => Status | undefined;

/** The status of one kind, for an object that is not being deleted and whose controller has seen its newest generation. */
export type Rule = (object: KubeObject, related: Related) => Status;

/** It is as it should be. */
export function current(reason: string): Status {
  return { status: 'Current', reason };
}

/** It is on its way. */
export function inProgress(reason: string): Status {
  return { status: 'InProgress', reason };
}

/** It will not get there by itself. */
export function failed(reason: string): Status {
  return { status: 'Failed', reason };
}

/** `1 replica`, `2 replicas`. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `2 of 3 replicas are available`. */
export function partOf(part: number, whole: number, noun: string, what: string): string {
  return `${part} of ${counted(whole, noun)} ${part === 1 ? 'is' : 'are'} ${what}`;
}
