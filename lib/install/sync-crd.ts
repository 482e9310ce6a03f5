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
    revision: { ...text, description: 'the commit that was pulled last, in full' },
    result: { ...text, description: 'synced, progressing, unhealthy or failed' },
    pulledAt: { ...time, description: 'when the last pull ended' },
    objects: { ...count, description: 'objects that the sync has' },
    healthy: { ...count, description: 'of these, those that are as their manifests want them' },
    errors: { ...count, description: 'objects that could not be applied' },
    drifted: { ...count, description: 'objects that differed from what was applied, when the last pull looked' },
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
  { name: 'Result', type: 'string', jsonPath: '.status.result' },
  { name: 'Revision', type: 'string', jsonPath: '.status.revision' },
  { name: 'Objects', type: 'integer', jsonPath: '.status.objects' },
  { name: 'Healthy', type: 'integer', jsonPath: '.status.healthy' },
  { name: 'Errors', type: 'integer', jsonPath: '.status.errors' },
  { name: 'Pulled', type: 'date', jsonPath: '.status.pulledAt' },
  { name: 'Message', type: 'string', priority: 1, jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
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
