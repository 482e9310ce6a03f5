import type { ObjectDrift } from '../../lib/model/drift.ts';
import type { DriftFound, SyncReported } from '../../lib/model/messages.ts';

/** A time on one afternoon, `seconds` after twelve. */
export const time = (seconds: number) => new Date(Date.UTC(2026, 10, 22, 12, 0, 0) + seconds * 1000).toISOString();

/** Somebody set another image. */
export const changed = (name = 'web', image = 'web:hand'): ObjectDrift => ({
  object: `apps/Deployment/shop-prod/${name}`,
  state: 'changed',
  fields: [
    {
      path: 'spec.template.spec.containers[name=web].image',
      live: image,
      git: 'web:1.4.0',
      manager: 'kubectl-set',
      operation: 'Update',
      time: '2026-11-22T12:01:33Z',
    },
  ],
});

/** Somebody deleted a ConfigMap. */
export const missing = (name: string): ObjectDrift => ({
  object: `ConfigMap/shop-prod/${name}`,
  state: 'missing',
  fields: [],
});

/** Somebody added a label. */
export const added = (name = 'web'): ObjectDrift => ({
  object: `apps/Deployment/shop-prod/${name}`,
  state: 'added',
  fields: [{ path: 'metadata.labels[team]', live: 'a', manager: 'kubectl-label', operation: 'Update' }],
});

/** A check that began at a second. */
export const check = (seconds: number, drift: ObjectDrift[] = [], more: Partial<DriftFound> = {}): DriftFound => ({
  type: 'DriftFound',
  run: `check-${seconds}`,
  at: time(seconds),
  cluster: 'prod',
  sync: 'shop-prod',
  revision: 'aaaa',
  head: 'aaaa',
  drift,
  unknown: [],
  leftToControllers: [],
  ...more,
});

/** A pull from one second to another. */
export const pull = (
  from: number,
  to: number,
  drift: ObjectDrift[] = [],
  more: Partial<SyncReported> = {},
): SyncReported => ({
  type: 'SyncReported',
  run: `pull-${from}`,
  startedAt: time(from),
  at: time(to),
  cluster: 'prod',
  sync: 'shop-prod',
  revision: 'aaaa',
  result: 'synced',
  changes: [],
  counts: { created: 0, configured: 0, unchanged: 3, pruned: 0, skipped: 0 },
  drift,
  healed: false,
  health: [],
  errors: [],
  ...more,
});
