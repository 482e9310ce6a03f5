import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import type { Registry } from '../../lib/bump/ports.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import { host, loop, MemoryRecords, shop } from './setup.ts';

const web = `${host}/shop/web`;

/** A shop whose last commit by a person is told, and times in minutes after it. */
async function start(files: Record<string, string> = shop) {
  const world = await loop(files);
  const set = new Date(world.git.git('log', '-1', '--format=%cI', 'main')).getTime();
  const minute = (minutes: number) => new Date(set + minutes * 60_000);
  return { ...world, minute };
}

describe('a sweep that has to find something', () => {
  it('says which push no event led to, once', async () => {
    const { ports, records, registry, git, minute } = await start();
    await registry.push(web, '1.1.0', minute(5));
    const { foundBySweep } = await sweep({ now: minute(30) }, ports);
    const pushedAt = minute(5).toISOString();
    expect(foundBySweep).toEqual([{ policy: 'web', repository: web, tag: '1.1.0', pushedAt }]);
    expect(records.told()).toEqual([
      'bumped: web went from 1.0.0 to 1.1.0, found by the sweep',
      `sweep-found: web 1.1.0 was pushed at ${pushedAt}, and no event led to its bump: the sweep found it`,
    ]);
    expect([...records.written.values()].at(-1)).toMatchObject({
      revision: git.git('rev-parse', 'main'),
      subjects: ['image:web', `revision:${git.git('rev-parse', 'main')}`],
    });
    expect((await sweep({ now: minute(60) }, ports)).foundBySweep).toEqual([]);
    expect(records.told()).toHaveLength(2);
  });

  it('counts what bump committed meanwhile for no change by a person', async () => {
    const { ports, registry, push, minute } = await start();
    await registry.push(web, '1.1.0', minute(5));
    await bump({ pushes: [await push('shop/api', '4.0.0')], now: minute(10) }, ports);
    expect((await sweep({ now: minute(30) }, ports)).foundBySweep).toMatchObject([{ policy: 'web', tag: '1.1.0' }]);
  });

  it('says it of what it proposes, too', async () => {
    const windlass = shop['windlass.yaml']!.replace('<2.0.0" }', '<2.0.0", update: pull-request }');
    const { ports, registry, records, minute } = await start({ ...shop, 'windlass.yaml': windlass });
    await registry.push(web, '1.1.0', minute(5));
    expect((await sweep({ now: minute(30) }, ports)).foundBySweep).toMatchObject([{ policy: 'web' }]);
    expect(records.told().at(-1)).toMatch(/^sweep-found: web 1\.1\.0/);
    expect((await sweep({ now: minute(60) }, ports)).foundBySweep).toEqual([]);
  });

  const gated = shop['windlass.yaml']!.replace('<2.0.0" }', '<2.0.0", gates: { minAge: 10m } }');
  it.each<[string, Record<string, string>, number, number]>([
    ['an event may still be on its way', shop, 20, 30],
    ['a gate may have kept it back', { ...shop, 'windlass.yaml': gated }, 5, 60],
    ['a change in Git may have made it wanted', shop, -5, 60],
    [
      'a suspend ended meanwhile',
      { ...shop, 'suspends/web.1.yaml': 'image: web\nwho: ada\nwhy: freeze\nuntil: UNTIL\n' },
      5,
      60,
    ],
    [
      'a hold ended meanwhile',
      { ...shop, 'holds/web.1.yaml': 'image: web\ntag: 1.0.0\npast: 1.1.0\nwho: ada\nwhy: broke\nuntil: UNTIL\n' },
      5,
      60,
    ],
  ])('does not call an event lost where %s', async (_, files, pushedAfter, sweptAfter) => {
    const until = new Date(Date.now() + 20 * 60_000).toISOString();
    const given = Object.entries(files).map(([path, text]) => [path, text.replace('UNTIL', until)]);
    const { ports, registry, records, minute, show } = await start(Object.fromEntries(given));
    await registry.push(web, '1.1.0', minute(pushedAfter));
    const result = await sweep({ now: minute(sweptAfter) }, ports);
    expect(show('apps/prod.yaml')).toContain('1.1.0');
    expect(result.foundBySweep).toEqual([]);
    expect(records.told()).toEqual(['bumped: web went from 1.0.0 to 1.1.0, found by the sweep']);
  });

  it('does not call it lost where the registry sends no events', async () => {
    const files = Object.entries(shop).map(([path, text]) => [path, text.replaceAll(host, 'ghcr.io/acme')]);
    const { ports, registry, minute } = await start(Object.fromEntries(files));
    await registry.push('ghcr.io/acme/shop/web', '1.1.0', minute(5));
    await registry.push('ghcr.io/acme/shop/api', '3.0.0', minute(-5));
    expect(await sweep({ now: minute(30) }, ports)).toMatchObject({ outcome: 'committed', foundBySweep: [] });
  });

  it('brings back the records of its own commit that were lost', async () => {
    const { ports, registry, records, git, minute } = await start();
    await registry.push(web, '1.1.0', minute(5));
    const append = () => Promise.reject(new RetryableError('the table is throttled', { code: 'throttled' }));
    const broken = Object.assign(new MemoryRecords(), { append });
    await expect(sweep({ now: minute(30) }, { ...ports, records: broken })).rejects.toThrow('throttled');
    await sweep({ now: minute(45) }, ports);
    expect(git.git('rev-list', '--count', 'main')).toBe('2');
    const record = [...records.written.values()].find(({ kind }) => kind === 'bumped');
    expect(record).toMatchObject({ revision: git.git('rev-parse', 'main') });
    expect(Date.parse(record!.at)).toBe(Math.floor(minute(30).getTime() / 1000) * 1000);
  });
});

