import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { ScanState } from '../../lib/policy/gates.ts';
import { host, type Loop, loop, now, registryWith } from './setup.ts';

const web = `${host}/shop/web`;
const marker = (text: string) => `image: ${text} # {"$imagepolicy": "web"}\n`;
const start = (keys: string, text = `${web}:1.0.0`, more: Record<string, string> = {}) =>
  loop({
    'windlass.yaml': `windlass: 1\nimages:\n  web: { image: ${web}, semver: "*", ${keys} }\n`,
    'web.yaml': marker(text),
    ...more,
  });
const complete = (findings: Record<string, number> = {}): ScanState => ({ state: 'complete', findings });
const pushed = async ({ registry }: Loop, tag: string, image: { scan?: ScanState; platforms?: string[] }, at = now) => {
  const { digest } = await registry.push(web, tag, at, image);
  return { id: `push-${tag}`, at: at.toISOString(), cause: 'push' as const, repository: web, tag, digest };
};
const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
const tagIn = ({ show }: Loop) => /web:(\S+) /.exec(show('web.yaml'))?.[1];

describe('the gate "scan"', () => {
  it.each<[string, ScanState, string]>([
    ['under way', { state: 'pending' }, 'scan: it is not finished'],
    ['done with a finding', complete({ critical: 1, high: 1, low: 9 }), 'scan: 2 findings of high or above'],
    [
      'not there',
      { state: 'none', reason: 'scanning is off' },
      'scan: there is none (scanning is off): switch scanning on in the registry, or leave out the gate',
    ],
  ])('keeps back a tag whose scan is %s, where everybody sees it', async (_, scan, why) => {
    const world = await start('gates: { scan: high }');
    const { ports, records } = world;
    const pushes = [await pushed(world, '1.1.0', { scan })];
    expect((await bump({ pushes, now }, ports)).outcome).toBe('nothing-to-do');
    expect(records.images.get('web')).toMatchObject({
      current: ['1.0.0'],
      newest: '1.1.0',
      waiting: `1.1.0 waits: ${why}`,
    });
    expect(records.told().at(-1)).toBe(`bump-skipped: web stays as it is: 1.1.0 waits: ${why}`);
    expect([...records.written.values()].at(-1)?.details).toMatchObject({ waits: true });
    const told = records.told();
    await bump({ pushes, now: later(1) }, ports);
    expect(records.told()).toEqual(told);
  });

  it('lets a tag through whose scan found less', async () => {
    const world = await start('gates: { scan: high }');
    const pushes = [await pushed(world, '1.1.0', { scan: complete({ medium: 3 }) })];
    await bump({ pushes, now }, world.ports);
    expect(tagIn(world)).toBe('1.1.0');
    expect(world.records.images.get('web')?.waiting).toBeUndefined();
  });

  it('takes the next lower tag meanwhile, says what waits, and takes that one after its scan', async () => {
    const world = await start('gates: { scan: high }');
    const { ports, records } = world;
    const pushes = [
      await pushed(world, '1.1.0', { scan: complete() }),
      await pushed(world, '1.2.0', { scan: complete({ high: 1 }) }),
      await pushed(world, '1.3.0', { scan: { state: 'pending' } }),
    ];
    await bump({ pushes, now }, ports);
    expect(tagIn(world)).toBe('1.1.0');
    expect(records.images.get('web')).toMatchObject({
      current: ['1.1.0'],
      newest: '1.3.0',
      waiting: '1.3.0 waits: scan: it is not finished (1 older tag waits, too)',
    });
    expect(records.told().filter((line) => line.startsWith('bump'))).toEqual([
      'bump-skipped: web moved, but not all the way: 1.3.0 waits: scan: it is not finished (1 older tag waits, too)',
      'bump-skipped: web moved, but not all the way: 1.2.0 waits: scan: 1 finding of high or above',
      'bump-skipped: web moved, but not all the way: 1.3.0 waits: scan: it is not finished',
      'bumped: web went from 1.0.0 to 1.1.0',
    ]);
    await pushed(world, '1.3.0', { scan: complete() });
    const scan = { id: 'scan', at: later(1).toISOString(), cause: 'scan' as const, repository: web, tag: '1.3.0' };
    await bump({ pushes: [scan], now: later(1) }, ports);
    expect(tagIn(world)).toBe('1.3.0');
    expect(records.images.get('web')?.waiting).toBeUndefined();
  });

  it('never goes down for it: what Git has stays, whatever its own scan says', async () => {
    const world = await start('gates: { scan: low }, allowDowngrade: true', `${web}:1.2.0`);
    const { ports, records } = world;
    await pushed(world, '1.1.0', { scan: complete() });
    const pushes = [
      await pushed(world, '1.2.0', { scan: complete({ critical: 5 }) }),
      await pushed(world, '1.3.0', { scan: { state: 'pending' } }),
    ];
    await bump({ pushes, now }, ports);
    expect(tagIn(world)).toBe('1.2.0');
    expect(records.images.get('web')?.waiting).toBe('1.3.0 waits: scan: it is not finished');
  });

  it('keeps a digest back that a tag in Git was moved to', async () => {
    const old = `sha256:${'a'.repeat(64)}`;
    const world = await start('gates: { scan: high }', `${web}:1.1.0@${old}`);
    const { ports, records } = world;
    await bump({ pushes: [await pushed(world, '1.1.0', { scan: { state: 'pending' } })], now }, ports);
    expect(tagIn(world)).toBe(`1.1.0@${old}`);
    const waiting = 'the present digest of 1.1.0 waits: scan: it is not finished';
    expect(records.images.get('web')?.waiting).toBe(waiting);
    expect(records.told().at(-1)).toBe(`bump-skipped: web stays as it is: ${waiting}`);
    const push = await pushed(world, '1.1.0', { scan: complete() });
    await bump({ pushes: [push], now: later(1) }, ports);
    expect(tagIn(world)).toBe(`1.1.0@${push.digest}`);
  });

  it('changes nothing and sends the push again when the scan cannot be asked for', async () => {
    const world = await start('gates: { scan: high }');
    const { ports, records, registry } = world;
    const pushes = [await pushed(world, '1.1.0', { scan: complete() })];
    const scan = () => Promise.reject(new RetryableError('ECR is throttled', { code: 'throttled' }));
    const result = await bump({ pushes, now }, { ...ports, registry: { ...registry, scan } });
    expect(result).toMatchObject({ outcome: 'nothing-to-do', retry: pushes });
    expect(records.images.get('web')?.waiting).toBe('ECR is throttled');
    expect(tagIn(world)).toBe('1.0.0');
  });

  it('asks of at most 20 tags in one bump, and says that it goes no further', async () => {
    const tags = Array.from({ length: 400 }, (_, index) => ({ tag: `1.${index + 1}.0`, digest: `sha256:${index}` }));
    const asked: string[] = [];
    const registry = registryWith({
      tags: async () => tags,
      scan: async (_, digest) => {
        asked.push(digest);
        return { state: 'pending' };
      },
    });
    const world = await start('gates: { scan: high }', 'placeholder');
    await sweep({ now }, { ...world.ports, registry });
    expect(asked).toEqual(Array.from({ length: 20 }, (_, index) => `sha256:${399 - index}`));
    expect(world.records.images.get('web')?.waiting).toBe(
      '1.400.0 waits: scan: it is not finished (19 older tags wait, too); older ones are not asked for',
    );
    expect(world.show('web.yaml')).toBe(marker('placeholder').trim());
  });
});

