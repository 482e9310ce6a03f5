import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { additions, difference, type FieldsV1, membersOf, pathText, union } from '../../lib/kube/fields.ts';

const web = 'k:{"name":"web"}';
const element = fc.constantFrom('f:a', 'f:b', 'f:c', web, 'v:"x"', 'i:0');
const sets: fc.Memo<FieldsV1> = fc.memo(
  (depth): fc.Arbitrary<FieldsV1> =>
    depth <= 1
      ? fc.constant({})
      : fc
          .tuple(fc.boolean(), fc.dictionary(element, sets(depth - 1), { maxKeys: 3 }))
          .map(([member, children]) =>
            member && Object.keys(children).length > 0 ? { '.': {}, ...children } : children,
          ),
);

describe('sets of fields', () => {
  it('have as members what has no children, or says so with a dot', () => {
    const set: FieldsV1 = { 'f:spec': { 'f:list': { '.': {}, [web]: { '.': {}, 'f:image': {} } } } };
    expect(membersOf(set).map(pathText)).toEqual(['spec.list', 'spec.list[name=web]', 'spec.list[name=web].image']);
  });

  it('differ by members, not by the way to them', () => {
    expect(difference({ 'f:a': { 'f:b': {} } }, { 'f:a': {} }).map(pathText)).toEqual(['a.b']);
    expect(difference({ 'f:a': {} }, { 'f:a': { 'f:b': {} } }).map(pathText)).toEqual(['a']);
  });

  it('call no addition what an item that we have is known by', () => {
    const port = 'k:{"port":80,"protocol":"TCP"}';
    const ours = { 'f:ports': { [port]: { '.': {}, 'f:port': {} } } };
    const theirs = { 'f:ports': { [port]: { '.': {}, 'f:port': {}, 'f:protocol': {}, 'f:nodePort': {} } } };
    expect(additions(theirs, ours).map(pathText)).toEqual(['ports[port=80,protocol=TCP].nodePort']);
  });

  it('tell additions by the shortest path that is new', () => {
    const ours: FieldsV1 = { 'f:spec': { 'f:resources': {} } };
    const theirs: FieldsV1 = {
      'f:spec': { 'f:resources': { 'f:limits': { '.': {}, 'f:cpu': {} } }, 'f:paused': {} },
    };
    expect(additions(theirs, ours).map(pathText)).toEqual(['spec.resources.limits', 'spec.paused']);
  });

  it('have no difference to themselves, and none to a union that they are part of', () => {
    fc.assert(
      fc.property(sets(4), sets(4), (a, b) => {
        expect(difference(a, a)).toEqual([]);
        const both = union(a, b);
        expect(difference(a, both)).toEqual([]);
        expect(difference(b, both)).toEqual([]);
        expect(additions(both, both)).toEqual([]);
      }),
    );
  });

  it('have in a union nothing that neither has', () => {
    fc.assert(
      fc.property(sets(4), sets(4), (a, b) => {
        const members = new Set([...membersOf(a), ...membersOf(b)].map((path) => path.join(' ')));
        expect(membersOf(union(a, b)).every((path) => members.has(path.join(' ')))).toBe(true);
      }),
    );
  });
});

describe('the text of a path', () => {
  it.each([
    [['f:spec', 'f:replicas'], 'spec.replicas'],
    [['f:metadata', 'f:labels', 'f:app.kubernetes.io/name'], 'metadata.labels[app.kubernetes.io/name]'],
    [['f:ports', 'k:{"containerPort":80,"protocol":"TCP"}', 'f:name'], 'ports[containerPort=80,protocol=TCP].name'],
    [['f:metadata', 'f:finalizers', 'v:"a/b"'], 'metadata.finalizers["a/b"]'],
    [['f:list', 'i:0'], 'list[0]'],
  ])('%j is %s', (path, text) => {
    expect(pathText(path)).toBe(text);
  });
});
