import { createHash } from 'node:crypto';

/** Every kind of record. */
export const auditKinds = [
  'push-received',
  'scan-finished',
  'event-ignored',
  'bumped',
  'bump-skipped',
  'bump-failed',
  'bump-proposed',
  'bump-withdrawn',
  'sweep-found',
  'rolled-back',
  'rollback-refused',
  'held',
  'released',
  'suspended',
  'resumed',
  'synced',
  'sync-failed',
  'sync-suspended',
  'object-applied',
  'object-pruned',
  'image-running',
  'image-left',
  'drift-found',
  'drift-attributed',
  'incident-opened',
  'incident-changed',
  'incident-resolved',
  'notify-failed',
] as const;

/** What a record tells about. One word for each kind of step, the same in the table, the CLI and the page. */
export type AuditKind = (typeof auditKinds)[number];

/**
 * One immutable fact: who or what did what to which object, at which revision, with which result.
 * `id` is a hash of the fact's own keys and `at` the fact's own time, so that a retry writes the same record and never a second one.
 */
export interface AuditRecord {
  id: string;
  /** ISO 8601, UTC, milliseconds. */
  at: string;
  kind: AuditKind;
  /** Who or what did it: `windlass bump`, `windlass pull`, `kubectl-set` (a field manager), a person's name. */
  actor: string;
  /**
   * What questions this record answers, each a key of its own: `image:web`, `object:apps/Deployment/shop/web`, `sync:shop-prod`,
   * `revision:<sha>`, `incident:<key>`, `event:<id>`, `run:<id>`, `actor:<name>`, `ref:<repository>:<tag>`, `digest:<sha256:...>`, `pulls:<sync>`.
   */
  subjects: string[];
  /** The commit of the config repo that this is about. */
  revision?: string;
  result: 'ok' | 'failed' | 'skipped';
  /** One sentence for people, no secret in it. */
  summary: string;
  /** Small JSON, shown as it is: fields, from, to, reasons. */
  details?: Record<string, unknown>;
}

/** The id of a fact: a hash of its own keys (kind, run, object ...), 32 hex digits. The same parts give the same id, whoever tells it and how often. */
export function recordId(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
