import { describe, expect, it } from 'vitest';
import { compareWithGit } from '../../lib/drift/compare-with-git.ts';
import type { ClusterReader, RecordReader } from '../../lib/drift/ports.ts';
import type { AppliedRecord } from '../../lib/kube/record.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

const configMap = (a: string): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'shop', name: 'settings' } },
  data: { a },
});

/** A cluster that another tool applies, with one object that differs. */
const cluster: Pick<ClusterReader, 'resource' | 'get' | 'schema'> = {
  resource: async () => ({ apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }),
  get: async () => configMap('by hand'),
  schema: async () => ({ root: {}, definitions: {}, builtIn: true }),
};

const begun: AppliedRecord = {
  ...{ format: 3, sync: 'shop', revision: 'a', at: '2027-01-01T00:00:00Z', renderers: {}, entries: [] },
  intent: { revision: 'a', objects: ['ConfigMap/shop/settings'] },
};

const compare = (read: RecordReader['read']) =>
  compareWithGit({
    ...{ sync: 'shop', head: 'a', reading: { cluster: cluster as ClusterReader } },
    desired: { head: async () => 'a', objects: async () => [configMap('in Git')] },
    records: { read, savedHashKey: async () => undefined },
  });

describe('the record, asked for again after something differed from Git', () => {
  it('is still none: the difference is told', async () => {
    const { drift, unknown } = await compare(async () => undefined);
    expect(drift.map(({ object }) => object)).toEqual(['ConfigMap/shop/settings']);
    expect(unknown).toEqual([]);
  });

  it('is there by now: what differed may be what the pull writes, which is no trouble', async () => {
    const { drift, unknown } = await compare(async () => begun);
    expect(drift).toEqual([]);
    expect(unknown).toMatchObject([{ object: '*', beingWritten: true }]);
  });

  it('cannot be read: that is what is told, and no pull is made up', async () => {
    const { drift, unknown } = await compare(async () => {
      throw new RetryableError('the API server did not answer', { code: 'unreachable' });
    });
    expect(drift).toEqual([]);
    expect(unknown).toEqual([{ object: '*', reason: 'the API server did not answer' }]);
  });
});

describe('an object of Git that is not there', () => {
  it('is not said to be deleted where nobody noted that it ever was there', async () => {
    const other = { ...configMap('1'), metadata: { namespace: 'shop', name: 'other' } };
    const { drift } = await compareWithGit({
      ...{ sync: 'shop', head: 'a' },
      reading: {
        cluster: {
          ...cluster,
          get: async (_, { name }) => (name === 'other' ? undefined : configMap('1')),
        } as ClusterReader,
      },
      desired: { head: async () => 'a', objects: async () => [configMap('1'), other] },
      records: { read: async () => undefined, savedHashKey: async () => undefined },
    });
    const reason = 'not there: deleted, or not applied yet';
    expect(drift).toEqual([{ object: 'ConfigMap/shop/other', state: 'missing', fields: [], reason }]);
  });
});
