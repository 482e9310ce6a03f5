import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Metrics } from '../../lib/model/delivery-figures.ts';
import {
  describeLoop,
  incidents,
  isSettled,
  type Loop,
  removeDir,
  runWindlass,
  startHealthyLoop,
} from '../helpers/loop.ts';

describeLoop('what a team is measured by in local mode', () => {
  let dir: string;
  let loop: Loop;

  beforeAll(async () => {
    ({ dir, loop } = await startHealthyLoop());
  });
  afterAll(() => removeDir(dir));

  const push = async (tag: string) => {
    await loop.push(`shop/web:${tag}`);
    await loop.until(`web at ${tag}`, ({ images }) => images.some(({ current }) => current.includes(tag)));
  };
  const metrics = async (...args: string[]) => {
    const { code, stdout, stderr } = await runWindlass(['metrics', '--dir', dir, ...args]);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  };

  it('is a release that took some seconds, one that crashed, and the one that restored it', async () => {
    const before = JSON.parse(await metrics('--json', 'image/web')) as Metrics;
    expect(before.delivery.overall).toMatchObject({ rollouts: 0, deployments: 0, failed: 0 });
    await push('1.5.0');
    await loop.until('1.5.0 everywhere', isSettled);
    await push('1.6.0-broken');
    await loop.until('an incident', (now) => incidents(now, { kind: 'unhealthy' }).length === 1);
    await push('1.6.0');
    const state = await loop.until(
      'the end of the incident',
      (now) =>
        isSettled(now) && incidents(now, { kind: 'unhealthy' }).every(({ resolvedAt }) => resolvedAt !== undefined),
    );
    const { delivery } = JSON.parse(await metrics('--json', 'image/web')) as Metrics;
    // Only staging takes what is broken.
    expect(delivery.syncs['shop-staging']).toMatchObject({
      ...{ rollouts: 3, deployments: 2, failed: 1, undecided: 0, notBumped: 0, notPushed: 0, down: 0 },
      ...{ leadFromPush: { count: 2 }, restore: { count: 1 } },
    });
    const [incident] = incidents(state, { kind: 'unhealthy' });
    const restored = (Date.parse(incident!.resolvedAt!) - Date.parse(incident!.openedAt)) / 1000;
    expect(delivery.overall.restore).toEqual({ count: 1, mean: restored, p50: restored, p95: restored });
    const lead = delivery.syncs['shop-staging']!.leadFromPush!;
    expect(lead.p50).toBeGreaterThan(0);
    expect(lead.p95).toBeGreaterThanOrEqual(delivery.syncs['shop-staging']!.leadFromCommit!.p50);
    expect(delivery.overall.periods.at(-1)).toMatchObject({ failed: 1 });
  });

  it('is the same on the page', async () => {
    const { delivery } = JSON.parse(await metrics('--json')) as Metrics;
    const counted = ({ rollouts, deployments, failed, restore }: Metrics['delivery']['overall']) => ({
      ...{ rollouts, deployments, failed, restore },
    });
    await loop.until(
      'the figures',
      ({ metrics: shown }) => shown?.delivery.overall.rollouts === delivery.overall.rollouts,
    );
    const answer = await fetch(new URL('/api/metrics?days=30', loop.url));
    const shown = (await answer.json()) as Metrics;
    expect(counted(shown.delivery.overall)).toEqual(counted(delivery.overall));
    // The first pull of each sync is a deployment, too.
    expect(Object.keys(delivery.syncs)).toEqual(['infra', 'shop-prod', 'shop-staging']);
    expect(await metrics()).toMatch(/^change failures +\S+ +1 of \d+ roll-outs/m);
  });
});
