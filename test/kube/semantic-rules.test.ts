import { describe, expect, it } from 'vitest';
import { driftRules, type IgnoreRule } from '../../lib/kube/drift-rules.ts';
import { compareWithGit } from '../../lib/kube/semantic/compare-with-git.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { everySort } from './semantic-schema.ts';

const now = new Date('2027-01-01T00:00:00Z');
const object = (fields: object): KubeObject => ({
  ...{ apiVersion: 'example.com/v1', kind: 'Every', metadata: { namespace: 'shop', name: 'one' } },
  ...fields,
});

/** The paths that differ in spite of one rule, and the rules that took something away. */
function told(git: object, live: object, rule: Pick<IgnoreRule, 'path' | 'manager'>) {
  const rules = driftRules({ ignore: [{ object: 'example.com/Every/shop/*', ...rule }] }, now);
  const { drift, rulesUsed } = compareWithGit({
    git: object(git),
    live: object(live),
    schema: everySort(false),
    rules,
  });
  return { paths: drift?.fields.map(({ path }) => path) ?? [], used: rulesUsed?.length };
}

describe('rules of Git, where there is no applied record', () => {
  const git = {
    rules: [
      { name: 'blue', target: '1' },
      { name: 'green', target: '1' },
    ],
  };

  it.each(['rules[name=blue].target', '/rules/0/target', 'rules[name=b*]'])(
    'mean what is inside of one value: %s',
    (path) => {
      const shifted = { rules: [{ name: 'blue', target: '2' }, git.rules[1]!] };
      expect(told(git, shifted, { path })).toEqual({ paths: [], used: 1 });
      const other = {
        rules: [
          { name: 'blue', target: '2' },
          { name: 'green', target: '2' },
        ],
      };
      expect(told(git, other, { path })).toEqual({ paths: ['rules'], used: 0 });
    },
  );

  it('leave out an item that is meant as a whole and was put in, and what a default filled in beside it', () => {
    const live = { rules: [...git.rules.map((rule) => ({ ...rule, protocol: 'TCP' })), { name: 'mesh', port: 1 }] };
    expect(told(git, live, { path: 'rules[name=mesh]' })).toEqual({ paths: [], used: 1 });
    expect(told(git, live, { path: 'rules[name=other]' })).toEqual({ paths: ['rules'], used: 0 });
  });

  it('compare the rest by its meaning', () => {
    const wanted = {
      free: {
        steps: [
          { at: '1', wait: 1 },
          { at: '2', wait: 1 },
        ],
      },
    };
    const live = {
      free: {
        steps: [
          { at: '1', wait: 9 },
          { at: '2', wait: 1 },
        ],
      },
    };
    expect(told(wanted, live, { path: 'free.steps[at=1].wait' })).toEqual({ paths: [], used: 1 });
  });

  it('count items as Git has them, also those that leave a key to its default', () => {
    const ports = {
      ports: [
        { port: 80, name: 'a' },
        { port: 443, protocol: 'TCP', name: 'b' },
      ],
    };
    const live = (first: string, second: string) => ({
      ports: [
        { port: 80, protocol: 'TCP', name: first },
        { port: 443, protocol: 'TCP', name: second },
      ],
    });
    const path = '/ports/0/name';
    expect(told(ports, live('x', 'b'), { path })).toEqual({ paths: [], used: 1 });
    expect(told(ports, live('a', 'x'), { path })).toEqual({ paths: ['ports[port=443,protocol=TCP].name'], used: 0 });
  });
});
