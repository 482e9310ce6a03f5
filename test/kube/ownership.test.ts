import { describe, expect, it } from 'vitest';
import { pathText } from '../../lib/kube/fields.ts';
import {
  defaultsPatch,
  emptyingPatch,
  givingBackPatch,
  type Held,
  heldByOthers,
  ownershipPatch,
  takeOverPatch,
  tryEmptying,
  without,
} from '../../lib/kube/ownership.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../lib/model/kube-object.ts';
import { answerTo, git } from './answers.ts';

const settings = git('ConfigMap', 'settings', { data: { a: '1' } });
const entry = (manager: string, fieldsV1: object, rest: object = {}) =>
  ({ manager, operation: 'Update', apiVersion: 'v1', fieldsV1, ...rest }) as ManagedFieldsEntry;
const added = entry('kubectl-edit', { 'f:data': { 'f:b': {} } });

describe('taking over fields', () => {
  it('joins the entries into ours, keeps the others, and is guarded by the resourceVersion', () => {
    const controller = entry('kube-controller-manager', { 'f:data': { 'f:c': {} } });
    const patch = takeOverPatch(answerTo(settings, [controller, added]), 'people')!;
    expect(patch).toMatchObject([
      { path: '/metadata/managedFields', value: [{ manager: 'windlass', operation: 'Apply' }, controller] },
      { path: '/metadata/resourceVersion', value: '1' },
    ]);
    const [ours] = patch[0]!.value as ManagedFieldsEntry[];
    expect(ours?.fieldsV1).toMatchObject({ 'f:data': { 'f:a': {}, 'f:b': {} } });
  });

  it('empties key by key what is ours and that Git has empty, later items first', () => {
    const object = git('example.com/v1 App', 'shop', { spec: { automated: {}, sources: [], keep: { a: 1 } } });
    const live = answerTo(object);
    live.metadata.managedFields![0]!.fieldsV1 = {
      'f:spec': {
        'f:automated': { 'f:a/b': {} },
        'f:sources': { 'k:{"name":"x"}': { '.': {}, 'f:name': {} }, 'k:{"name":"y"}': { '.': {}, 'f:name': {} } },
        'f:keep': { 'f:a': {}, 'f:b': {} },
      },
    };
    live['spec'] = { automated: { 'a/b': true }, sources: [{ name: 'x' }, { name: 'y' }], keep: { a: 1, b: 2 } };
    const keep = { 'f:keep': { 'f:a': {}, 'f:b': {} } };
    expect(emptyingPatch(live, object)).toEqual([
      { op: 'remove', path: '/spec/automated/a~1b' },
      { op: 'remove', path: '/spec/sources/1' },
      { op: 'remove', path: '/spec/sources/0' },
      {
        op: 'replace',
        path: '/metadata/managedFields',
        value: [expect.objectContaining({ fieldsV1: { 'f:spec': keep } })],
      },
      { op: 'replace', path: '/metadata/resourceVersion', value: '1' },
    ]);
    expect(emptyingPatch(answerTo(object), object)).toBeUndefined();
  });

  it('gives up the defaults that came in the place of what was removed', () => {
    const live = answerTo(settings, [added, entry('windlass', { 'f:data': { 'f:b': {} } })]);
    const [ours] = live.metadata.managedFields!;
    expect(defaultsPatch(live)?.[0]?.value).toEqual([ours, added]);
    expect(defaultsPatch(answerTo(settings, [added]))).toBeUndefined();
  });

  it('takes from earlier deployers only at adoption', () => {
    const live = answerTo(settings, [
      entry('kustomize-controller', { 'f:data': { 'f:b': {} } }, { operation: 'Apply' }),
    ]);
    expect(takeOverPatch(live, 'people')).toBeUndefined();
    expect(takeOverPatch(live, 'people and deployers')).toBeDefined();
  });

  it.each([
    ['subresources', { subresource: 'scale' }],
    ['another apiVersion', { apiVersion: 'v2' }],
  ])('leaves entries of %s', (_name, rest) => {
    expect(ownershipPatch(answerTo(settings, [{ ...added, ...rest }]), () => true)).toBeUndefined();
  });

  it('leaves what was filled in at the creation of a claim or a Job', () => {
    for (const kind of ['PersistentVolumeClaim', 'batch/v1 Job']) {
      const object = git(kind, 'a', { spec: {} });
      const creator = entry('kubectl-create', { 'f:spec': { 'f:volumeMode': {} } }, { apiVersion: object.apiVersion });
      expect(ownershipPatch(answerTo(object, [creator]), () => true)).toBeUndefined();
    }
  });
});

