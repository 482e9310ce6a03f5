import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueChanges } from '../../lib/kube/value-changes.ts';

const backend = (name: string, more: object = {}) => ({ name, weight: 1, ...more });

describe('in what two values differ that are one to the API server', () => {
  it('is told by the names of items, whatever their order and the order of their keys', () => {
    const git = [backend('a'), backend('b'), backend('c')];
    const live = [{ weight: 1, name: 'c' }, backend('b', { weight: 5 }), backend('d')];
    expect(valueChanges(git, live)).toEqual([
      { path: '[name=a]', git: backend('a') },
      { path: '[name=b].weight', git: 1, live: 5 },
      { path: '[name=d]', live: backend('d') },
    ]);
  });

  it('is told of items without names by what they are, and by place where one was changed', () => {
    expect(valueChanges(['--a', '--b'], ['--a', '--new', '--b'])).toEqual([{ path: '', live: '--new' }]);
    expect(valueChanges(['--a', '--b', '--b'], ['--a', '--b'])).toEqual([{ path: '', git: '--b' }]);
    expect(valueChanges(['--a=1', '--b'], ['--a=2', '--b'])).toEqual([{ path: '[0]', git: '--a=1', live: '--a=2' }]);
  });

  it('leaves out amounts that are only written differently, unless nothing else differs', () => {
    const of = (cpu: string, image: string) => [{ name: 'web', image, resources: { limits: { cpu } } }];
    expect(valueChanges(of('0.1', 'web:1'), of('100m', 'web:2'))).toEqual([
      { path: '[name=web].image', git: 'web:1', live: 'web:2' },
    ]);
    expect(valueChanges(of('0.1', 'web:1'), of('100m', 'web:1'))).toEqual([
      { path: '[name=web].resources.limits.cpu', git: '0.1', live: '100m' },
    ]);
    const version = (text: string) => ({ 'a/b': 1, version: text, on: true });
    expect(valueChanges(version('1.0'), { ...version('1'), 'a/b': 2 })).toHaveLength(2);
  });

  it('is told of texts by their lines, and of nothing else', () => {
    expect(valueChanges('a\nb\nc\n', 'a\nx\nb\nc\n')).toEqual([{ path: '', live: 'x' }]);
    for (const [git, live] of [
      ['a', 'b'],
      [1, [1]],
      [{}, []],
      [undefined, {}],
      [
        [1, 2],
        [2, 1],
      ],
    ])
      expect(valueChanges(git, live), JSON.stringify([git, live])).toBeUndefined();
  });

  it('is told whenever two maps differ, and never where they are the same', () => {
    const values = fc.dictionary(
      fc.string(),
      fc.jsonValue().filter((value) => !Array.isArray(value)),
    );
    fc.assert(fc.property(values, (value) => valueChanges(value, structuredClone(value)) === undefined));
    fc.assert(
      fc.property(values, fc.string(), fc.string(), (value, key, text) => {
        const changed = { ...value, [`${key}*`]: `${text}!` };
        fc.pre(JSON.stringify(value[`${key}*`]) !== JSON.stringify(`${text}!`));
        expect(valueChanges(value, changed)).toHaveLength(1);
      }),
    );
  });
});
