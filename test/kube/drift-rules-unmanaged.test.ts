import { describe, expect, it } from 'vitest';
import { isPassing, isSomebodys, originOf } from '../../lib/kube/drift-rules-unmanaged.ts';
import type { ManagedFieldsEntry, ObjectMeta } from '../../lib/model/kube-object.ts';

const made = '2027-01-01T10:00:00Z';
const entry = (manager: string, rest: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry => ({
  ...{ manager, operation: 'Update', apiVersion: 'v1', time: made, fieldsV1: { 'f:data': {} } },
  ...rest,
});
const stray = (metadata: Partial<ObjectMeta> = {}, kind = 'ConfigMap') => ({
  apiVersion: 'v1',
  kind,
  metadata: {
    name: 'a',
    namespace: 'shop',
    creationTimestamp: made,
    managedFields: [entry('kubectl-create')],
    ...metadata,
  },
});

describe('whose an object is that nobody declared', () => {
  const is = (object: ReturnType<typeof stray>, ignore: string[] = []) => isSomebodys(object, { ignore });

  it('somebody made it, also where nobody is known', () => {
    expect(is(stray())).toBe(true);
    expect(is(stray({ managedFields: [] }))).toBe(true);
    expect(is(stray({ managedFields: [entry('helm')] }))).toBe(true);
    expect(is(stray({ managedFields: [entry('kube-controller-manager'), entry('kubectl-edit')] }))).toBe(true);
    expect(is(stray({ name: 'default' }))).toBe(true);
  });

  it.each<[string, ReturnType<typeof stray>]>([
    ['controllers alone', stray({ managedFields: [entry('kube-controller-manager'), entry('csi-provisioner')] })],
    ['the cluster', stray({ name: 'default', managedFields: [] }, 'ServiceAccount')],
    ['the cluster', stray({ name: 'kube-root-ca.crt', managedFields: [] })],
    ['its owner', stray({ ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a', uid: 'b' }] })],
    ['Helm', stray({ name: 'sh.helm.release.v1.shop.v3', labels: { owner: 'helm' } }, 'Secret')],
    ['nobody any more', stray({ deletionTimestamp: made })],
  ])('%s made it, and nobody else', (_, object) => {
    expect(is(object)).toBe(false);
  });

  it('Git may say that it may be there, or whose tools count', () => {
    expect(is(stray(), ['ConfigMap/*/b'])).toBe(true);
    expect(is(stray(), ['ConfigMap/*/a'])).toBe(false);
    const agents = stray({ managedFields: [entry('shop-agent')] });
    expect(is(agents)).toBe(true);
    expect(isSomebodys(agents, { ignore: [], managers: { alert: [], silent: ['shop-*'] } })).toBe(false);
    const injected = stray({ managedFields: [entry('mesh-injector')] });
    expect(is(injected)).toBe(false);
    expect(isSomebodys(injected, { ignore: [], managers: { alert: ['mesh-*'], silent: [] } })).toBe(true);
  });

  it('kinds that come and go by themselves are not looked at', () => {
    expect([isPassing('', 'Event'), isPassing('discovery.k8s.io', 'EndpointSlice')]).toEqual([true, true]);
    expect([isPassing('', 'Secret'), isPassing('example.com', 'Event')]).toEqual([false, false]);
  });
});

describe('who made an object, and when', () => {
  const reason = (...managedFields: ManagedFieldsEntry[]) => originOf(stray({ managedFields })).reason;

  it('is told where an entry has not changed since', () => {
    expect(originOf(stray())).toEqual({
      reason: `made at ${made} by kubectl-create`,
      field: {
        path: 'metadata.creationTimestamp',
        live: made,
        manager: 'kubectl-create',
        operation: 'Update',
        time: made,
      },
    });
    expect(reason(entry('k9s', { time: '2027-01-01T10:00:01Z' }))).toBe(`made at ${made} by k9s`);
    expect(reason(entry('kube-controller-manager'), entry('kubectl-create'))).toContain('by kubectl-create');
  });

  it('is not guessed where it is not known', () => {
    const later = { time: '2027-01-01T11:00:00Z' };
    expect(reason(entry('kubectl-edit', later))).toBe(
      `made at ${made}, by whom is not recorded; kubectl-edit changed it`,
    );
    expect(reason()).toBe(`made at ${made}, by whom is not recorded`);
    expect(reason(entry('ancient-changes', later))).toContain('unknown tool changed it');
    expect(originOf(stray({ creationTimestamp: undefined })).reason).toBe(
      'when and by whom it was made is not recorded',
    );
  });

  it('does not change when somebody changes the object once more', () => {
    const at = (time: string) => reason(entry('kubectl-create'), entry('kubectl-label', { time }));
    expect(at('2027-01-02T00:00:00Z')).toBe(at('2027-01-03T00:00:00Z'));
  });
});