describe('the gate "minAge"', () => {
  it('opens with time alone, which the sweep finds; no event was lost by it', async () => {
    const world = await start('gates: { minAge: 10m }');
    const { ports, records } = world;
    const pushes = [await pushed(world, '1.1.0', {})];
    await bump({ pushes, now }, ports);
    const waiting = '1.1.0 waits: minAge 10m is over at 2026-11-22T10:10:01Z';
    expect(records.images.get('web')?.waiting).toBe(waiting);
    const told = records.told();
    await bump({ pushes, now: later(9) }, ports);
    expect(tagIn(world)).toBe('1.0.0');
    expect(records.told()).toEqual(told);
    const result = await sweep({ now: later(60) }, ports);
    expect(tagIn(world)).toBe('1.1.0');
    expect(result.foundBySweep).toEqual([]);
    expect(records.images.get('web')?.waiting).toBeUndefined();
  });

  it('keeps back a tag whose age nobody tells', async () => {
    const world = await start('gates: { minAge: 10m }');
    const registry = registryWith({ tags: async () => [{ tag: '1.0.0' }, { tag: '1.1.0' }] });
    await sweep({ now }, { ...world.ports, registry });
    expect(world.records.images.get('web')?.waiting).toBe(
      '1.1.0 waits: the registry does not tell when it was pushed, and minAge 10m needs to know',
    );
  });

  it('is asked before the scan, which costs a request', async () => {
    const world = await start('gates: { minAge: 10m, scan: high }');
    const registry = registryWith({
      tags: async () => [{ tag: '1.1.0', digest: `sha256:${'b'.repeat(64)}`, pushedAt: now.toISOString() }],
    });
    await sweep({ now }, { ...world.ports, registry });
    expect(world.records.images.get('web')?.waiting).toBe('1.1.0 waits: minAge 10m is over at 2026-11-22T10:10:01Z');
  });
});

