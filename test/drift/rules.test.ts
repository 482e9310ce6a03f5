import { describe, expect, it } from 'vitest';
import { ruleNotices, rulesAboutNothing, unusedRules } from '../../lib/drift/rule-notices.ts';
import { ruleUses } from '../../lib/drift/rule-uses.ts';
import { uselessNamespaces } from '../../lib/drift/unmanaged.ts';
import { type DriftSettings, driftRules } from '../../lib/kube/drift-rules.ts';
import type { DriftFound } from '../../lib/model/messages.ts';

const now = new Date('2027-01-15T00:00:00Z');
const settings: DriftSettings = {
  ignore: [
    { object: 'ConfigMap/shop/*', path: 'data.a' },
    { object: 'Secret/shop/*', path: 'data.b' },
    { object: 'ConfigMap/shop/a', path: 'data.c', until: '2027-01-14' },
  ],
};
const [first = '', second = ''] = driftRules(settings, now).ignore.map(({ text }) => text);
const found = (rest: Partial<DriftFound> = {}): DriftFound => ({
  ...{ type: 'DriftFound', run: '1', at: now.toISOString(), cluster: 'test', sync: 'shop' },
  ...{ drift: [], unknown: [], leftToControllers: [] },
  ...rest,
});
const unread = (object: string) => [{ object, reason: 'forbidden' }];
const messages = (problems: { message: string }[]) => problems.map(({ message }) => message.replace(/ \(.*\)/, ''));

describe('what rules did in a check', () => {
  const uses = (objects: string[], used: string[][] = [], unknown = unread('none')) =>
    ruleUses(driftRules(settings, now), { objects, unknown, used });

  it('is told of those that are about an object that was looked at, and counted by object', () => {
    expect(uses(['ConfigMap/shop/a', 'ConfigMap/shop/b'], [[first], [first]])).toEqual([{ rule: first, objects: 2 }]);
    expect(uses(['ConfigMap/shop/a'])).toEqual([{ rule: first, objects: 0 }]);
    expect(uses(['ConfigMap/other/a'])).toEqual([]);
  });

  it.each(['*', 'ConfigMap', 'ConfigMap/shop/a'])('is not known where %s could not be read', (object) => {
    expect(uses(['ConfigMap/shop/a'], [], unread(object))).toEqual([]);
    expect(uses(['ConfigMap/shop/a'], [[first]], unread(object))).toEqual([{ rule: first, objects: 1 }]);
    expect(uses(['ConfigMap/shop/b'], [], unread('ConfigMap/other/a'))).toHaveLength(1);
  });

  it('is not known where it may be about an object that a pull is just writing', () => {
    expect(uses(['ConfigMap/shop/b'], [], unread('ConfigMap/shop/a'))).toEqual([]);
  });
});

describe('rules of no use', () => {
  it('are told after a check of one sync, and those that are void', () => {
    const rules = [
      { rule: first, objects: 0 },
      { rule: second, objects: 1 },
    ];
    expect(messages(ruleNotices(settings, found({ rules }), now))).toEqual([
      'drift.ignore[0] matches nothing in shop',
      'drift.ignore[2] is void since 2027-01-14: what it was for is reported',
    ]);
    expect(messages(ruleNotices(settings, found(), now))).toHaveLength(1);
    // Only the one that is void: without a record less is compared.
    expect(messages(ruleNotices(settings, found({ rules, basis: 'git' }), now))).toHaveLength(1);
  });

  it('are told where no sync has such an object', () => {
    expect(messages(rulesAboutNothing(settings, ['ConfigMap/shop/a'], now))).toEqual([
      'drift.ignore[1] is about no object of any sync',
    ]);
  });

  it('are told after a run of all syncs that could read everything', () => {
    const all = [found({ rules: [{ rule: first, objects: 0 }] }), found({ sync: 'other' })];
    expect(messages(unusedRules(settings, all, now))).toEqual([
      'drift.ignore[0] matches nothing',
      'drift.ignore[1] matches nothing',
    ]);
    const used = [...all, found({ rules: [{ rule: first, objects: 1 }] })];
    expect(messages(unusedRules(settings, used, now))).toEqual(['drift.ignore[1] matches nothing']);
    expect(unusedRules(settings, [...used, found({ leftOut: ['Secret'] })], now)).toEqual([]);
    expect(unusedRules(settings, [...all, found({ unknown: unread('ConfigMap') })], now)).toEqual([]);
    const undeclared = unread('ConfigMap').map((one) => ({ ...one, undeclared: true }));
    expect(unusedRules(settings, [...all, found({ unknown: undeclared })], now)).toHaveLength(2);
    expect(unusedRules(settings, [], now)).toEqual([]);
    const byGit = [found({ basis: 'git', rules: [{ rule: first, objects: 0 }] })];
    expect(messages(unusedRules(settings, byGit, now))).toEqual(['drift.ignore[1] matches nothing']);
  });

  it('are told of namespaces that no sync has', () => {
    const recorded = [{ sync: 'shop', objects: ['Namespace/shop-prod', 'ConfigMap/web/a'], uids: [] }];
    const useless = (...namespaces: string[]) => uselessNamespaces({ namespaces, ignore: [] }, recorded);
    expect(useless('shop-*', 'web', 'other', 'windlass-system')).toEqual(['other', 'windlass-system']);
  });
});
