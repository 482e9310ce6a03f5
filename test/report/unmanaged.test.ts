import { describe, expect, it } from 'vitest';
import type { ObjectDrift } from '../../lib/model/drift.ts';
import { changed, check, missing, pull, time } from './reports.ts';
import { workIn } from './work-in.ts';

const object = 'ConfigMap/shop-prod/by-hand';
const stray = (name = object): ObjectDrift => ({ object: name, state: 'unmanaged', fields: [], reason: 'made' });
const many = Array.from({ length: 25 }, (_, index) => stray(`ConfigMap/shop-prod/m${index}`));

describe('an object that nobody declared', () => {
  it('is told once, and no pull ends it, since pulls do not look for such', () => {
    const { told, open, state } = workIn([
      check(0, [stray()]),
      pull(5, 6),
      pull(7, 8, [changed()], { healed: true }),
      check(10, [stray()]),
    ]);
    expect(told.filter((line) => line.includes(object))).toEqual([`opened ${object}`]);
    expect(open).toMatchObject([{ object, drift: { state: 'unmanaged' } }]);
    expect(state).toMatchObject({ drifted: 1, unmanaged: 1 });
  });

  it('counts among what drifts after a pull as before it', () => {
    expect(workIn([check(0, [stray(), changed()]), pull(5, 6, [changed()], { healed: true })]).state?.drifted).toBe(1);
    const { state } = workIn([check(0, [stray()]), check(10, [])]);
    expect(state).toMatchObject({ drifted: 0 });
    expect(state).not.toHaveProperty('unmanaged');
  });

  it('is over when a check does not find it any more, or a pull has written it', () => {
    expect(workIn([check(0, [stray()]), pull(5, 6), check(10)]).told).toEqual([
      `opened ${object}`,
      `resolved ${object}: deleted, or allowed in Git`,
    ]);
    const adopted = pull(5, 6, [], { changes: [{ object, action: 'configured' }], revision: 'bbbb' });
    expect(workIn([check(0, [stray()]), adopted]).told).toEqual([
      `opened ${object}`,
      `resolved ${object}: changed in Git`,
    ]);
  });

  it('keeps the incident about many open when a pull put the rest right', () => {
    const gone = missing('web');
    const { told, open } = workIn([
      check(0, [...many, gone]),
      pull(5, 6, [gone], { healed: true, changes: [{ object: gone.object, action: 'created' }] }),
    ]);
    expect(told).toHaveLength(1);
    expect(open).toHaveLength(1);
    expect(workIn([check(0, many), pull(5, 6), check(10)]).open).toEqual([]);
  });

  it('goes on to wait for the end of its grace period while pulls come and go', () => {
    const grace = { graceSeconds: 60 };
    for (const drift of [[stray()], many]) {
      const reports = [check(0, drift, grace), pull(20, 21, [], grace), check(30, drift, grace)];
      const { told, open, quiet } = workIn([...reports, pull(50, 51, [], grace), check(60, drift, grace)]);
      expect([told.length, quiet]).toEqual([1, []]);
      expect(open).toMatchObject([{ openedAt: time(60), firstSeenAt: time(0) }]);
    }
  });
});

describe('a check that cannot tell what nobody declared', () => {
  const blind = { unknown: [{ object: '*', reason: 'a record cannot be read', undeclared: true }] };
  const declared = Array.from({ length: 25 }, (_, index) => missing(`m${index}`));

  it('ends what it saw of declared objects, and nothing about the others', () => {
    expect(workIn([check(0, [changed(), stray()]), check(10, [], blind)]).told.slice(2)).toEqual([
      'resolved apps/Deployment/shop-prod/web: undone by hand',
    ]);
    expect(workIn([check(0, [changed(), stray()]), check(10, [], blind), check(20)]).open).toEqual([]);
  });

  it('ends an incident about many that are all declared, and leaves one that has others', () => {
    expect(workIn([check(0, declared), check(10, [], blind)]).open).toEqual([]);
    expect(workIn([check(0, [...declared, stray()]), check(10, [], blind)]).open).toHaveLength(1);
    // Some that are counted and not named may be such.
    const crowd = Array.from({ length: 600 }, (_, index) => missing(`m${index}`));
    expect(workIn([check(0, crowd), check(10, [], blind)]).open).toHaveLength(1);
  });

  it('ends the grace period of declared objects alone', () => {
    const grace = { graceSeconds: 60 };
    const { quiet, state } = workIn([check(0, [changed(), stray()], grace), check(10, [], { ...grace, ...blind })]);
    expect(quiet).toEqual(['apps/Deployment/shop-prod/web: undone by hand']);
    expect(state?.pending?.objects).toMatchObject([{ object }]);
  });

  it('is told as any other trouble when it lasts', () => {
    const { told } = workIn([check(0, [], blind), check(10, [], blind), check(20, [], blind)]);
    expect(told).toEqual(['opened unknown']);
  });
});

