import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DashboardState } from '../../lib/dashboard/ports.ts';
import type { AuditRecord } from '../../lib/model/audit-record.ts';
import {
  describeLoop,
  git,
  incidents,
  isSettled,
  type Loop,
  removeDir,
  startHealthyLoop,
  subjects,
  syncOf,
} from '../helpers/loop.ts';

const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

describeLoop('an image that rolls back by itself', () => {
  let dir: string;
  let loop: Loop;

  const api = (namespace = 'shop-staging') =>
    loop.kubectl('-n', namespace, 'get', 'deployment/api', '-o', 'jsonpath={.spec.template.spec.containers[0].image}');
  const trailers = async (revision: string, key: string) =>
    (await git(loop.repo, 'log', '-1', `--format=%(trailers:key=${key},valueonly)`, revision))
      .split('\n')
      .filter(Boolean);
  const holds = async () =>
    (await git(loop.repo, 'ls-tree', '-r', '--name-only', 'main', 'holds/')).split('\n').filter(Boolean);
  const image = (state: DashboardState) => state.images.find(({ policy }) => policy === 'api');
  const isPushed = (state: DashboardState, tag: string, times = 1) =>
    state.timeline.filter(
      ({ kind, summary }) => kind === 'push-received' && summary === `${registry}/shop/api:${tag} was pushed`,
    ).length >= times;
  let bad = '';
  let back = '';

  beforeAll(async () => {
    ({ dir, loop } = await startHealthyLoop());
  });
  afterAll(() => removeDir(dir));

  it('goes back when its pods crash, in one commit with a hold, and everything is healthy again', async () => {
    const before = await git(loop.repo, 'rev-parse', 'main');
    const seen = loop.output().length;
    await loop.push('shop/api:2.4.0-broken');
    const state = await loop.until(
      'the rollback, healthy',
      (now) => now.commits.some(({ subject }) => subject.startsWith('Roll back')) && isSettled(now),
    );
    expect(await subjects(loop.repo)).toEqual([
      expect.stringMatching(/^Roll back api to 2\./),
      'Bump api to 2.4.0-broken',
      'Import the shop',
    ]);
    [back = '', bad = ''] = (await git(loop.repo, 'log', '-2', '--format=%H', 'main')).split('\n');
    const [hold, ...more] = await holds();
    expect(more).toEqual([]);
    expect((await git(loop.repo, 'diff', '--name-only', before, 'main')).split('\n')).toEqual([hold]);
    const file = await git(loop.repo, 'show', `main:${hold}`);
    expect(file).toMatch(/^image: api\ntag: "?2\.3\.0"?\npast: "?2\.4\.0-broken"?\n/m);
    expect(file).toContain('CrashLoopBackOff');
    expect(await api()).toBe(`${registry}/shop/api:2.3.0`);
    expect(await api('shop-prod')).toBe(`${registry}/shop/api:2.3.0`);
    expect(syncOf(state, 'shop-staging').result).toBe('synced');
    await loop.prints(/api went back from 2\.4\.0-broken to 2\.3\.0: shop-staging was not healthy/, seen);
  });

  it('is told from the push to the rollback by its records', async () => {
    const [event] = await trailers(bad, 'Windlass-Event');
    const [run] = await trailers(back, 'Windlass-Automatic');
    expect(await trailers(back, 'Windlass-Reverts')).toEqual([bad]);
    const state = await loop.until('the end of the incident', (now) =>
      incidents(now, { kind: 'unhealthy' }).every(({ resolvedAt }) => resolvedAt !== undefined),
    );
    const about = (subject: string) => state.timeline.filter(({ subjects: all }) => all.includes(subject));
    const kinds = (records: AuditRecord[]) => [...new Set(records.map(({ kind }) => kind))].sort();
    // Prod takes no prerelease: skipped there.
    expect(kinds(about(`event:${event}`))).toEqual(['bump-skipped', 'bumped', 'push-received', 'rolled-back']);
    expect(kinds(about(`revision:${bad}`))).toEqual(expect.arrayContaining(['bumped', 'rolled-back', 'synced']));
    expect(kinds(about(`revision:${back}`))).toEqual(expect.arrayContaining(['rolled-back', 'synced']));
    expect(kinds(about(`run:${run}`))).toEqual(expect.arrayContaining(['incident-opened', 'rolled-back', 'synced']));
    const records = about('sync:shop-staging').filter(({ kind }) => kind === 'rolled-back');
    expect(records).toMatchObject([{ actor: 'windlass rollback', revision: back, result: 'ok' }]);
    expect(state.timeline.filter(({ kind }) => kind === 'rollback-refused')).toEqual([]);
  });

  it('is not bumped to the same tag again, nor to a lower one that fits', async () => {
    await loop.push('shop/api:2.4.0-broken');
    await loop.push('shop/api:2.4.0-alpha');
    const state = await loop.until(
      'both pushes',
      (now) => isPushed(now, '2.4.0-broken', 2) && isPushed(now, '2.4.0-alpha') && image(now)?.waiting !== undefined,
    );
    expect(image(state)).toMatchObject({
      waiting: expect.stringContaining('a hold keeps 2.3.0'),
      holds: [{ tag: '2.3.0', past: '2.4.0-broken', who: 'windlass' }],
    });
    expect((await subjects(loop.repo)).filter((subject) => subject.startsWith('Bump'))).toHaveLength(1);
    expect(await api()).toBe(`${registry}/shop/api:2.3.0`);
  });

  it('is bumped to a newer one, which ends the hold', async () => {
    await loop.push('shop/api:2.4.0');
    await loop.until('2.4.0 everywhere', (now) => now.commits[0]?.subject.includes('2.4.0') === true && isSettled(now));
    expect(await api()).toBe(`${registry}/shop/api:2.4.0`);
    expect(await api('shop-prod')).toBe(`${registry}/shop/api:2.4.0`);
    expect(await holds()).toEqual([]);
    const state = await loop.until('no hold', (now) => image(now)?.holds.length === 0);
    expect(image(state)?.current).toEqual(['2.4.0']);
  });
});
