import type { KubeObject } from '../model/kube-object.ts';

/** The label that every applied object carries: the name of its sync. */
export const syncLabel = 'windlass.dev/sync';

/** The annotation that names sync and object, so that a copy of an object does not pass for it. */
export const idAnnotation = 'windlass.dev/id';

/** Git's object as it is applied, hashed and compared: what the API server sets or refuses is taken out, our label and tracking id are put in. */
export declare function normalise(object: KubeObject, options: { sync: string }): KubeObject;

/** True when a live object carries the sync's label and a tracking id that names this very object. */
export declare function belongsTo(live: KubeObject, sync: string): boolean;
