import { describe, expect, it } from 'vitest';
import { statusOf } from '../../lib/kube/status/status-of.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { type Loose, live, lives } from './live.ts';

const now = new Date('2027-01-01T00:00:00Z');

/** Finds a condition of a live object and changes it. */
const condition = (object: Loose, type: string, change: object) =>
  Object.assign(
    object.status.conditions.find((found: Loose) => found.type === type),
    change,
  );
const custom = (status: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Backup',
  metadata: { name: 'a', namespace: 'shop', generation: 2, ...metadata },
  status,
});
const simple = (apiVersion: string, kind: string, rest: object = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'a' },
  ...rest,
});
const waiting = (reason: string, message?: string) => (pod: Loose) => {
  condition(pod, 'Ready', { status: 'False' });
  pod.status.containerStatuses[0] = { name: 'web', ready: false, state: { waiting: { reason, message } } };
};
const established = (status: string, reason: string, names = 'True') =>
  simple('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
    status: {
      conditions: [
        { type: 'NamesAccepted', status: names, reason: names === 'True' ? 'NoConflicts' : 'ListKindConflict' },
        { type: 'Established', status, reason },
      ],
    },
  });

const cases: [name: string, object: KubeObject, status: string, reason: string | RegExp][] = [
  ['a Deployment that is rolled out', live('deployment'), 'Current', '3 of 3 replicas are available'],
  [
    'a Deployment with unavailable replicas',
    live('deployment', (o) => (o.status.availableReplicas = 2)),
    'InProgress',
    '2 of 3 replicas are available',
  ],
  [
    'a Deployment in the middle of an update',
    live('deployment', (o) => (o.status.updatedReplicas = 1)),
    'InProgress',
    '1 of 3 replicas is updated',
  ],
  [
    'a Deployment with old replicas left',
    live('deployment', (o) => (o.status.replicas = 4)),
    'InProgress',
    '1 old replica still to go',
  ],
  [
    'a Deployment with unready replicas',
    live('deployment', (o) => (o.status.readyReplicas = 1)),
    'InProgress',
    '1 of 3 replicas is ready',
  ],
  [
    'a Deployment just made',
    live('deployment', (o) => (o.status = {})),
    'InProgress',
    'its controller has not seen it yet',
  ],
  [
    'a Deployment whose change is not seen yet',
    live('deployment', (o) => (o.metadata.generation = 2)),
    'InProgress',
    'its controller has seen generation 1 of 2',
  ],
  [
    'a Deployment past its deadline',
    live('deployment', (o) => condition(o, 'Progressing', { status: 'False', reason: 'ProgressDeadlineExceeded' })),
    'Failed',
    /its progress deadline has passed: 3 of 3 replicas/,
  ],
  [
    'a Deployment that is not reported as available',
    live('deployment', (o) =>
      condition(o, 'Available', { status: 'False', reason: 'MinimumReplicasUnavailable', message: 'no' }),
    ),
    'InProgress',
    'MinimumReplicasUnavailable: no',
  ],
  [
    'a Deployment whose new ReplicaSet is on its way',
    live('deployment', (o) => condition(o, 'Progressing', { reason: 'ReplicaSetUpdated', message: 'is progressing' })),
    'InProgress',
    /ReplicaSetUpdated: is progressing/,
  ],
  [
    'a paused Deployment that is complete',
    live('deployment', (o) => {
      o.spec.paused = true;
      condition(o, 'Progressing', { status: 'Unknown', reason: 'DeploymentPaused' });
    }),
    'Current',
    '3 of 3 replicas are available',
  ],
  [
    'a paused Deployment that is not',
    live('deployment', (o) => {
      o.spec.paused = true;
      o.status.updatedReplicas = 0;
    }),
    'InProgress',
    '0 of 3 replicas are updated, and it is paused',
  ],
  [
    'a Deployment that a quota stops',
    live('deployment', (o) => {
      o.status.updatedReplicas = 0;
      o.status.conditions.push({
        type: 'ReplicaFailure',
        status: 'True',
        reason: 'FailedCreate',
        message: 'exceeded quota',
      });
    }),
    'InProgress',
    '0 of 3 replicas are updated: FailedCreate: exceeded quota',
  ],
  [
    'a Deployment scaled to nothing',
    live('deployment', (o) => {
      o.spec.replicas = 0;
      o.status = { observedGeneration: 1, conditions: o.status.conditions };
    }),
    'Current',
    '0 of 0 replicas are available',
  ],
  [
    'a Deployment being deleted',
    live('deployment', (o) => (o.metadata.deletionTimestamp = '2026-01-01T00:00:00Z')),
    'Terminating',
    'it is being deleted',
  ],

  ['a StatefulSet that is ready', live('statefulSet'), 'Current', '2 of 2 replicas are ready'],
  [
    'a StatefulSet on its way up',
    live('statefulSet', (o) => (o.status.replicas = 1)),
    'InProgress',
    '1 of 2 replicas is created',
  ],
  [
    'a StatefulSet with an unready replica',
    live('statefulSet', (o) => (o.status.readyReplicas = 1)),
    'InProgress',
    '1 of 2 replicas is ready',
  ],
  [
    'a StatefulSet scaled down',
    live('statefulSet', (o) => (o.status.replicas = 3)),
    'InProgress',
    '1 replica still to go',
  ],
  [
    'a StatefulSet in the middle of an update',
    live('statefulSet', (o) => Object.assign(o.status, { updateRevision: 'db-2', updatedReplicas: 1 })),
    'InProgress',
    '1 of 2 replicas is updated',
  ],
  [
    'a StatefulSet whose update is not concluded',
    live('statefulSet', (o) => (o.status.updateRevision = 'db-2')),
    'InProgress',
    'it is not reported as being at db-2 yet',
  ],
  [
    'a StatefulSet with a partition reached',
    live('statefulSet', (o) => {
      o.spec.updateStrategy.rollingUpdate = { partition: 1 };
      Object.assign(o.status, { updateRevision: 'db-2', updatedReplicas: 1 });
    }),
    'Current',
    '1 of 2 replicas is updated, the partition keeps the others',
  ],
  [
    'a StatefulSet with a partition not reached',
    live('statefulSet', (o) => {
      o.spec.updateStrategy.rollingUpdate = { partition: 1 };
      Object.assign(o.status, { updateRevision: 'db-2', updatedReplicas: 0 });
    }),
    'InProgress',
    '0 of 1 replica are updated',
  ],
  [
    'a StatefulSet updated by hand',
    live('statefulSet', (o) => {
      o.spec.updateStrategy = { type: 'OnDelete' };
      o.status.updateRevision = 'db-2';
    }),
    'Current',
    /OnDelete/,
  ],
  [
    'a StatefulSet just made',
    live('statefulSet', (o) => (o.status = {})),
    'InProgress',
    'its controller has not seen it yet',
  ],

  ['a DaemonSet on all nodes', live('daemonSet'), 'Current', '3 of 3 pods are available'],
  [
    'a DaemonSet not yet seen',
    live('daemonSet', (o) => delete o.status.observedGeneration),
    'InProgress',
    'its controller has not seen it yet',
  ],
  [
    'a DaemonSet on some nodes',
    live('daemonSet', (o) => (o.status.currentNumberScheduled = 1)),
    'InProgress',
    '1 of 3 pods is scheduled',
  ],
  [
    'a DaemonSet in the middle of an update',
    live('daemonSet', (o) => (o.status.updatedNumberScheduled = 2)),
    'InProgress',
    '2 of 3 pods are updated',
  ],
  [
    'a DaemonSet updated by hand',
    live('daemonSet', (o) => {
      o.status.updatedNumberScheduled = 2;
      o.spec.updateStrategy = { type: 'OnDelete' };
    }),
    'Current',
    '3 of 3 pods are available',
  ],
  [
    'a DaemonSet with an unavailable pod',
    live('daemonSet', (o) => (o.status.numberAvailable = 2)),
    'InProgress',
    '2 of 3 pods are available',
  ],

  ['a ReplicaSet that is available', live('replicaSet'), 'Current', '3 of 3 replicas are available'],
  [
    'a ReplicaSet on its way',
    live('replicaSet', (o) => (o.status.availableReplicas = 0)),
    'InProgress',
    '0 of 3 replicas are available',
  ],
  [
    'a ReplicaSet that cannot make pods',
    live(
      'replicaSet',
      (o) =>
        (o.status.conditions = [
          { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' },
        ]),
    ),
    'InProgress',
    'pods cannot be created: FailedCreate: exceeded quota',
  ],

  ['a Pod that is ready', live('pod'), 'Current', 'it is ready'],
  ['a Pod that has completed', live('podSucceeded'), 'Current', 'it has completed'],
  [
    'a Pod that was evicted',
    live('pod', (o) => (o.status = { phase: 'Failed', reason: 'Evicted', message: 'low on memory' })),
    'Failed',
    'it has failed: Evicted: low on memory',
  ],
  [
    'a Pod that crashes',
    live('pod', waiting('CrashLoopBackOff', 'back-off 5m0s')),
    'Failed',
    'container web: CrashLoopBackOff: back-off 5m0s',
  ],
  ['a Pod without its image', live('pod', waiting('ErrImagePull')), 'Failed', 'container web: ErrImagePull'],
  [
    'a Pod without its Secret',
    live('pod', waiting('CreateContainerConfigError', 'secret "x" not found')),
    'Failed',
    /secret "x" not found/,
  ],
  [
    'a Pod that is starting',
    live('pod', (o) => {
      waiting('ContainerCreating')(o);
      o.status.phase = 'Pending';
    }),
    'InProgress',
    'it is pending',
  ],
  [
    'a Pod whose init container crashes',
    live('pod', (o) => {
      o.status = {
        phase: 'Pending',
        initContainerStatuses: [{ name: 'migrate', state: { waiting: { reason: 'CrashLoopBackOff' } } }],
      };
    }),
    'Failed',
    'container migrate: CrashLoopBackOff',
  ],
  [
    'a Pod that is not ready',
    live('pod', (o) => {
      condition(o, 'Ready', { status: 'False' });
      o.status.containerStatuses[0].ready = false;
    }),
    'InProgress',
    'it is running and not ready: 0 of 1 containers are ready',
  ],
  ['a Pod that no node takes', live('podUnschedulable'), 'Failed', /no node takes it: 0\/3 nodes are available/],
  [
    'a Pod that no node has taken for 10 seconds',
    live('podUnschedulable', (o) => (o.metadata.creationTimestamp = '2026-12-31T23:59:50Z')),
    'InProgress',
    /no node takes it/,
  ],
  [
    'a Pod that nobody has seen',
    live('pod', (o) => delete o.status),
    'InProgress',
    'it has not been seen by its node yet',
  ],
  [
    'a Pod on a lost node',
    live('pod', (o) => (o.status = { phase: 'Unknown' })),
    'Unknown',
    'its node does not report',
  ],

  ['a Job that completed', live('job'), 'Current', 'it has completed: 1 of 1 completion'],
  ['a Job past its deadline', live('jobFailed'), 'Failed', /DeadlineExceeded/],
  [
    'a Job past its back-off limit',
    live('jobFailed', (o) => {
      const limit = {
        status: 'True',
        reason: 'BackoffLimitExceeded',
        message: 'Job has reached the specified backoff limit',
      };
      o.status = { startTime: 'x', failed: 4, conditions: [{ type: 'FailureTarget', ...limit }] };
    }),
    'Failed',
    /^BackoffLimitExceeded: Job has reached the specified backoff limit; 0 of \d+ completions?, 4 failed$/,
  ],
  [
    'a Job whose condition says that it did not fail',
    live('job', (o) => {
      o.status = { startTime: 'x', active: 1, conditions: [{ type: 'Failed', status: 'False' }] };
    }),
    'InProgress',
    /it is running/,
  ],
  [
    'a Job that has succeeded and still ends its pods',
    live('job', (o) => {
      const met = { type: 'SuccessCriteriaMet', status: 'True', reason: 'CompletionsReached' };
      o.status = { startTime: 'x', succeeded: 1, conditions: [met] };
    }),
    'InProgress',
    'it is running: 1 of 1 completion, 0 active, 0 failed',
  ],
  [
    'a Job that runs',
    live('job', (o) => (o.status = { startTime: 'x', active: 1, failed: 2 })),
    'InProgress',
    'it is running: 0 of 1 completion, 1 active, 2 failed',
  ],
  [
    'a Job that was resumed',
    live(
      'job',
      (o) =>
        (o.status = {
          startTime: 'x',
          active: 1,
          conditions: [{ type: 'Suspended', status: 'False', reason: 'JobResumed' }],
        }),
    ),
    'InProgress',
    /it is running/,
  ],
  [
    'a Job that is suspended',
    live('job', (o) => (o.status = { conditions: [{ type: 'Suspended', status: 'True' }] })),
    'Current',
    /it is suspended/,
  ],
  ['a Job not started', live('job', (o) => (o.status = {})), 'InProgress', 'it has not started yet'],
  [
    'a CronJob',
    simple('batch/v1', 'CronJob', { status: { lastScheduleTime: '2026-01-01T03:00:00Z' } }),
    'Current',
    /last scheduled at 2026/,
  ],

  ['a bound claim', live('claim'), 'Current', /^it is bound to pvc-/],
  [
    'a pending claim',
    live('claim', (o) => (o.status = { phase: 'Pending' })),
    'InProgress',
    'it is not bound to a volume yet',
  ],
  [
    'a claim that lost its volume',
    live('claim', (o) => (o.status = { phase: 'Lost' })),
    'Failed',
    'its volume is lost',
  ],
  ['a bound volume', live('volume'), 'Current', 'it is bound'],
  [
    'a volume that cannot be reclaimed',
    live('volume', (o) => (o.status = { phase: 'Failed', message: 'no deleter' })),
    'Failed',
    'no deleter',
  ],

  [
    'a load balancer without an address',
    live('service'),
    'Current',
    'it has a cluster IP, and no address from outside yet',
  ],
  [
    'a load balancer with an address',
    live('service', (o) => (o.status.loadBalancer.ingress = [{ hostname: 'x.elb.amazonaws.com' }])),
    'Current',
    'its address is x.elb.amazonaws.com',
  ],
  [
    'a load balancer without anything',
    live('service', (o) => delete o.spec.clusterIP),
    'InProgress',
    'it has no cluster IP yet',
  ],
  ['a Service inside', simple('v1', 'Service', { spec: { type: 'ClusterIP' } }), 'Current', 'it is there'],
  [
    'an Ingress without an address',
    simple('networking.k8s.io/v1', 'Ingress', { status: { loadBalancer: {} } }),
    'Current',
    'it is there, without an address yet',
  ],

  [
    'an autoscaler that waits for its target to settle',
    live('autoscaler', (o) => condition(o, 'AbleToScale', { status: 'True', reason: 'ScaleDownStabilized' })),
    'Current',
    /of at most 5 replicas/,
  ],
  [
    'an autoscaler that its controller has not seen',
    live('autoscaler', (o) => delete o.status),
    'Current',
    '0 of at most 5 replicas',
  ],
  [
    'an autoscaler without metrics',
    live('autoscaler'),
    'Current',
    /^3 of at most 5 replicas; it does not scale now: FailedGetResourceMetric/,
  ],
  [
    'an autoscaler that does not see its target yet',
    live('autoscalerOfNothing'),
    'InProgress',
    /^it does not see its target yet: FailedGetScale/,
  ],
  [
    'an autoscaler that may not scale its target',
    live('autoscaler', (o) => condition(o, 'AbleToScale', { status: 'False', reason: 'FailedUpdateScale' })),
    'Failed',
    /^it cannot scale: FailedUpdateScale/,
  ],
  ['a budget', live('budget'), 'Current', '2 disruptions allowed now'],
  ['an API that answers', live('apiService'), 'Current', 'its API is available'],
  [
    'an API that does not',
    live('apiService', (o) =>
      condition(o, 'Available', { status: 'False', reason: 'MissingEndpoints', message: 'none' }),
    ),
    'InProgress',
    'MissingEndpoints: none',
  ],
  ['a namespace', live('namespace'), 'Current', 'it is there'],
  [
    'a namespace on its way out',
    live('namespace', (o) => (o.status.phase = 'Terminating')),
    'Terminating',
    'it is being deleted',
  ],
  ['an established definition', established('True', 'InitialNamesAccepted'), 'Current', 'it is established'],
  ['a definition being installed', established('False', 'Installing'), 'InProgress', 'it is not established yet'],
  [
    'a definition without conditions',
    simple('apiextensions.k8s.io/v1', 'CustomResourceDefinition'),
    'InProgress',
    'it is not established yet',
  ],
  ['a definition whose names are taken', established('False', 'NotAccepted', 'False'), 'Failed', 'ListKindConflict'],
  ['a definition that cannot be established', established('False', 'NotAccepted'), 'Failed', 'NotAccepted'],
  ['a ConfigMap', simple('v1', 'ConfigMap'), 'Current', 'it is there'],
  ['a Secret', simple('v1', 'Secret'), 'Current', 'it is there'],

  ['a custom object without a status', custom({}), 'Current', 'it is there'],
  [
    'a custom object that is ready',
    custom({ conditions: [{ type: 'Ready', status: 'True', reason: 'Done' }] }),
    'Current',
    'Done',
  ],
  [
    'a custom object that is not',
    custom({ conditions: [{ type: 'Ready', status: 'False', reason: 'Waiting', message: 'for DNS' }] }),
    'InProgress',
    'Waiting: for DNS',
  ],
  [
    'a custom object whose readiness is old',
    custom({ conditions: [{ type: 'Ready', status: 'True', observedGeneration: 1 }] }),
    'InProgress',
    'written for an older generation',
  ],
  [
    'a custom object not yet seen',
    custom({ observedGeneration: 1, conditions: [{ type: 'Ready', status: 'True' }] }),
    'InProgress',
    'its controller has seen generation 1 of 2',
  ],
  [
    'a custom object that is stalled',
    custom({ conditions: [{ type: 'Stalled', status: 'True', reason: 'NoChart' }] }),
    'Failed',
    'NoChart',
  ],
  [
    'a custom object that is being reconciled',
    custom({
      conditions: [
        { type: 'Reconciling', status: 'True', reason: 'Progressing' },
        { type: 'Ready', status: 'True' },
      ],
    }),
    'InProgress',
    'Progressing',
  ],
  ['a custom object with a broken status', custom({ conditions: 'many' }), 'Current', 'it is there'],
  ['a Deployment of another group', simple('example.com/v1', 'Deployment'), 'Current', 'it is there'],
];

describe('the status of an object', () => {
  it.each(cases)('%s', (_name, object, status, reason) => {
    const found = statusOf(object, { now });
    expect(found.status).toBe(status);
    if (typeof reason === 'string') expect(found.reason).toBe(reason);
    else expect(found.reason).toMatch(reason);
  });
});

describe('a workload with its pods', () => {
  const pods = lives('podsOfBroken');

  it('fails when a pod of its newest template cannot start', () => {
    const { status, reason } = statusOf(live('deploymentBroken'), { pods });
    expect(status).toBe('Failed');
    expect(reason).toMatch(/^pod bad-\S+: container bad: CrashLoopBackOff: back-off/);
  });

  it('keeps the reason of the pod before its passed deadline', () => {
    const late = live('deploymentBroken', (o) =>
      condition(o, 'Progressing', { status: 'False', reason: 'ProgressDeadlineExceeded' }),
    );
    expect(statusOf(late, { pods }).reason).toMatch(
      /^pod bad-\S+: container bad: CrashLoopBackOff: back-off.*; its progress deadline has passed: /,
    );
  });

  it('does not fail by pods of an older template, or by pods of others', () => {
    const mended = live('deploymentBroken', (o) => (o.spec.template.spec.containers[0].image = 'shop/bad:1.6.0'));
    expect(statusOf(mended, { pods }).status).toBe('InProgress');
    expect(
      statusOf(
        live('deployment', (o) => (o.status.availableReplicas = 1)),
        { pods },
      ).status,
    ).toBe('InProgress');
  });

  it('is not failed by a pod that is crashing while all its replicas are available', () => {
    const broken = pods.map((pod) => ({
      ...pod,
      metadata: { ...pod.metadata, labels: { app: 'web' }, ownerReferences: [] },
    }));
    expect(statusOf(live('deployment'), { pods: broken }).status).toBe('Current');
  });

  it('finds the newest pods of a StatefulSet by its revision', () => {
    const set = live('statefulSet', (o) => Object.assign(o.status, { readyReplicas: 1, updateRevision: 'db-2' }));
    const pod = (revision: string) =>
      live('pod', (o) => {
        waiting('ImagePullBackOff')(o);
        o.metadata.namespace = set.metadata.namespace;
        o.metadata.ownerReferences = [{ kind: 'StatefulSet', uid: set.metadata.uid, controller: true }];
        o.metadata.labels = { app: 'db', 'controller-revision-hash': revision };
      });
    expect(statusOf(set, { pods: [pod('db-1')] }).status).toBe('InProgress');
    expect(statusOf(set, { pods: [pod('db-1'), pod('db-2')] }).status).toBe('Failed');
  });

  it('lets a Job try a crashing pod again, but not one without an image', () => {
    const job = live('job', (o) => (o.status = { startTime: 'x', active: 1 }));
    const pod = (reason: string) =>
      live('podSucceeded', (o) => {
        o.status = { phase: 'Pending', containerStatuses: [{ name: 'seed', state: { waiting: { reason } } }] };
      });
    expect(statusOf(job, { pods: [pod('CrashLoopBackOff')] }).status).toBe('InProgress');
    expect(statusOf(job, { pods: [pod('ImagePullBackOff')] }).status).toBe('Failed');
  });
});

describe('a claim of a class that waits for the first pod', () => {
  const lateClasses = new Set(['late']);
  const pending = (change: (object: Loose) => void = () => {}) =>
    live('claim', (o) => {
      o.status = { phase: 'Pending' };
      o.spec.storageClassName = 'late';
      delete o.spec.volumeName;
      delete o.metadata.annotations;
      change(o);
    });

  it('is current without a volume', () => {
    const { status, reason } = statusOf(pending(), { lateClasses });
    expect([status, reason]).toEqual(['Current', 'it waits for its first pod, as its StorageClass late says']);
  });

  it.each<[string, KubeObject]>([
    [
      'a node was chosen',
      pending((o) => (o.metadata.annotations = { 'volume.kubernetes.io/selected-node': 'node-1' })),
    ],
    ['it names its volume', pending((o) => (o.spec.volumeName = 'pv-1'))],
    ['it is of another class', pending((o) => (o.spec.storageClassName = 'now'))],
    ['it has no class', pending((o) => delete o.spec.storageClassName)],
  ])('is on its way when %s', (_name, object) => {
    expect(statusOf(object, { lateClasses }).status).toBe('InProgress');
  });

  it('is failed when its volume is lost', () => {
    expect(
      statusOf(
        pending((o) => (o.status.phase = 'Lost')),
        { lateClasses },
      ).status,
    ).toBe('Failed');
  });
});
