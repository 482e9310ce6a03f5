import { describe, expect, it } from 'vitest';
import { recreateHint } from '../../lib/kube/recreate.ts';
import { git } from './answers.ts';

describe('what to do about an immutable field', () => {
  const job = git('batch/v1 Job', 'migrate', { spec: {} });
  const ours = { adopted: false };
  const whenDeleted = (kept: string) =>
    git('apps/v1 StatefulSet', 'db', { spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: kept } } });

  it('is the annotation, where the object would be created again then', () => {
    expect(recreateHint(job, ours)).toContain('windlass.dev/force: recreate');
    expect(recreateHint(whenDeleted('Retain'), ours)).toContain('windlass.dev/force: recreate');
  });

  it.each([
    ['it asks already', { ...job, metadata: { ...job.metadata, annotations: { 'windlass.dev/force': 'recreate' } } }],
    ['it holds what cannot be made again', git('v1 PersistentVolumeClaim', 'data', { spec: {} })],
    ['a volume', git('v1 PersistentVolume', 'data', { spec: {} })],
    ['a CRD', git('apiextensions.k8s.io/v1 CustomResourceDefinition', 'x', { spec: {} })],
    ['its claims would go with it', whenDeleted('Delete')],
  ])('is not where %s', (_why, object) => {
    expect(recreateHint(object, ours)).toBeUndefined();
  });

  it('is not for what somebody else made', () => {
    expect(recreateHint(job, { adopted: true })).toBeUndefined();
  });
});