describe('trouble of many kinds at once', () => {
  it('keeps each to its own image: nothing is taken for an empty list, and everything is told', async () => {
    const names = ['good', 'throttled', 'gone', 'empty', 'suspended'];
    const { ports, records, show, minute } = await start({
      'windlass.yaml': `windlass: 1\nimages:\n${names.map((name) => `  ${name}: { image: ${host}/${name}, semver: "*" }`).join('\n')}\n`,
      'all.yaml': names.map((name) => `${name}: 1.0.0 # {"$imagepolicy": "${name}:tag"}\n`).join(''),
      'odd.yaml': 'a: [\nb: 1.0.0 # {"$imagepolicy": "good:tag"}\n',
      'suspends/suspended.1.yaml': 'image: suspended\nwho: ada\nwhy: freeze\n',
    });
    const tags: Registry['tags'] = async (repository) => {
      if (repository.endsWith('/throttled')) throw new RetryableError('page 2 is throttled', { code: 'throttled' });
      if (repository.endsWith('/empty')) return [];
      if (repository.endsWith('/gone')) return ports.registry.tags(repository);
      return [{ tag: '1.0.0' }, { tag: '2.0.0' }];
    };
    const registry = { ...ports.registry, tags };
    const pushes = names.map((name) => ({
      id: name,
      at: minute(1).toISOString(),
      cause: 'push' as const,
      repository: `${host}/${name}`,
      tag: '2.0.0',
    }));
    const { outcome, retry, skipped } = await bump({ pushes, now: minute(2) }, { ...ports, registry });
    expect(outcome).toBe('committed');
    expect(show('all.yaml')).toBe(
      names
        .map((name) => `${name}: ${name === 'good' ? '2.0.0' : '1.0.0'} # {"$imagepolicy": "${name}:tag"}\n`)
        .join('')
        .trim(),
    );
    expect(retry.map(({ id }) => id)).toEqual(['throttled']);
    expect(skipped).toContainEqual({ file: 'odd.yaml', line: 2, reason: expect.stringContaining('parse') });
    expect(Object.fromEntries([...records.images].map(([name, { waiting }]) => [name, waiting]))).toEqual({
      good: undefined,
      throttled: 'page 2 is throttled',
      gone: expect.stringContaining('the registry has no repository'),
      empty: 'no tag fits the policy semver *',
      suspended: 'suspended by ada: freeze',
    });
    expect(
      records
        .told()
        .filter((line) => line.startsWith('bump'))
        .sort(),
    ).toEqual([
      expect.stringMatching(/^bump-failed: gone: the registry has no repository/),
      'bump-failed: throttled: page 2 is throttled',
      'bump-skipped: empty stays as it is: no tag fits the policy semver *',
      'bump-skipped: suspended stays as it is: suspended by ada: freeze',
      'bumped: good went from 1.0.0 to 2.0.0',
    ]);
  });
});
