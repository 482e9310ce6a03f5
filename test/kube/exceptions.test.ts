import { describe, expect, it } from 'vitest';
import { badExceptions, exceptionsOf } from '../../lib/kube/exceptions/exceptions.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

const flux = 'kustomize.toolkit.fluxcd.io';
const argo = 'argocd.argoproj.io/sync-options';

function object(annotations: Record<string, string>, labels: Record<string, string> = {}): KubeObject {
  const spec = { replicas: 1, list: ['a', 'b'] };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop', annotations, labels }, spec };
}

describe('annotations for exceptions', () => {
  it.each([
    ['windlass.dev/prune', 'never', { prune: 'never' }],
    ['windlass.dev/prune', 'confirm', { prune: 'confirm' }],
    ['windlass.dev/prune', 'always', { prune: 'always' }],
    ['windlass.dev/apply', 'never', { apply: 'never' }],
    ['windlass.dev/apply', 'once', { apply: 'once' }],
    ['windlass.dev/apply', 'merge', { apply: 'merge' }],
    ['windlass.dev/force', 'recreate', { recreate: true }],
    ['windlass.dev/take-paths', '/spec/replicas,/data/a~1b', { takePaths: ['/spec/replicas', '/data/a~1b'] }],
    ['windlass.dev/ignore-paths', '/spec/replicas, /data/a~1b', { ignorePaths: ['/spec/replicas', '/data/a~1b'] }],
    [`${flux}/prune`, 'disabled', { prune: 'never' }],
    [`${flux}/prune`, 'Disabled', { prune: 'never' }],
    [`${flux}/ssa`, 'Override', {}],
    [`${flux}/ssa`, 'merge', { apply: 'merge' }],
    [`${flux}/ssa`, 'IfNotPresent', { apply: 'once' }],
    [`${flux}/ssa`, 'IGNORE', { apply: 'never' }],
    [`${flux}/reconcile`, 'disabled', { apply: 'never' }],
    [`${flux}/force`, 'enabled', { recreate: true }],
    [argo, 'Prune=false', { prune: 'never' }],
    [argo, 'Prune=confirm', { prune: 'confirm' }],
    [argo, 'ServerSideApply=true,Prune=false', { prune: 'never' }],
    [argo, 'Force=true,Replace=true', { recreate: true }],
    [argo, 'Replace=true, Validate=false', {}],
    ['argocd.argoproj.io/compare-options', 'IgnoreExtraneous', {}],
    ['helm.sh/resource-policy', 'keep', { prune: 'never' }],
  ])('%s: %s', (key, value, expected) => {
    expect(exceptionsOf(object({ [key]: value }))).toEqual(expected);
    expect(badExceptions(object({ [key]: value }))).toEqual([]);
  });

  it('of Flux count as labels too; ours and those of Argo CD do not', () => {
    expect(exceptionsOf(object({}, { [`${flux}/prune`]: 'disabled' }))).toEqual({ prune: 'never' });
    expect(exceptionsOf(object({}, { 'windlass.dev/prune': 'never', 'argocd.argoproj.io/sync-options': 'x' }))).toEqual(
      {},
    );
  });

  it('of ours win over those of other tools, of which the most careful counts', () => {
    const others = { [`${flux}/prune`]: 'disabled', [argo]: 'Prune=confirm', [`${flux}/ssa`]: 'IfNotPresent' };
    expect(exceptionsOf(object(others))).toEqual({ prune: 'never', apply: 'once' });
    const ours = { 'windlass.dev/prune': 'confirm', 'windlass.dev/apply': 'always' };
    expect(exceptionsOf(object({ ...others, ...ours }))).toEqual({ prune: 'confirm', apply: 'always' });
    const forced = { [`${flux}/force`]: 'enabled', 'windlass.dev/force': 'never' };
    expect(exceptionsOf(object(forced)).recreate).toBe(false);
  });

  it.each([
    ['windlass.dev/prune', 'Never', 'it is one of never, confirm, always'],
    ['windlass.dev/apply', '', 'it is one of always, merge, once, never'],
    ['windlass.dev/force', 'true', 'it is one of recreate, never'],
    ['windlass.dev/take-paths', 'spec.replicas', 'JSON Pointers'],
    ['windlass.dev/take-paths', '/spec/list/2', 'counted from 0'],
    ['windlass.dev/ignore-paths', 'spec.replicas', 'JSON Pointers'],
    ['windlass.dev/ignore-paths', ' , ', 'JSON Pointers'],
    ['windlass.dev/ignore-paths', '/spec/~2', 'JSON Pointers'],
    ['windlass.dev/ignore-paths', '/metadata', 'Windlass needs /metadata/name'],
    ['windlass.dev/ignore-paths', '/metadata/labels', 'Windlass needs /metadata/labels/windlass.dev~1sync'],
    ['windlass.dev/ignore-paths', '/kind', 'Windlass needs /kind'],
    ['windlass.dev/ignore-paths', '/spec/list/2', 'counted from 0'],
    ['windlass.dev/ignore-paths', '/spec/list/name', 'counted from 0'],
    [`${flux}/prune`, 'false', 'it is one of disabled, enabled'],
    [`${flux}/ssa`, 'IfNotExists', 'it is one of Override, Merge, IfNotPresent, Ignore'],
    [argo, 'Prnue=false', 'did you mean Prune?'],
    [argo, 'Prune=no', 'it is one of false, confirm, true'],
    ['helm.sh/resource-policy', 'delete', 'it is one of keep'],
    ['windlass.dev/aply', 'once', 'did you mean windlass.dev/apply?'],
    ['windlass.dev/prun', 'never', 'did you mean windlass.dev/prune?'],
    ['windlass.dev/Prune', 'never', 'did you mean windlass.dev/prune?'],
    ['windlass.dev/depend-on', 'ConfigMap/a/b', 'did you mean windlass.dev/depends-on?'],
    [
      'windlass.dev/owner',
      'me',
      'there are prune, apply, force, ignore-paths, take-paths, depends-on, substitute, hook',
    ],
  ])('%s: "%s" is a problem, and nothing that is wished', (key, value, hint) => {
    const [bad, ...more] = badExceptions(object({ [key]: value }));
    expect(bad).toMatchObject({ key, hint: expect.stringContaining(hint) });
    expect(more).toEqual([]);
  });

  it('of ours that are not about exceptions are known', () => {
    const known = {
      'windlass.dev/substitute': 'false',
      'windlass.dev/hook': 'apply',
      'windlass.dev/depends-on': 'ConfigMap/x/y',
    };
    expect([exceptionsOf(object(known)), badExceptions(object(known))]).toEqual([{}, []]);
  });

  it('of others are left alone, whatever they say', () => {
    const foreign = {
      'example.com/prune': 'x',
      'windlass.dev/id': 'shop:x',
      'my.windlass.dev/aply': 'x',
      'argocd.argoproj.io/sync-wave': '5',
    };
    expect([exceptionsOf(object(foreign)), badExceptions(object(foreign))]).toEqual([{}, []]);
  });
});