describe('many objects that nobody declared', () => {
  const strays = Array.from({ length: 30 }, (_, index) => stray(`ConfigMap/shop-prod/stray-${index}`));
  const grace = { graceSeconds: 60 };

  it('are one incident after the grace period, which pulls neither begin anew nor end', () => {
    const found = [check(0, strays, grace), pull(10, 11, [], grace), check(30, strays, grace), pull(40, 41, [], grace)];
    const { told, open } = workIn([...found, check(60, strays, grace), pull(70, 71, [], grace)]);
    expect(told).toEqual(['opened drift']);
    expect(open).toMatchObject([{ title: '30 objects of shop-prod drifted', firstSeenAt: check(0).at }]);
    const over = workIn([...found, check(60, strays, grace), pull(70, 71, [], grace), check(90, [], grace)]);
    expect(over.told.at(-1)).toBe('resolved drift: deleted, or allowed in Git');
  });

  it('leave what a pull puts right to it, and stay', () => {
    const hands = Array.from({ length: 30 }, (_, index) => missing(`m${index}`));
    const reports = [check(0, [...strays, ...hands]), pull(10, 11, hands, { healed: true })];
    const { told, state } = workIn([...reports, check(20, strays)]);
    expect(told).toEqual(['opened drift']);
    expect(state?.drifted).toBe(30);
    expect(workIn([...reports, check(20, strays), check(30, [])]).told).toHaveLength(2);
  });

  it('that were over within the grace period are in the audit trail alone', () => {
    const { told, quiet } = workIn([check(0, strays, grace), pull(10, 11, [], grace), check(30, [], grace)]);
    expect(told).toEqual([]);
    expect(quiet).toHaveLength(30);
    expect(new Set(quiet.map((one) => one.split(': ')[1]))).toEqual(new Set(['deleted, or allowed in Git']));
  });
});

describe('rules that find nothing to do', () => {
  const rules = (objects: number) => ({ rules: [{ rule: 'ConfigMap/shop/*: data.a', objects }] });

  it('are in the state, with the check since which that is so', () => {
    const idle = (...reports: Parameters<typeof workIn>[0]) => workIn(reports).state?.idleRules;
    const since = (at: number) => [{ rule: 'ConfigMap/shop/*: data.a', since: time(at) }];
    expect(idle(check(0, [], rules(0)), check(10, [], rules(0)))).toEqual(since(0));
    expect(idle(check(0, [], rules(0)), check(10, [], rules(1)))).toBeUndefined();
    expect(idle(check(0, [], rules(0)), check(10, [], rules(1)), check(20, [], rules(0)))).toEqual(since(20));
    expect(idle(check(0, [], rules(0)), check(10))).toBeUndefined();
    const unread = { unknown: [{ object: 'ConfigMap', reason: 'forbidden' }] };
    expect(idle(check(0, [], rules(0)), check(10, [], unread))).toEqual(since(0));
    expect(idle(check(0, [], rules(0)), check(10, [], { rules: [], rulesCut: 1 }))).toEqual(since(0));
  });
});

describe('what the last check of a sync went by', () => {
  const state = (...reports: Parameters<typeof workIn>[0]) => workIn(reports).state;
  const rule = (objects: number) => ({ rules: [{ rule: 'ConfigMap/shop/*: data.a', objects }] });

  it('is in the state: the rules that took something away, and that there was no record', () => {
    expect(state(check(0, [], rule(2)))?.ignored).toEqual(rule(2).rules);
    expect(state(check(0, [], rule(2)), check(10, [], rule(0)))?.ignored).toBeUndefined();
    expect(state(check(0, [], { basis: 'git' }), pull(10, 11))?.basis).toBe('git');
    expect(state(check(0, [], { basis: 'git' }), check(10))?.basis).toBeUndefined();
  });
});

describe('what programs that nobody knows added', () => {
  it('is in the state, tells nobody, and is forgotten when it is gone', () => {
    const added: ObjectDrift = {
      object,
      state: 'added',
      fields: [{ path: 'data.a', live: '1', manager: 'shop-script' }],
    };
    const { told, state } = workIn([check(0, [], { addedByOthers: [added] })]);
    expect(told).toEqual([]);
    expect(state).toMatchObject({ drifted: 0, addedByOthers: [{ object, managers: ['shop-script'] }] });
    expect(workIn([check(0, [], { addedByOthers: [added] }), check(10)]).state).not.toHaveProperty('addedByOthers');
  });
});
