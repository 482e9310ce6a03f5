import { describe, expect, it } from 'vitest';
import { byHolderAlone, isLeft } from '../../lib/kube/left.ts';
import { mayBeScaled, replicasPath, scalingOf } from '../../lib/kube/scalers.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { git } from './answers.ts';

const web = (replicas?: number, annotations = {}) => {
  const object = git('apps/v1 Deployment', 'web', { spec: replicas === undefined ? {} : { replicas } });
  return { ...object, metadata: { ...object.metadata, annotations } };
};
const scaler = (kind: string, scaleTargetRef: object, metadata: object = {}): KubeObject => {
  const object = git(kind, 'scaler', { spec: { scaleTargetRef } });
  return { ...object, metadata: { ...object.metadata, ...metadata } };
};
const hpa = 'autoscaling/v2 HorizontalPodAutoscaler';
const keda = 'keda.sh/v1alpha1 ScaledObject';
const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

describe('whether an autoscaler sets the replicas', () => {
  it.each([
    ['a HorizontalPodAutoscaler that names it', [scaler(hpa, target)], 'scaled'],
    [
      'one that names it by another version of its group',
      [scaler(hpa, { ...target, apiVersion: 'apps/v9' })],
      'scaled',
    ],
    ['a ScaledObject that names a Deployment by its name alone', [scaler(keda, { name: 'web' })], 'scaled'],
    ['one of another kind', [scaler(hpa, { ...target, kind: 'StatefulSet' })], 'free'],
    ['one of another name', [scaler(hpa, { ...target, name: 'api' })], 'free'],
    ['one of another namespace', [scaler(hpa, target, { namespace: 'other' })], 'free'],
    ['one that is being deleted', [scaler(hpa, target, { deletionTimestamp: '2026-01-01T00:00:00Z' })], 'free'],
    ['one without a target', [git(hpa, 'odd', { spec: {} })], 'free'],
    ['none', [], 'free'],
  ])('%s', (_name, scalers, expected) => {
    expect(scalingOf(web(2), web(5), scalers)).toBe(expected);
  });

  it('a HorizontalPodAutoscaler rests at 0 replicas, a ScaledObject does not', () => {
    expect(scalingOf(web(2), web(0), [scaler(hpa, target)])).toBe('free');
    expect(scalingOf(web(0), web(2), [scaler(hpa, target)])).toBe('free');
    expect(scalingOf(web(2), web(0), [scaler(keda, target)])).toBe('scaled');
    expect(scalingOf(web(2), web(0), [scaler(hpa, target), scaler(keda, target)])).toBe('scaled');
  });

  it('matters only where Git sets another number than the live one, and does not say to ignore it', () => {
    expect(mayBeScaled(web(2), web(5))).toBe(true);
    expect(mayBeScaled(web(2), web(2))).toBe(false);
    expect(mayBeScaled(web(), web(5))).toBe(false);
    expect(mayBeScaled(web(2), undefined)).toBe(false);
    expect(mayBeScaled(web(2, { 'windlass.dev/ignore-paths': '/spec/replicas' }), web(5))).toBe(false);
  });
});

describe('a field is left', () => {
  const image = ['f:spec', 'f:image'];
  const manager = { manager: 'kube-controller-manager' };
  const person = { manager: 'kubectl' };
  it.each([
    ['to a controller', image, manager, {}, true],
    ['not to a person', image, person, {}, false],
    ['not to a deployer', image, { manager: 'helm' }, {}, false],
    ['not to an unknown program', image, { manager: 'some-program' }, {}, false],
    ['not to a controller where Git says to take it', image, manager, { taken: [['f:spec', 'f:image']] }, false],
    ['not below what Git says to take', image, manager, { taken: [['f:spec']] }, false],
    ['to an autoscaler, whoever wrote the number', replicasPath, person, { scaling: 'scaled' }, true],
    ['not to what an autoscaler left behind', replicasPath, manager, { scaling: 'free' }, false],
    ['not to what KEDA left behind', replicasPath, { manager: 'keda-operator' }, { scaling: 'free' }, false],
    ['to a controller that scales by itself', replicasPath, { manager: 'x-operator' }, { scaling: 'free' }, true],
    ['to a controller when nobody could look', replicasPath, manager, {}, true],
    ['not to a person when nobody could look', replicasPath, person, {}, false],
    [
      'not where Git says to take the replicas',
      replicasPath,
      manager,
      { scaling: 'scaled', taken: [replicasPath] },
      false,
    ],
  ] as const)('%s', (_name, path, holder, known, expected) => {
    expect(isLeft(path, holder, { ...byHolderAlone, ...known })).toBe(expected);
  });
});
