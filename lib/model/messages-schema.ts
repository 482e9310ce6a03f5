import * as z from 'zod';
import { incidentKinds } from './incident.ts';
import { longestSeconds, most } from './message-limits.ts';
import type {
  Attributed,
  CheckReported,
  ConfigReported,
  DriftFound,
  Notice,
  ReportMessage,
  RollbackWanted,
  SyncReported,
  Wake,
  WhoWanted,
} from './messages.ts';
import { mostImages } from './running-images.ts';

/** Any ISO 8601 time with its offset, as UTC with milliseconds: times are compared as texts. */
const time = z.iso
  .datetime({ offset: true })
  .refine((text) => !Number.isNaN(Date.parse(text)), 'no such time')
  .transform((text) => new Date(text).toISOString());

const name = z.string().min(1).max(1_000);

const fieldDrift = z.object({
  path: z.string(),
  git: z.unknown().optional(),
  live: z.unknown().optional(),
  manager: z.string().optional(),
  operation: z.enum(['Apply', 'Update']).optional(),
  subresource: z.string().optional(),
  time: z.string().optional(),
  note: z.string().optional(),
});

const objectDrift = z.object({
  object: name,
  state: z.enum(['changed', 'missing', 'added', 'unmanaged']),
  fields: z.array(fieldDrift),
  reason: z.string().optional(),
});

const problem = z.object({
  code: z.string(),
  message: z.string(),
  file: z.string().optional(),
  line: z.number().optional(),
  column: z.number().optional(),
  source: z.string().optional(),
  hint: z.string().optional(),
  object: z.string().optional(),
});

const count = z.number().int().nonnegative();

const about = {
  run: name,
  at: time,
  cluster: name,
  sync: name,
  environment: name.optional(),
  revision: name.optional(),
  drift: z.array(objectDrift),
  cut: count.optional(),
  rulesHash: name.optional(),
};

const seconds = z.number().nonnegative().max(longestSeconds);

/** What a pull reports. Keys that a newer puller adds are left out. */
export const syncReportedSchema = z.object({
  type: z.literal('SyncReported'),
  ...about,
  startedAt: time,
  result: z.enum(['synced', 'progressing', 'unhealthy', 'failed']),
  changes: z.array(
    z.object({
      object: name,
      action: z.enum(['created', 'configured', 'unchanged', 'pruned', 'skipped']),
      reason: z.string().optional(),
    }),
  ),
  counts: z.object({ created: count, configured: count, unchanged: count, pruned: count, skipped: count }),
  healed: z.boolean(),
  notHealed: z.array(name).optional(),
  adopted: z.array(name).optional(),
  health: z.array(
    z.object({
      object: name,
      status: z.enum(['Current', 'InProgress', 'Failed', 'Terminating', 'Unknown']),
      reason: z.string(),
    }),
  ),
  images: z.array(name).max(mostImages).optional(),
  errors: z.array(problem),
  left: z.array(z.object({ object: name, fields: z.array(z.string()), holder: z.string() })).optional(),
  notices: z.array(problem).optional(),
  graceSeconds: seconds.optional(),
}) satisfies z.ZodType<SyncReported>;

/** What a drift check found. */
export const driftFoundSchema = z.object({
  type: z.literal('DriftFound'),
  ...about,
  head: name.optional(),
  appliedAt: time.optional(),
  basis: z.literal('git').optional(),
  objects: count.optional(),
  unknown: z.array(
    z.object({
      object: name,
      reason: z.string(),
      beingWritten: z.boolean().optional(),
      undeclared: z.boolean().optional(),
    }),
  ),
  leftToControllers: z.array(name),
  addedByOthers: z.array(objectDrift).max(most.addedByOthers).optional(),
  // Its text has a path, of any length.
  rules: z.array(z.object({ rule: z.string().min(1), objects: count })).optional(),
  rulesCut: count.optional(),
  leftOut: z.array(name).optional(),
  graceSeconds: seconds.optional(),
  behindSeconds: seconds.optional(),
  suspended: z.boolean().optional(),
}) satisfies z.ZodType<DriftFound>;

