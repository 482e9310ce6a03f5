import { describe, expect, it } from 'vitest';
import { heal } from '../../lib/kube/heal.ts';
import { byHolderAlone, isLeft } from '../../lib/kube/left.ts';
import { recordEntry } from '../../lib/kube/record.ts';
import { mayBeScaled, replicasPath, scaledInGit, scalingOf } from '../../lib/kube/scalers.ts';
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
    expect(scalingOf(web(2), web(5), scalers).scaling).toBe(expected);
  });

  it('a HorizontalPodAutoscaler rests at 0 replicas, a ScaledObject does not', () => {
    const resting = { scaling: 'free', scaler: 'autoscaling/HorizontalPodAutoscaler/shop/scaler' };
    const awake = { scaling: 'scaled', scaler: 'keda.sh/ScaledObject/shop/scaler' };
    expect(scalingOf(web(2), web(0), [scaler(hpa, target)])).toEqual(resting);
    expect(scalingOf(web(0), web(2), [scaler(hpa, target)])).toEqual(resting);
    expect(scalingOf(web(2), web(0), [scaler(keda, target)])).toEqual(awake);
    expect(scalingOf(web(2), web(0), [scaler(hpa, target), scaler(keda, target)])).toEqual(awake);
  });

  it('matters only where Git sets another number than the live one, and does not say to ignore it', () => {
    expect(mayBeScaled(web(2), web(5))).toBe(true);
    expect(mayBeScaled(web(2), web(2))).toBe(false);
    expect(mayBeScaled(web(), web(5))).toBe(false);
    expect(mayBeScaled(web(2), undefined)).toBe(false);
    expect(mayBeScaled(web(2, { 'windlass.dev/ignore-paths': '/spec/replicas' }), web(5))).toBe(false);
  });
});

describe('what an autoscaler of Git’s scales', () => {
  const scaled = (object: KubeObject, live?: KubeObject) => [
    ...scaledInGit([object, scaler(hpa, target)], new Map([['apps/Deployment/shop/web', live]])),
  ];
  it('is known before it is there, and while the number is Git’s', () => {
    expect(scaled(web(2))).toEqual(['apps/Deployment/shop/web']);
    expect(scaled(web(2), web(2))).toEqual(['apps/Deployment/shop/web']);
    expect(scaledInGit([web(2)], new Map())).toEqual(new Set());
  });
  it('is nothing while it rests, or where Git has no number', () => {
    expect([scaled(web(0)), scaled(web(2), web(0)), scaled(web())]).toEqual([[], [], []]);
    expect(scaled(web(2, { 'windlass.dev/ignore-paths': '/spec/replicas' }))).toEqual([]);
  });
});

describe('replicas that are put right although nothing drifted', () => {
  const ours = { fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } };
  const live = {
    ...web(0),
    metadata: {
      ...{ name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '2' },
      managedFields: [{ manager: 'windlass', operation: 'Apply' as const, ...ours }],
    },
  };
  const reasonWith = (scaler?: string) => {
    const desired = web(2);
    const answer = { ...live, ...web(5), metadata: { ...live.metadata, resourceVersion: '1' } };
    const entry = recordEntry(desired, answer, { hashKey: Buffer.from('key'), now: new Date(), scaling: 'scaled' });
    return heal(
      { desired, live, entry, drift: undefined, freed: true, scaling: 'free', scaler },
      { selfHeal: true },
      { fights: [], notHealed: new Set(), noted: [] },
    );
  };

  it('say which autoscaler only rests, and else that there is none', () => {
    expect(reasonWith()).toMatchObject({ reason: 'no autoscaler sets its replicas any more' });
    expect(reasonWith('autoscaling/HorizontalPodAutoscaler/shop/web')).toMatchObject({
      reason: 'autoscaling/HorizontalPodAutoscaler/shop/web rests, as replicas are 0',
    });
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