const paths = (held: Held[]) => held.map(({ path }) => path);

describe('fields that controllers hold', () => {
  const hook = git('admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration', 'a', {
    webhooks: [{ name: 'x', clientConfig: { caBundle: '', url: 'https://x' } }],
  });
  const item = 'k:{"name":"x"}';
  const live = answerTo(hook, [
    entry('cert-manager-cainjector', {
      'f:webhooks': { [item]: { 'f:clientConfig': { 'f:caBundle': {} }, 'f:name': {} } },
    }),
  ]);
  Object.assign(live, { webhooks: [{ name: 'x', clientConfig: { caBundle: 'Q0E=', url: 'https://x' } }] });
  live.metadata.managedFields![0]!.fieldsV1 = { 'f:webhooks': { [item]: { 'f:clientConfig': { 'f:url': {} } } } };

  it('are those that Git sets otherwise and we no longer own; never the keys of a list item', () => {
    expect(paths(heldByOthers(hook, live)).map(pathText)).toEqual(['webhooks[name=x].clientConfig.caBundle']);
  });

  it('leave no empty map behind, which would be ours as a whole', () => {
    const object = git('ConfigMap', 'settings', { data: { a: '1' }, immutable: true });
    expect(without(object, [['f:data', 'f:a']])).not.toHaveProperty('data');
    const two = git('ConfigMap', 'settings', { data: { a: '1', b: '2' } });
    expect(without(two, [['f:data', 'f:a']])).toMatchObject({ data: { b: '2' } });
    expect(
      without(two, [
        ['f:data', 'f:c'],
        ['f:none', 'f:c'],
      ]),
    ).toEqual(two);
  });

  it('are left out of what is sent, without changing the object of Git', () => {
    expect(without(hook, paths(heldByOthers(hook, live)))).toMatchObject({
      webhooks: [{ name: 'x', clientConfig: { url: 'https://x' } }],
    });
    expect(JSON.stringify(without(hook, paths(heldByOthers(hook, live))))).not.toContain('caBundle');
    expect(JSON.stringify(hook)).toContain('caBundle');
  });

  it('are none where Git says the same', () => {
    const same = git('admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration', 'a', {
      webhooks: live.webhooks,
    });
    expect(heldByOthers(same, live)).toEqual([]);
  });
});

describe('giving back what an ownership patch took', () => {
  const status = (time: string) =>
    entry('kube-controller-manager', { 'f:status': {} }, { subresource: 'status', time });
  const before = answerTo(settings, [status('1'), added]);
  const entriesOf = (object: KubeObject) => object.metadata.managedFields!;
  const withEntries = (managedFields: ManagedFieldsEntry[], resourceVersion: string): KubeObject => ({
    ...before,
    metadata: { ...before.metadata, managedFields, resourceVersion },
  });
  const taken = withEntries(takeOverPatch(before, 'people')![0]!.value as ManagedFieldsEntry[], '2');

  it('brings the entries back, guarded by the resourceVersion, with a status that moved meanwhile', () => {
    const [ours] = entriesOf(before);
    const moved = withEntries([entriesOf(taken)[0]!, status('2')], '3');
    expect(givingBackPatch(entriesOf(before), taken, moved)).toEqual([
      { op: 'replace', path: '/metadata/managedFields', value: [ours, added, status('2')] },
      { op: 'replace', path: '/metadata/resourceVersion', value: '3' },
    ]);
  });

  it('does not where somebody wrote the object since then', () => {
    const edited = withEntries([...entriesOf(taken), added], '3');
    expect(givingBackPatch(entriesOf(before), taken, edited)).toBeUndefined();
  });
});

describe('trying an apply that empties a map', () => {
  it('sends the rest, and puts what will be left of the map into the answer', () => {
    const app = (spec: object) => git('example.com/v1 App', 'shop', { spec });
    const live = answerTo(app({ size: 1, automated: { prune: true } }));
    Object.assign((live['spec'] as { automated: object }).automated, { retries: 3 });
    const attempt = tryEmptying(live, app({ size: 2, automated: {} }))!;
    expect(attempt.object['spec']).toEqual({ size: 2 });
    expect(attempt.complete(attempt.object)['spec']).toEqual({ size: 2, automated: { retries: 3 } });
    expect(tryEmptying(live, app({ size: 2, automated: { prune: false } }))).toBeUndefined();
  });
});
