import { describe, expect, it } from 'vitest';
import {
  checkerGroup,
  checkerManifests,
  checkerRules,
  readSubject,
  type ServedGroup,
} from '../../lib/install/checker.ts';

const group = (name: string, plurals: string[], subresources: string[] = []): ServedGroup => ({
  ...{ group: name, plurals, subresources },
});
const verbs = ['get', 'list'];

/** Of the puller, which may come later. */
const own = { apiGroups: ['windlass.dev'], resources: ['*'], verbs: ['get', 'list'] };

describe('the rights of the scheduled check', () => {
  it('name whole groups, and the core group kind by kind without Secrets', () => {
    const core = group('', ['secrets', 'pods', 'configmaps'], ['pods/exec', 'pods/status']);
    expect(checkerRules([group('batch', ['jobs'], ['jobs/status']), core, group('apps', ['deployments'])])).toEqual([
      { apiGroups: [''], resources: ['configmaps', 'pods'], verbs },
      { apiGroups: ['apps', 'batch', 'windlass.dev'], resources: ['*'], verbs },
    ]);
  });

  it('leave out groups of which nothing can be declared', () => {
    expect(checkerRules([group('metrics.k8s.io', []), group('subresources.kubevirt.io', [], ['vms/console'])])).toEqual(
      [own],
    );
  });

  it('name the kinds of a group that has more to give than its objects: a console, the secrets of an image', () => {
    const images = group('image.openshift.io', ['imagestreams'], ['imagestreams/secrets', 'imagestreams/status']);
    expect(checkerRules([images])).toEqual([
      { apiGroups: ['image.openshift.io'], resources: ['imagestreams'], verbs },
      own,
    ]);
  });

  it('give no tokens of people', () => {
    expect(checkerRules([group('oauth.openshift.io', ['oauthaccesstokens', 'oauthclients'])])).toEqual([own]);
  });

  it('do not depend on the order in which the server tells of its groups', () => {
    const groups = [
      group('', ['pods', 'configmaps']),
      group('apps', ['deployments']),
      group('acme.example', ['widgets']),
    ];
    expect(checkerManifests([...groups].reverse(), [checkerGroup])).toEqual(checkerManifests(groups, [checkerGroup]));
  });

  it('are of the subjects that are named', () => {
    const subjects = ['group:windlass:drift', 'user:ada@acme.example', 'serviceaccount:tools/drift'].map(readSubject);
    const [, binding] = checkerManifests([], subjects);
    expect(binding?.['subjects']).toEqual([
      { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'windlass:drift' },
      { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ada@acme.example' },
      { kind: 'ServiceAccount', namespace: 'tools', name: 'drift' },
    ]);
    for (const wrong of ['drift', 'group:', 'serviceaccount:drift', 'serviceaccount:a/b/c', 'role:x'])
      expect(() => readSubject(wrong), wrong).toThrow('write group:NAME');
  });

  it('are never of everybody', () => {
    const groups = ['unauthenticated', 'authenticated', 'serviceaccounts', 'serviceaccounts:shop', 'nodes'];
    for (const group of groups)
      expect(() => readSubject(`group:system:${group}`), group).toThrow('name a group of yours');
    expect(() => readSubject('user:system:anonymous')).toThrow('everybody who can reach the API server');
    for (const pattern of ['group:*', 'user:*', 'serviceaccount:tools/*'])
      expect(() => readSubject(pattern), pattern).toThrow('no patterns');
    expect(readSubject('user:system:serviceaccount:tools:drift')).toMatchObject({ kind: 'User' });
  });
});
