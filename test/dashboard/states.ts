import type { DashboardState } from '../../lib/dashboard/ports.ts';
import { type AuditRecord, recordId } from '../../lib/model/audit-record.ts';
import type { DeliveryMetrics } from '../../lib/model/delivery-figures.ts';
import type { Incident } from '../../lib/model/incident.ts';
import type { ImageState, SyncState } from '../../lib/model/state.ts';

const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const head = '3e099a88ed8b02219f5228c5b1ee34b2a479cfb7';
const first = 'e7868bd00dee49b20e9c5e45d0af7d39872dc75e';

const ago = (now: Date, seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();

/** A shop whose web image was bumped a few minutes ago, and everything settled since. */
export function healthy(now: Date): DashboardState {
  return {
    at: now.toISOString(),
    repo: { url: '/shop/.windlass/repo.git', branch: 'main', head },
    cluster: { kubeconfig: '/shop/.windlass/cluster/kubeconfig', server: 'https://127.0.0.1:6443' },
    images: [
      image(now, 'api', 'shop/api', 'semver >=2.3.0 <3.0.0', '2.3.0'),
      image(now, 'web', 'shop/web', 'semver >=1.4.0-0 <2.0.0', '1.5.0'),
      image(now, 'web-prod', 'shop/web', 'semver >=1.4.0 <2.0.0', '1.5.0'),
    ],
    commits: [
      {
        revision: head,
        subject: 'Bump web to 1.5.0 and web-prod to 1.5.0',
        author: 'Windlass',
        at: ago(now, 130),
        trailers: ['web', 'web-prod'].flatMap((policy): [string, string][] => [
          ['Windlass-Policy', policy],
          ['Windlass-Image', `${registry}/shop/web`],
          ['Windlass-From', '1.4.2'],
          ['Windlass-To', '1.5.0'],
        ]),
        files: ['apps/shop/prod/kustomization.yaml', 'apps/shop/staging/kustomization.yaml'],
      },
      {
        revision: first,
        subject: 'Import the shop',
        author: 'Ada',
        at: ago(now, 600),
        trailers: [],
        files: ['README.md'],
      },
    ],
    syncs: [sync(now, 'infra', 6), sync(now, 'shop-staging', 22, 'staging'), sync(now, 'shop-prod', 22, 'prod')],
    incidents: [],
    timeline: timeline(now),
  };
}

/** Before anything was read or pulled. */
export function justStarted(now: Date): DashboardState {
  const { at, cluster, repo } = healthy(now);
  const { url, branch } = repo;
  return { at, cluster, repo: { url, branch }, images: [], commits: [], syncs: [], incidents: [], timeline: [] };
}

/** The shop with a hand edit of a Deployment, found and not yet put right. */
export function drifting(now: Date): DashboardState {
  const state = healthy(now);
  state.incidents = [driftIncident(now)];
  state.syncs[1]!.drifted = 1;
  return state;
}

/** The shop with everything that a check can tell beside drift: the watchers' incidents, strays, rules, other programs, figures. */
export function watched(now: Date): DashboardState {
  const state = healthy(now);
  const [infra, staging, prod] = state.syncs as [SyncState, SyncState, SyncState];
  Object.assign(infra, { basis: 'git' });
  Object.assign(staging, {
    drifted: 2,
    unmanaged: 1,
    addedByOthers: [{ object: 'Service/shop-staging/web', managers: ['mesh-agent'] }],
    ignored: [{ rule: 'apps/Deployment/shop-staging/*: spec.replicas by scaler', objects: 3 }],
    idleRules: [{ rule: 'Service/shop-staging/web: metadata.labels[team]', since: ago(now, 7_200) }],
  });
  Object.assign(prod, { revision: first, behindSince: ago(now, 5_400) });
  const incident = (kind: Incident['kind'], more: Partial<Incident>): Incident => ({
    ...{ key: `${kind}-1`, kind, cluster: 'main', title: kind, contentHash: 'x' },
    ...{ openedAt: ago(now, 60), changedAt: ago(now, 60), ...more },
  });
  const stray = 'ConfigMap/shop-staging/left-here';
  const who = { at: ago(now, 95), person: 'arn:aws:sts::123456789012:assumed-role/admin/ada', verb: 'patch' };
  state.incidents = [
    {
      ...driftIncident(now),
      firstSeenAt: ago(now, 320),
      who: [
        {
          object: driftIncident(now).object!,
          requests: [{ ...who, userAgent: 'kubectl/v1.35.4', sourceIp: '192.0.2.7' }],
        },
      ],
    },
    incident('drift', {
      ...{
        key: 'drift-2',
        sync: 'shop-staging',
        object: stray,
        title: `${stray} is in the cluster, but nobody declared it`,
      },
      drift: { object: stray, state: 'unmanaged', fields: [] },
    }),
    incident('behind', { sync: 'shop-prod', title: 'shop-prod is behind Git' }),
    incident('puller-silent', { title: 'the puller of main does not report' }),
    incident('checker-stale', { title: 'main is not checked for drift any more' }),
    incident('held-long', {
      ...{ cluster: undefined, object: 'holds/web.1.yaml', title: 'image web, held at 1.4.0: stopped for long by ada' },
      details: ['since 2026-11-01T10:00:00Z: it leaks', 'delete holds/web.1.yaml when it is no longer needed'],
    }),
  ];
  const detect = { count: 3, mean: 40, p50: 20, p95: 90 };
  const recover = { count: 4, mean: 228, p50: 60, p95: 600 };
  const span = { from: ago(now, 30 * 86_400), to: ago(now, 0) };
  const drift = {
    ...{ ...span, classes: {} },
    overall: { incidents: 5, open: 1, notTimed: 2, detect, recover },
    syncs: {
      infra: { incidents: 1, open: 0, notTimed: 1, recover: { count: 1, mean: 600, p50: 600, p95: 600 } },
      'shop-staging': { incidents: 4, open: 1, notTimed: 1, detect, recover: { count: 3, mean: 45, p50: 30, p95: 60 } },
    },
  };
  state.metrics = { ...span, delivery: delivered(now), drift };
  return state;
}

/** A span in which nothing was deployed. */
export const noDelivery: DeliveryMetrics = {
  period: 'day',
  overall: {
    ...{ rollouts: 0, deployments: 0, perDay: 0, failed: 0, rolledBack: 0, undecided: 0 },
    ...{ notBumped: 0, notPushed: 0, noSourceTime: 0, down: 0, periods: [] },
  },
  syncs: {},
  images: {},
};

/** Deployments of 30 days: of two syncs, one of which failed twice. */
function delivered(now: Date): DeliveryMetrics {
  const periods = Array.from({ length: 30 }, (_, index) => ({
    ...{ from: ago(now, (30 - index) * 86_400), deployments: index % 4, failed: index === 29 ? 2 : 0 },
  }));
  const leadFromSource = { count: 12, mean: 5_400, p50: 3_600, p95: 14_400 };
  const leadFromPush = { count: 40, mean: 95, p50: 80, p95: 240 };
  const leadFromCommit = { count: 42, mean: 61, p50: 58, p95: 110 };
  const figures = {
    ...{ rollouts: 44, deployments: 42, perDay: 1.4, failed: 2, rolledBack: 1, undecided: 0, failureRate: 2 / 44 },
    ...{ leadFromSource, leadFromPush, leadFromCommit, notBumped: 0, notPushed: 2, noSourceTime: 30, down: 1, periods },
    restore: { count: 1, mean: 300, p50: 300, p95: 300 },
  };
  const unknown = { leadFromSource: undefined, leadFromPush: undefined };
  const quiet = { ...figures, ...unknown, rollouts: 2, deployments: 2, failed: 0, rolledBack: 0, down: 0 };
  return {
    period: 'day',
    overall: figures,
    syncs: { infra: { ...quiet, restore: undefined }, 'shop-staging': figures },
    images: { 'shop:web': figures },
  };
}

/** An open incident: somebody set another image by hand. */
export function driftIncident(now: Date): Incident {
  const object = 'apps/Deployment/shop-staging/web';
  return {
    key: 'drift-1',
    kind: 'drift',
    cluster: 'main',
    sync: 'shop-staging',
    object,
    title: `${object} was changed by kubectl-set`,
    openedAt: ago(now, 20),
    changedAt: ago(now, 20),
    contentHash: '36f8337b14a25b68',
    drift: {
      object,
      state: 'changed',
      fields: [
        {
          path: 'spec.template.spec.containers[name=web].image',
          git: `${registry}/shop/web:1.5.0`,
          live: 'example.com/mine:1',
          manager: 'kubectl-set',
          operation: 'Update',
          time: ago(now, 30),
        },
      ],
    },
  };
}

function image(now: Date, policy: string, repository: string, rule: string, tag: string): ImageState {
  const at = ago(now, 120);
  return { policy, repository: `${registry}/${repository}`, rule, current: [tag], newest: tag, holds: [], at };
}

function sync(now: Date, name: string, objects: number, environment?: string): SyncState {
  return {
    sync: name,
    cluster: 'main',
    ...(environment !== undefined && { environment }),
    revision: head,
    appliedAt: ago(now, 125),
    pulledAt: ago(now, 12),
    checkedAt: ago(now, 6),
    result: 'synced',
    counts: { created: 0, configured: 0, unchanged: objects, pruned: 0, skipped: 0 },
    health: Array.from({ length: objects }, (_, index) => ({
      object: `ConfigMap/${name}/part-${index}`,
      status: 'Current',
      reason: 'it is there',
    })),
    errors: [],
    drifted: 0,
    unknown: [],
  };
}

/** The first pull with all its objects, a push, its bump, and the pull of that. */
function timeline(now: Date): AuditRecord[] {
  const bumpEvent = 'event:822ceed1-3d05-4edf-840f-cde7d07fa215';
  return [
    pulled(now, 120, 'shop-prod', 'run-3', head, '22 unchanged'),
    record(now, 124, 'object-applied', 'windlass pull', ['object:apps/Deployment/shop-prod/web', 'run:run-2'], {
      revision: head,
      summary: 'apps/Deployment/shop-prod/web configured: changed in Git',
      details: { action: 'configured', sync: 'shop-prod' },
    }),
    pulled(now, 124, 'shop-prod', 'run-2', head, '1 configured, 21 unchanged, progressing'),
    record(now, 130, 'bumped', 'windlass bump', ['image:web', bumpEvent], { summary: 'web went from 1.4.2 to 1.5.0' }),
    record(now, 131, 'push-received', 'push event', [bumpEvent, 'image:web'], {
      summary: `${registry}/shop/web:1.5.0 was pushed`,
    }),
    ...Array.from({ length: 22 }, (_, index) =>
      record(now, 590, 'object-applied', 'windlass pull', [`object:ConfigMap/shop-prod/part-${index}`, 'run:run-1'], {
        revision: first,
        summary: `ConfigMap/shop-prod/part-${index} created: not there yet`,
        details: { action: 'created', sync: 'shop-prod' },
      }),
    ),
    pulled(now, 590, 'shop-prod', 'run-1', first, '22 created, progressing'),
  ];
}

function pulled(now: Date, seconds: number, name: string, run: string, revision: string, what: string): AuditRecord {
  return record(now, seconds, 'synced', 'windlass pull', [`sync:${name}`, `run:${run}`], {
    revision,
    summary: `${name} synced at ${revision.slice(0, 12)}: ${what}`,
    details: { result: what.endsWith('progressing') ? 'progressing' : 'synced' },
  });
}

function record(
  now: Date,
  seconds: number,
  kind: AuditRecord['kind'],
  actor: string,
  subjects: string[],
  rest: Pick<AuditRecord, 'summary'> & Partial<AuditRecord>,
): AuditRecord {
  return { id: recordId(kind, ...subjects), at: ago(now, seconds), kind, actor, subjects, result: 'ok', ...rest };
}