describe('platforms', () => {
  it('keep back an image that lacks one, and take the next lower one that has them all', async () => {
    const world = await start('platforms: [linux/amd64, linux/arm64]');
    const { ports, records } = world;
    const both = ['linux/amd64', 'linux/arm64/v8'];
    const pushes = [
      await pushed(world, '1.1.0', { platforms: both }),
      await pushed(world, '1.2.0', { platforms: ['linux/amd64'] }),
    ];
    await bump({ pushes, now }, ports);
    expect(tagIn(world)).toBe('1.1.0');
    expect(records.images.get('web')?.waiting).toBe('1.2.0 waits: lacks linux/arm64: it has only linux/amd64');
    await bump({ pushes: [await pushed(world, '1.2.0', { platforms: both })], now: later(1) }, ports);
    expect(tagIn(world)).toBe('1.2.0');
  });

  it('are not asked of the image that Git has', async () => {
    const world = await start('platforms: [linux/arm64], gates: { scan: high }');
    const registry = registryWith({ tags: async () => [{ tag: '1.0.0', digest: 'sha256:1' }] });
    expect((await sweep({ now }, { ...world.ports, registry })).outcome).toBe('nothing-to-do');
    expect(world.records.images.get('web')?.waiting).toBeUndefined();
  });
});

describe('a gate beside a hold', () => {
  it('releases the hold only with the tag that passes both', async () => {
    const world = await start('gates: { scan: high }', `${web}:1.0.0`, {
      'holds/web.1.yaml': 'image: web\ntag: 1.0.0\npast: 1.1.0\nwho: ada\nwhy: it broke\n',
    });
    const { ports, records, git } = world;
    await pushed(world, '1.1.0', { scan: complete() });
    await bump({ pushes: [await pushed(world, '1.2.0', { scan: { state: 'pending' } })], now }, ports);
    expect(tagIn(world)).toBe('1.0.0');
    expect(records.images.get('web')?.waiting).toContain('1.2.0 waits: scan: it is not finished');
    await bump({ pushes: [await pushed(world, '1.2.0', { scan: complete() })], now: later(1) }, ports);
    expect(tagIn(world)).toBe('1.2.0');
    expect(git.git('ls-tree', '-r', '--name-only', 'main')).not.toContain('holds/');
  });
});
