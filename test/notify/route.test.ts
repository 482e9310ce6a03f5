import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NotifyRoute, NotifyRules } from '../../lib/config/config.ts';
import { incidentKinds } from '../../lib/model/incident.ts';
import { noticeId, severityOf, storyOf } from '../../lib/model/notice.ts';
import { destinationsOf } from '../../lib/notify/route.ts';
import { notice } from './notices.ts';

const to = (sns: string, route: Partial<NotifyRoute> = {}): NotifyRoute => ({ ...route, sns });
const idsOf = (one: ReturnType<typeof notice>, rules: NotifyRules) => destinationsOf(one, rules).map(({ id }) => id);
const fits = (route: Partial<NotifyRoute>, one = notice('opened', 'drift')) =>
  idsOf(one, { routes: [to('a', route)] }).length === 1;

describe('a route', () => {
  it.each<[boolean, Partial<NotifyRoute>]>([
    [true, {}],
    [true, { on: ['bumped', 'drift'] }],
    [false, { on: ['sync-failed'] }],
    [true, { syncs: ['infra', 'shop-prod'] }],
    [false, { syncs: ['shop'] }],
    [true, { namespaces: ['shop-*'] }],
    [true, { namespaces: ['kube-system', '*-prod'] }],
    [true, { namespaces: ['s*p*d'] }],
    [false, { namespaces: ['shop'] }],
    [false, { namespaces: ['shop-prod*d'] }],
    [true, { severity: 'warning' }],
    [false, { severity: 'error' }],
    [false, { on: ['drift'], syncs: ['shop-prod'], namespaces: ['other'] }],
  ])('takes the drift of a sync: %s for %j', (expected, route) => expect(fits(route)).toBe(expected));

  it('that names syncs or namespaces takes nothing that has none', () => {
    const broken = notice('opened', 'config-invalid', { sync: undefined, namespaces: undefined });
    expect([{}, { syncs: ['shop-prod'] }, { namespaces: ['*'] }].map((route) => fits(route, broken))).toEqual([
      ...[true, false, false],
    ]);
  });

  it('gets the end of what it got the beginning of, whatever the kind', () => {
    for (const kind of incidentKinds) {
      const [opened, changed, resolved] = (['opened', 'changed', 'resolved'] as const).map((state) =>
        notice(state, kind),
      );
      for (const severity of ['info', 'warning', 'error'] as const) {
        expect(fits({ severity, on: [kind] }, changed)).toBe(fits({ severity, on: [kind] }, opened));
        expect(fits({ severity, on: [kind] }, resolved)).toBe(fits({ severity, on: [kind] }, opened));
      }
      expect(new Set([opened, changed, resolved].map((one) => severityOf(one!))).size).toBe(1);
      expect(storyOf(opened!)).toBe(storyOf(resolved!));
    }
  });

  it('can ask for syncs that are healthy again, alone', () => {
    const route: Partial<NotifyRoute> = { on: ['healthy-again'] };
    expect(fits(route, notice('opened', 'unhealthy'))).toBe(false);
    expect(fits(route, notice('resolved', 'unhealthy'))).toBe(true);
    expect(fits(route, notice('resolved', 'drift'))).toBe(false);
  });

  it('takes notices of no incident by their own kind', () => {
    const bumped = { type: 'Notice' as const, kind: 'bumped' as const, at: '', title: 'web to 1.5.0', lines: [] };
    expect([fits({ on: ['bumped'] }, bumped), fits({ severity: 'warning' }, bumped)]).toEqual([true, false]);
  });

  it('reads a pattern as a regular expression would, and does not hang', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*'), maxLength: 6 });
    fc.assert(
      fc.property(text, pattern, (namespace, glob) => {
        const wanted = new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(namespace);
        expect(fits({ namespaces: [glob] }, notice('opened', 'drift', { namespaces: [namespace] }))).toBe(wanted);
      }),
      { numRuns: 2_000 },
    );
    const long = { namespaces: ['a'.repeat(63)] };
    expect(fits({ namespaces: [`${'*a'.repeat(31)}b`] }, notice('opened', 'drift', long))).toBe(false);
  });
});

describe('routes', () => {
  it('all get what fits, each destination once', () => {
    const slack = { channel: '#a', secret: 's' };
    const routes = [
      to('a'),
      to('b', { on: ['bumped'] }),
      { slack },
      to('a', { severity: 'info' }),
      { slack: { ...slack } },
    ];
    expect(idsOf(notice('opened', 'drift'), { routes, default: { sns: 'd' } })).toEqual(['sns:a', 'slack:s:#a']);
  });

  it('leave to the default what fits none, and to nobody where there is none', () => {
    const routes = [to('b', { on: ['bumped'] })];
    expect(idsOf(notice('opened', 'drift'), { routes, default: { sns: 'd' } })).toEqual(['sns:d']);
    expect(idsOf(notice('opened', 'drift'), { routes })).toEqual([]);
  });
});

describe('a test, and that not all is told', () => {
  it.each([
    ['test', 'info'],
    ['untold', 'warning'],
  ] as const)('goes to every destination once, whatever the routes choose by: %s', (kind, severity) => {
    const test = { type: 'Notice' as const, kind, at: '', title: 'A test', lines: [] };
    const routes = [
      to('a', { on: ['drift'], severity: 'error' }),
      to('b', { syncs: ['shop'] }),
      to('a', { namespaces: ['x'] }),
    ];
    expect(idsOf(test, { routes, default: { sns: 'd' } })).toEqual(['sns:a', 'sns:b', 'sns:d']);
    expect(idsOf(test, { routes: [] })).toEqual([]);
    expect(severityOf(test)).toBe(severity);
  });
});

describe('the id of a notice', () => {
  it('is the same for the same, and another for each of an incident', () => {
    const all = (['opened', 'changed', 'resolved'] as const).map((state) => noticeId(notice(state, 'drift')));
    expect(new Set([...all, noticeId(notice('opened', 'drift'))]).size).toBe(3);
    expect(noticeId(JSON.parse(JSON.stringify(notice('opened', 'drift'))))).toBe(all[0]);
  });
});
