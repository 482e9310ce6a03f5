import { describe, expect, it } from 'vitest';
import { imagesOf } from '../../lib/kube/images.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

const object = (apiVersion: string, kind: string, spec: unknown): KubeObject => ({
  ...{ apiVersion, kind, metadata: { name: 'a', namespace: 'shop' } },
  spec,
});
const pod = (...images: unknown[]) => ({ containers: images.map((image, index) => ({ name: `c${index}`, image })) });

describe('the images of a sync', () => {
  it('are those of pods, of what makes pods, and of its init containers, each once and sorted', () => {
    const objects = [
      object('apps/v1', 'Deployment', {
        template: { spec: { ...pod('web:1'), initContainers: [{ image: 'init:1' }] } },
      }),
      object('batch/v1', 'CronJob', { jobTemplate: { spec: { template: { spec: pod('job:1', 'web:1') } } } }),
      object('v1', 'Pod', pod('debug:1')),
      object('argoproj.io/v1alpha1', 'Rollout', { template: { spec: pod('canary:1') } }),
    ];
    expect(imagesOf(objects)).toEqual(['canary:1', 'debug:1', 'init:1', 'job:1', 'web:1']);
  });

  it('are none of objects without pods, and of what is no reference', () => {
    const odd = pod('', 7, null, undefined, 'x'.repeat(501));
    expect(
      imagesOf([
        object('v1', 'Pod', odd),
        object('v1', 'Pod', { containers: { image: 'x' } }),
        object('example.com/v1', 'Widget', { image: 'widget:1', template: 'text' }),
        object('v1', 'ConfigMap', null),
      ]),
    ).toEqual([]);
  });
});
