import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditRecord } from '../../lib/model/audit-record.ts';
import {
  describeLoop,
  git,
  incidents,
  isSettled,
  type Loop,
  makeDir,
  removeDir,
  startLoop,
  subjects,
  syncOf,
} from '../helpers/loop.ts';

const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

describeLoop('from a push to the cluster', () => {
  let dir: string;
  let loop: Loop;

  const imageOf = (namespace: string) =>
    loop.kubectl('-n', namespace, 'get', 'deployment/web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}');
  const commits = () => subjects(loop.repo);

  beforeAll(async () => {
    dir = await makeDir();
    loop = await startLoop({ dir });
  });
  afterAll(() => removeDir(dir));

  it('starts from nothing with a healthy shop', async () => {
    const state = await loop.until('a healthy shop', isSettled);
    expect(state.syncs.map(({ sync }) => sync)).toEqual(['infra', 'shop-staging', 'shop-prod']);
    expect(state.syncs.flatMap(({ errors }) => errors)).toEqual([]);
    expect(state.syncs.flatMap(({ health }) => health).filter(({ status }) => status !== 'Current')).toEqual([]);
    expect(state.incidents).toEqual([]);
    expect(await commits()).toEqual(['Import the shop']);
    const claim = await loop.kubectl('-n', 'shop-prod', 'get', 'pvc', '-o', 'jsonpath={.items[*].status.phase}');
    expect(claim).toBe('Bound');
    expect(await loop.kubectl('get', 'maintenancewindows')).toContain('weekly');
  });

  it('answers a push with one commit, and rolls both environments out', async () => {
    await loop.push('shop/web:1.5.0');
    const state = await loop.until('the roll-out of 1.5.0', (now) => now.commits.length === 2 && isSettled(now));
    expect(await commits()).toEqual(['Bump web to 1.5.0 and web-prod to 1.5.0', 'Import the shop']);
    for (const namespace of ['shop-staging', 'shop-prod']) {
      expect(await imageOf(namespace)).toBe(`${registry}/shop/web:1.5.0`);
      const pods = await loop.kubectl('-n', namespace, 'rollout', 'status', 'deployment/web', '--timeout=480s');
      expect(pods).toContain('successfully rolled out');
    }
    expect(state.incidents).toEqual([]);
  });

  it('changes only the bytes of the two tags', async () => {
    const changed = await git(loop.repo, 'show', '--format=', '--unified=0', '--no-color', 'main');
    const lines = changed.split('\n').filter((line) => /^[+-][^+-]/.test(line));
    expect(lines).toEqual([
      '-    newTag: 1.4.2 # {"$imagepolicy": "web-prod:tag"}',
      '+    newTag: 1.5.0 # {"$imagepolicy": "web-prod:tag"}',
      '-    newTag: 1.4.2 # {"$imagepolicy": "web:tag"}',
      '+    newTag: 1.5.0 # {"$imagepolicy": "web:tag"}',
    ]);
  });

  it('says in the trailers what the commit did and why', async () => {
    const trailers = await git(loop.repo, 'log', '-1', '--format=%(trailers:only,unfold)', 'main');
    const event = trailers.split('\n').at(-1)!;
    expect(trailers.split('\n').slice(0, -1)).toEqual([
      'Windlass-Policy: web',
      `Windlass-Image: ${registry}/shop/web`,
      'Windlass-From: 1.4.2',
      'Windlass-To: 1.5.0',
      expect.stringMatching(/^Windlass-Digest: sha256:[0-9a-f]{64}$/),
      'Windlass-Policy: web-prod',
      `Windlass-Image: ${registry}/shop/web`,
      'Windlass-From: 1.4.2',
      'Windlass-To: 1.5.0',
      expect.stringMatching(/^Windlass-Digest: sha256:[0-9a-f]{64}$/),
    ]);
    expect(event).toMatch(/^Windlass-Event: [0-9a-f-]{36}$/);
  });

  it('ties push, bump and sync together in the audit records', async () => {
    const head = await git(loop.repo, 'rev-parse', 'main');
    const { timeline } = await loop.state();
    const about = (subject: string) => timeline.filter(({ subjects: all }) => all.includes(subject));
    const event = (
      await git(loop.repo, 'log', '-1', '--format=%(trailers:key=Windlass-Event,valueonly)', 'main')
    ).trim();
    const kinds = (records: AuditRecord[]) => [...new Set(records.map(({ kind }) => kind))].sort();
    expect(kinds(about(`event:${event}`))).toEqual(['bumped', 'push-received']);
    expect(kinds(about(`revision:${head}`))).toEqual(['bumped', 'image-left', 'image-running', 'synced']);
    const synced = about(`revision:${head}`).filter(({ kind }) => kind === 'synced');
    expect(new Set(synced.flatMap(({ subjects: all }) => all.filter((one) => one.startsWith('sync:'))))).toEqual(
      new Set(['sync:infra', 'sync:shop-staging', 'sync:shop-prod']),
    );
    const deployment = about('object:apps/Deployment/shop-prod/web').find(({ kind }) => kind === 'object-applied');
    const run = deployment?.subjects.find((one) => one.startsWith('run:'));
    expect(synced.some(({ subjects: all }) => all.includes(run!))).toBe(true);
  });

  it('makes no commit for the same push again, twice at once', async () => {
    await Promise.all([loop.push('shop/web:1.5.0'), loop.push('shop/web:1.5.0')]);
    await loop.until('both pushes on record', ({ timeline }) => pushes(timeline, 'shop/web:1.5.0') === 3);
    expect(await commits()).toHaveLength(2);
  });

  it('takes the newest of pushes that come out of order, and never goes back', async () => {
    await Promise.all(['1.5.3', '1.5.1', '1.5.2'].map((tag) => loop.push(`shop/web:${tag}`)));
    await loop.until('three pushes on record', ({ timeline }) =>
      ['1.5.1', '1.5.2', '1.5.3'].every((tag) => pushes(timeline, `shop/web:${tag}`) === 1),
    );
    await loop.until('1.5.3 everywhere', isSettled);
    expect(await imageOf('shop-staging')).toBe(`${registry}/shop/web:1.5.3`);
    expect(await imageOf('shop-prod')).toBe(`${registry}/shop/web:1.5.3`);
    const subjectsNow = await commits();
    expect(subjectsNow[0]).toBe('Bump web to 1.5.3 and web-prod to 1.5.3');
    expect(subjectsNow.length).toBeLessThanOrEqual(5);
  });

  it('says why a tag outside of the policy is not taken', async () => {
    const before = await commits();
    await loop.push('shop/web:2.0.0');
    const { timeline } = await loop.until('the push on record', (now) => pushes(now.timeline, 'shop/web:2.0.0') === 1);
    expect(timeline.filter(({ kind }) => kind === 'bumped').every(({ summary }) => !summary.includes('2.0.0'))).toBe(
      true,
    );
    expect(await commits()).toEqual(before);
  });

  it('reports a version that crashes with the reason of its pod, and leaves prod alone', async () => {
    const seen = loop.output().length;
    await loop.push('shop/web:1.6.0-broken');
    const state = await loop.until('an incident', (now) => incidents(now, { kind: 'unhealthy' }).length === 1);
    const [incident] = incidents(state, { kind: 'unhealthy' });
    expect(incident).toMatchObject({ sync: 'shop-staging', title: 'shop-staging is not healthy' });
    expect(incident?.resolvedAt).toBeUndefined();
    expect(incident?.details?.join('\n')).toMatch(/apps\/Deployment\/shop-staging\/web: Failed, .*CrashLoopBackOff/);
    expect((await loop.prints(/alert shop-staging is not healthy\n.*CrashLoopBackOff/, seen))[0]).toBeDefined();
    expect(syncOf(state, 'shop-staging').result).toBe('unhealthy');
    expect(syncOf(state, 'shop-prod').result).toBe('synced');
    expect(await imageOf('shop-staging')).toBe(`${registry}/shop/web:1.6.0-broken`);
    expect(await imageOf('shop-prod')).toBe(`${registry}/shop/web:1.5.3`);
    expect((await commits())[0]).toBe('Bump web to 1.6.0-broken');
  });

  it('resolves the incident once a newer version is healthy', async () => {
    await loop.push('shop/web:1.6.0');
    const state = await loop.until(
      'the end of the incident',
      (now) =>
        isSettled(now) && incidents(now, { kind: 'unhealthy' }).every(({ resolvedAt }) => resolvedAt !== undefined),
    );
    expect(incidents(state, { kind: 'unhealthy' }).map(({ resolution }) => resolution)).toEqual(['healthy again']);
    expect(await imageOf('shop-staging')).toBe(`${registry}/shop/web:1.6.0`);
    expect(await imageOf('shop-prod')).toBe(`${registry}/shop/web:1.6.0`);
    await loop.prints(/fixed shop-staging is not healthy: healthy again/);
    const kinds = state.timeline.filter(({ subjects: all }) => all.some((one) => one.startsWith('incident:')));
    expect(kinds.map(({ kind }) => kind)).toEqual(['incident-resolved', 'incident-opened']);
  });

  it('moves several images of one push each by its own policy', async () => {
    await loop.push('shop/worker:main-0c44e1f-1793782800');
    await loop.push('shop/report:2026-11-04');
    await loop.until('both', (now) => now.commits.some(({ subject }) => subject.includes('report')) && isSettled(now));
    expect((await commits()).slice(0, 2)).toEqual([
      'Bump report to 2026-11-04',
      'Bump worker to main-0c44e1f-1793782800',
    ]);
    const reports = await loop.kubectl(
      'get',
      'cronjobs',
      '-A',
      '-o',
      'jsonpath={.items[*].spec.jobTemplate.spec.template.spec.containers[0].image}',
    );
    expect(reports).toBe(`${registry}/shop/report:2026-11-04 ${registry}/shop/report:2026-11-04`);
  });

  it('refuses what cannot be a push, and says what there is', async () => {
    const post = (body: string, headers: Record<string, string> = {}) =>
      fetch(new URL('/api/push', loop.url), {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      });
    expect((await post('{"repository": "shop/wbe", "tag": "1.0.0"}')).status).toBe(400);
    expect((await post('{"repository": "shop/web", "tag": "not a tag"}')).status).toBe(400);
    expect((await post('not json')).status).toBe(400);
    expect((await post('{"repository": "shop/web", "tag": "1.6.1"}', { origin: 'http://evil.example' })).status).toBe(
      403,
    );
    expect((await post('{"repository": "shop/web", "tag": "1.6.1"}', { 'content-type': 'text/plain' })).status).toBe(
      403,
    );
    expect((await loop.state()).images.find(({ policy }) => policy === 'web')?.newest).toBe('1.6.0');
  });
});

/** How many pushes of an image are on record. */
function pushes(timeline: AuditRecord[], image: string): number {
  return timeline.filter(
    ({ kind, summary }) => kind === 'push-received' && summary === `${registry}/${image} was pushed`,
  ).length;
}
