import type { KubeObject } from '../model/kube-object.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import { gitSecretName, installed, pullerName } from './names.ts';
import type { InstallOptions } from './options.ts';
import { pullerEnvironment } from './puller-environment.ts';

const place = { name: pullerName, namespace: systemNamespace };
const podLabels = { 'app.kubernetes.io/name': pullerName };
/** The user `nonroot` of distroless images; nobody on a node has this number. */
const uid = 65532;
/** Where in-cluster clients look for token, authority and namespace. */
const accountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What runs the puller: a CronJob, or a Deployment of one pod. Neither listens. */
export function workload(options: InstallOptions): KubeObject {
  return options.mode === 'cron' ? cronJob(options) : deployment(options);
}

function cronJob(options: InstallOptions): KubeObject {
  return installed('batch/v1', 'CronJob', place, {
    spec: {
      schedule: '* * * * *',
      // A run that takes longer than its minute is left to end; the next one begins at the minute after.
      concurrencyPolicy: 'Forbid',
      // Without it the controller gives up on a job that has missed a hundred starts.
      startingDeadlineSeconds: 300,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        spec: {
          // The next minute is the retry.
          backoffLimit: 0,
          // One that hangs would keep every later one from starting.
          activeDeadlineSeconds: 1800,
          template: { metadata: { labels: podLabels }, spec: { ...podSpec(options), restartPolicy: 'Never' } },
        },
      },
    },
  });
}

function deployment(options: InstallOptions): KubeObject {
  return installed('apps/v1', 'Deployment', place, {
    spec: {
      replicas: 1,
      revisionHistoryLimit: 2,
      selector: { matchLabels: podLabels },
      // The old one lets go of the lease before the new one asks for it.
      strategy: { type: 'Recreate' },
      template: { metadata: { labels: podLabels }, spec: { ...podSpec(options), restartPolicy: 'Always' } },
    },
  });
}

function podSpec(options: InstallOptions): Record<string, unknown> {
  const fromSecret = options.gitSecret === undefined;
  return {
    serviceAccountName: pullerName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: {
      runAsNonRoot: true,
      ...{ runAsUser: uid, runAsGroup: uid, fsGroup: uid },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'puller',
        image: options.image,
        env: pullerEnvironment(options),
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [
          { name: 'state', mountPath: '/var/lib/windlass' },
          { name: 'tmp', mountPath: '/tmp' },
          { name: 'account', mountPath: accountPath, readOnly: true },
          ...(fromSecret ? [{ name: 'git', mountPath: '/etc/windlass/git', readOnly: true }] : []),
        ],
      },
    ],
    volumes: [
      { name: 'state', emptyDir: { sizeLimit: '2Gi' } },
      { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
      { name: 'account', projected: { defaultMode: 0o440, sources: accountSources } },
      ...(fromSecret
        ? [{ name: 'git', secret: { secretName: gitSecretName, optional: true, defaultMode: 0o440 } }]
        : []),
    ],
  };
}

/** A token that expires in an hour, which the kubelet renews; a stolen one is of no use tomorrow. */
const accountSources = [
  { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
  { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
];
