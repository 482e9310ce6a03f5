import type { KubeObject } from '../model/kube-object.ts';

/** The objects in groups, first to last; only groups with members. Deletion takes the reverse. */
export declare function orderGroups(objects: readonly KubeObject[]): KubeObject[][];

/** All objects in apply order. */
export declare function applyOrder(objects: readonly KubeObject[]): KubeObject[];
