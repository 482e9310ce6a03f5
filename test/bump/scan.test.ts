import { describe, expect, it } from 'vitest';
import { bump } from '../../lib/bump/bump.ts';
import type { Push } from '../../lib/bump/push-event.ts';
import type { ScanState } from '../../lib/policy/gates.ts';
import { host, loop, now, shop } from './setup.ts';

const gated = {
  ...shop,
  'windlass.yaml': shop['windlass.yaml']!.replace('<2.0.0" }', '<2.0.0", gates: { scan: high } }'),
};
const repository = `${host}/shop/web`;
const clean: ScanState = { state: 'complete', findings: { low: 3 } };

/** A shop where 1.1.0 was pushed and waits for its scan. */
async function waiting() {
  const world = await loop(gated);
  const { registry, ports, records } = world;
  const scanned = (scan: ScanState) => registry.push(repository, '1.1.0', now, { scan });
  const { digest } = await scanned({ state: 'pending' });
  const push: Push = { id: 'push-1', at: now.toISOString(), cause: 'push', repository, tag: '1.1.0', digest };
  await bump({ pushes: [push], now }, ports);
  expect(records.images.get('web')?.waiting).toContain('1.1.0');
  expect(world.show('apps/prod.yaml')).toContain('1.0.0');
  const answer = (more: Partial<Push> = {}) =>
    bump({ pushes: [{ id: 'scan-1', at: now.toISOString(), cause: 'scan', repository, digest, ...more }], now }, ports);
  return { ...world, scanned, digest, answer };
}

describe('the event of a scan', () => {
  it('takes the tag that waited for it, and says what it was', async () => {
    const { scanned, answer, records, show, digest } = await waiting();
    await scanned(clean);
    const { outcome } = await answer();
    expect(outcome).toBe('committed');
    expect(show('apps/prod.yaml')).toContain('1.1.0');
    expect(records.images.get('web')?.waiting).toBeUndefined();
    const told = records.told();
    expect(told.slice(-2)).toEqual([
      `scan-finished: the scan of ${repository}@${digest} finished`,
      'bumped: web went from 1.0.0 to 1.1.0',
    ]);
    await answer();
    expect(records.told()).toEqual(told);
  });

  it('changes nothing where the scan found too much, and says why', async () => {
    const { scanned, answer, records, show } = await waiting();
    await scanned({ state: 'complete', findings: { critical: 1 } });
    await answer({ tag: '1.1.0' });
    expect(show('apps/prod.yaml')).toContain('1.0.0');
    expect(records.told().at(-1)).toMatch(
      /^bump-skipped: web stays as it is.*: 1\.1\.0 waits: scan: 1 finding of high or above/,
    );
    const record = [...records.written.values()].findLast(({ kind }) => kind === 'bump-skipped');
    expect(record?.details).toMatchObject({ waits: true });
  });

  it('of an image that Git has already changes nothing, with or without its tag', async () => {
    const { scanned, answer, records, registry } = await waiting();
    await scanned(clean);
    await answer();
    const before = records.told().length;
    await answer({ id: 'scan-2' });
    await answer({ id: 'scan-3', tag: '1.1.0' });
    await registry.push(`${host}/shop/none`, '1.0.0', now);
    await answer({ id: 'scan-4', repository: `${host}/shop/none` });
    expect(
      records
        .told()
        .slice(before)
        .filter((line) => !line.startsWith('scan-finished')),
    ).toEqual([
      'bump-skipped: web stays as it is: Git has 1.1.0 already',
      'bump-skipped: web stays as it is: Git has 1.1.0 already',
      `event-ignored: no image in windlass.yaml is ${host}/shop/none`,
    ]);
  });

  it.each([
    ['replication', `${repository}:1.1.0 was replicated`],
    ['pull-through', `${repository}:1.1.0 was pulled through the cache`],
    ['push', `${repository}:1.1.0 was pushed`],
  ] as const)('is told apart from a %s', async (cause, words) => {
    const { scanned, answer, records } = await waiting();
    await scanned(clean);
    await answer({ id: cause, cause, tag: '1.1.0' });
    const record = [...records.written.values()].find(({ subjects }) => subjects.includes(`event:${cause}`));
    expect(record).toMatchObject({ kind: 'push-received', actor: `${cause} event`, summary: words });
  });
});
