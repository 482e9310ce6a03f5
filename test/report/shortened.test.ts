import { describe, expect, it } from 'vitest';
import type { Incident } from '../../lib/model/incident.ts';
import type { Report } from '../../lib/model/messages.ts';
import type { SyncState } from '../../lib/model/state.ts';
import { nextIncidents } from '../../lib/report/incidents.ts';
import { nextState } from '../../lib/report/state.ts';
import { changed, check, missing, pull } from './reports.ts';

/** What is open after some reports, and the state. */
function workedIn(...reports: Report[]): { open: Incident[]; state: SyncState | undefined } {
  let state: SyncState | undefined;
  let open: Incident[] = [];
  for (const report of reports) {
    const { opened, changed: others, resolved } = nextIncidents({ state, open, last: [] }, report);
    const over = new Set([...others, ...resolved].map(({ key }) => key));
    const ended = new Set(resolved.map(({ key }) => key));
    open = [...open.filter(({ key }) => !over.has(key)), ...opened, ...others].filter(({ key }) => !ended.has(key));
    state = nextState(state, report);
  }
  return { open, state };
}

const all = Array.from({ length: 300 }, (_, index) => missing(`settings-${String(index).padStart(3, '0')}`));

describe('a finding that was too long to be sent whole', () => {
  it('makes one incident that counts what was cut', () => {
    const { open, state } = workedIn(check(10, all.slice(0, 200), { cut: 100 }));
    expect(open.map(({ object, title }) => [object, title])).toEqual([
      [undefined, '300 objects of shop-prod drifted, at least 200 of them are missing'],
    ]);
    expect(open[0]?.many).toMatchObject({ more: 100 });
    expect(open[0]?.many?.objects).toHaveLength(200);
    expect(open[0]?.details?.at(-1)).toBe('and 100 more');
    expect(state?.drifted).toBe(300);
  });

  it('makes one incident also where few are named', () => {
    expect(workedIn(check(10, all.slice(0, 3), { cut: 297 })).open).toMatchObject([
      { title: '300 objects of shop-prod drifted, at least 3 of them are missing' },
    ]);
  });

  it('ends no incident about what it does not name', () => {
    const before = workedIn(check(10, [changed()]), check(20, all.slice(0, 200), { cut: 100 }));
    expect(before.open.map(({ object }) => object)).toEqual(['apps/Deployment/shop-prod/web', undefined]);
    const whole = workedIn(check(10, [changed()]), check(20, all.slice(0, 200), { cut: 100 }), check(30, all));
    expect(whole.open.map(({ object }) => object)).toEqual([undefined]);
  });

  it('tells nothing again while the same are cut', () => {
    const cut = all.slice(0, 200);
    const reports = [check(10, cut, { cut: 100 }), check(20, cut, { cut: 100 }), check(30, cut, { cut: 90 })];
    const { open } = workedIn(...reports);
    expect(open).toMatchObject([{ openedAt: reports[0]!.at, changedAt: reports[0]!.at }]);
    // Some came back, so that others are named.
    const others = workedIn(reports[0]!, check(20, all.slice(50, 250), { cut: 50 }), check(30, all.slice(100)));
    expect(others.open).toMatchObject([{ changedAt: reports[0]!.at }]);
  });

  it('ends the incident of many by a pull that healed all, not by one that healed only what is named', () => {
    const opened = check(10, all);
    const changes = all.slice(0, 200).map(({ object }) => ({ object, action: 'created' as const }));
    const some = pull(20, 21, all.slice(0, 200), { cut: 100, changes });
    expect(workedIn(opened, some).open).toHaveLength(1);
    expect(workedIn(opened, some).state?.drifted).toBe(100);
    const whole = pull(20, 21, all.slice(0, 200), { cut: 100, changes, healed: true });
    expect(workedIn(opened, whole).open).toEqual([]);
    expect(workedIn(opened, whole).state?.drifted).toBe(0);
  });
});

describe('the incident of many', () => {
  const some = all.slice(0, 30);
  const unread = { unknown: [{ object: 'ConfigMap', reason: 'forbidden' }] };
  const failed = { result: 'failed' as const, errors: [{ code: 'forbidden', message: 'no' }] };

  it('keeps what a look could not read, to which others are added, and tells nothing of it when it can be read again', () => {
    const added = workedIn(check(10, some), check(20, [changed()], unread));
    expect(added.open[0]?.title).toBe(
      '31 objects of shop-prod drifted, 30 of them are missing; 1 of them by kubectl-set',
    );
    const again = workedIn(check(10, some), check(20, [changed()], unread), check(30, [...some, changed()]));
    expect(again.open).toMatchObject([{ changedAt: check(20).at }]);
  });

  it('keeps what a pull that failed did not come to', () => {
    const added = workedIn(check(10, some), pull(20, 21, [changed()], failed));
    expect(added.open.find(({ kind }) => kind === 'drift')?.many?.objects).toHaveLength(31);
  });

  it('keeps an object whose name has a space', () => {
    const role = { object: 'rbac.authorization.k8s.io/ClusterRole//on call', state: 'changed' as const, fields: [] };
    const leftOut = { leftOut: ['rbac.authorization.k8s.io/ClusterRole'] };
    const { open } = workedIn(check(10, [...some, role]), check(20, [...some, changed()], leftOut));
    expect(open[0]?.many?.objects).toContain('rbac.authorization.k8s.io/ClusterRole//on call changed');
  });

  it('counts one object as one', () => {
    const { open } = workedIn(check(10, some), check(20, [missing('other')]));
    expect(open[0]?.title).toBe('1 object of shop-prod drifted, 1 of them is missing');
  });

  it('names an object once that drifts and is of a kind that could not be read whole', () => {
    const { open } = workedIn(check(10, some), check(20, [...some.slice(0, 5), changed()], unread));
    expect(open[0]?.many?.objects).toHaveLength(31);
    expect(new Set(open[0]?.many?.objects).size).toBe(31);
  });
});

describe('a check that leaves Secrets to the puller', () => {
  const secret = { object: 'Secret/shop-prod/token', state: 'changed' as const, fields: [] };

  it('ends no incident about a Secret', () => {
    const reports = [pull(10, 11, [secret, changed()]), check(20, [], { leftOut: ['Secret'] })];
    expect(workedIn(...reports).open.map(({ object }) => object)).toEqual(['Secret/shop-prod/token']);
    expect(workedIn(...reports, pull(30, 31)).open).toEqual([]);
  });

  it('keeps a Secret in the incident of many, which others are added to', () => {
    const some = all.slice(0, 30);
    const more = check(20, all.slice(0, 40), { leftOut: ['Secret'] });
    const { open } = workedIn(pull(10, 11, [...some, secret]), more);
    expect(open[0]?.many?.objects).toContain('Secret/shop-prod/token changed');
    expect(open[0]?.title).toBe('41 objects of shop-prod drifted, 40 of them are missing');
  });

  it('ends the incident of many only where no Secret is among them', () => {
    const some = all.slice(0, 30);
    const leftOut = { leftOut: ['Secret'] };
    expect(workedIn(check(10, some), check(20, [], leftOut)).open).toEqual([]);
    expect(workedIn(pull(10, 11, [...some, secret]), check(20, [], leftOut)).open).toHaveLength(1);
  });
});
