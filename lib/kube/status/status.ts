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
}

/** The status of a live object. */
export declare function statusOf(object: KubeObject, related?: Related): Status;