/** Whether windlass.yaml at a head can be used. */
export const configReportedSchema = z.object({
  type: z.literal('ConfigReported'),
  at: time,
  revision: name,
  problems: z.array(problem),
  left: z.object({ cluster: name, syncs: z.array(z.object({ sync: name, objects: count })) }).optional(),
  clusters: z.array(z.object({ cluster: name, syncs: z.array(name) })).optional(),
}) satisfies z.ZodType<ConfigReported>;

const stopped = z.object({
  file: name,
  what: z.string(),
  who: z.string(),
  why: z.string(),
  at: z.string().optional(),
  until: z.string().optional(),
});

/** That a cluster was checked. */
export const checkReportedSchema = z.object({
  type: z.literal('CheckReported'),
  run: name,
  startedAt: time,
  at: time,
  cluster: name,
  revision: name.optional(),
  clusters: z.array(name).optional(),
  syncs: z.array(name),
  standIn: z.boolean().optional(),
  objects: count,
  unreachable: z.string().optional(),
  failed: z.array(z.object({ sync: name, reason: z.string() })),
  cut: z.object({ failed: count.optional(), stopped: count.optional() }).optional(),
  stopped: z.array(stopped).optional(),
  limits: z.object({ puller: seconds, checker: seconds, held: seconds }),
}) satisfies z.ZodType<CheckReported>;

const text = z.string().max(2_000);

/** The wish to know who is behind a drift. */
export const whoWantedSchema = z.object({
  type: z.literal('WhoWanted'),
  cluster: name,
  sync: name,
  incident: name,
  since: time.optional(),
  until: time,
  objects: z
    .array(
      z.object({
        object: name,
        gone: z.boolean(),
        tools: z.array(z.object({ manager: text, at: time.optional() })),
        untold: z.boolean(),
      }),
    )
    .max(most.questions),
}) satisfies z.ZodType<WhoWanted>;

/** What an audit log says of a drift. */
export const attributedSchema = z.object({
  type: z.literal('Attributed'),
  run: name,
  at: time,
  cluster: name,
  sync: name,
  incident: name,
  objects: z
    .array(
      z.object({
        object: name,
        requests: z
          .array(
            z.object({
              at: time,
              verb: text,
              person: text,
              on: text.optional(),
              userAgent: text.optional(),
              sourceIp: text.optional(),
            }),
          )
          .max(most.requests),
        note: text.optional(),
      }),
    )
    .max(most.questions),
}) satisfies z.ZodType<Attributed>;

/** What the report flow reads from its queue. */
export const reportSchema = z.discriminatedUnion('type', [
  syncReportedSchema,
  driftFoundSchema,
  configReportedSchema,
  checkReportedSchema,
  attributedSchema,
]) satisfies z.ZodType<ReportMessage>;

/** The names that Git gives to commits. */
const commit = z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, 'is no id of a commit');

/** The wish for a rollback. */
export const rollbackWantedSchema = z.object({
  type: z.literal('RollbackWanted'),
  at: time,
  cluster: name,
  sync: name,
  environment: name.optional(),
  revision: commit,
  settled: commit,
  run: name,
  reasons: z.array(z.object({ object: name, reason: text })).max(most.wishReasons),
}) satisfies z.ZodType<RollbackWanted>;

/** What wakes a puller. The puller takes any other message on its queue for the same wish. */
export const wakeSchema = z.object({
  type: z.literal('Wake'),
  at: time,
  why: z.string().min(1).max(1_000),
  sync: name.optional(),
}) satisfies z.ZodType<Wake>;

/** What the notify flow reads from its queue. */
export const noticeSchema = z.object({
  type: z.literal('Notice'),
  kind: z.enum([
    'incident-opened',
    'incident-changed',
    'incident-resolved',
    'bumped',
    'bump-failed',
    'rolled-back',
    'rollback-refused',
    'sync-failed',
    'untold',
    'test',
  ]),
  at: time,
  title: z.string().min(1),
  lines: z.array(z.string()),
  incident: name.optional(),
  // A newer sender may know more kinds.
  about: z.enum(incidentKinds).optional().catch(undefined),
  cluster: name.optional(),
  sync: name.optional(),
  namespaces: z.array(name).max(most.namespaces).optional(),
}) satisfies z.ZodType<Notice>;
