import type { KubeObject } from '../model/kube-object.ts';
import { installed } from './names.ts';

const text = { type: 'string' };
const count = { type: 'integer', format: 'int32', minimum: 0 };
const time = { type: 'string', format: 'date-time' };

const condition = {
  type: 'object',
  required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
  properties: {
    type: { type: 'string', maxLength: 316 },
    status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
    observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
    lastTransitionTime: time,
    reason: { type: 'string', maxLength: 1024 },
    message: { type: 'string', maxLength: 32768 },
  },
};

const status = {
  type: 'object',
  properties: {
    observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
    revision: { ...text, description: 'the commit whose objects were applied last, in full' },
    failedRevision: { ...text, description: 'the commit that the last pull could not apply' },
    result: { ...text, description: 'synced, progressing, unhealthy, failed, suspended or waiting' },
    appliedAt: { ...time, description: 'when a pull last wrote something, or came to another commit' },
    objects: { ...count, description: 'objects that the sync has' },
    healthy: { ...count, description: 'of these, those that are as their manifests want them' },
    errors: { ...count, description: 'what went wrong in the last pull' },
    drifted: { ...count, description: 'objects that differ from what was applied, and were not put right' },
    skipped: { ...count, description: 'objects that wait, or stay although they left Git' },
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: condition,
    },
  },
};

const columns = [
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Revision', type: 'string', jsonPath: '.status.revision' },
  { name: 'Objects', type: 'integer', jsonPath: '.status.objects' },
  { name: 'Healthy', type: 'integer', jsonPath: '.status.healthy' },
  { name: 'Status', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
  { name: 'Applied', type: 'date', jsonPath: '.status.appliedAt' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Errors', type: 'integer', priority: 1, jsonPath: '.status.errors' },
  { name: 'Drifted', type: 'integer', priority: 1, jsonPath: '.status.drifted' },
  { name: 'Skipped', type: 'integer', priority: 1, jsonPath: '.status.skipped' },
  { name: 'Message', type: 'string', priority: 1, jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
];

/** The kind `Sync`: the puller writes one for each sync, for `kubectl get syncs`. It has a status only, because nobody writes one. */
export function syncCrd(): KubeObject {
  const names = { kind: 'Sync', listKind: 'SyncList', plural: 'syncs', singular: 'sync' };
  return installed(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    { name: 'syncs.windlass.dev' },
    {
      spec: {
        ...{ group: 'windlass.dev', scope: 'Namespaced', names },
        versions: [
          {
            ...{ name: 'v1alpha1', served: true, storage: true },
            subresources: { status: {} },
            additionalPrinterColumns: columns,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                description: 'How one sync of the config repo is doing in this cluster. Written by the puller.',
                properties: { status },
              },
            },
          },
        ],
      },
    },
  );
}
