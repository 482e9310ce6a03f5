import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import { host, type Loop, loop, now, registryWith } from './setup.ts';

const web = `${host}/shop/web`;
const marker = (tag: string) => `image: ${web}:${tag} # {"$imagepolicy": "web"}\n`;
const start = (tag: string, more: Record<string, string> = {}) =>
  loop({
    'windlass.yaml': `windlass: 1\nimages:\n  web: { image: ${web}, newest: true, filter: '^main-' }\n`,
    'web.yaml': marker(tag),
    ...more,
  });
const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
const tagIn = ({ show }: Loop) => /web:(\S+) /.exec(show('web.yaml'))?.[1];
const pushed = async ({ registry }: Loop, tag: string, minutes: number) => {
  await registry.push(web, tag, later(minutes));
  return { id: `push-${tag}`, at: later(minutes).toISOString(), cause: 'push' as const, repository: web, tag };
};

describe('the policy "newest"', () => {
  it('takes what was pushed last, whatever the order of the events and of the texts', async () => {
    const world = await start('main-a');
    await pushed(world, 'main-a', 0);
    const [third, second] = [await pushed(world, 'main-b', 20), await pushed(world, 'main-c', 10)];
    await pushed(world, 'feature-z', 30);
    await bump({ pushes: [third], now: later(30) }, world.ports);
    expect(tagIn(world)).toBe('main-b');
    await bump({ pushes: [second], now: later(31) }, world.ports);
    expect(tagIn(world)).toBe('main-b');
    expect(world.records.told().at(-1)).toBe('bump-skipped: web stays as it is: main-c is older than main-b');
    expect(world.records.images.get('web')).toMatchObject({ rule: 'newest pushed', newest: 'main-b' });
  });

  it('goes by the commit that set the tag where the registry has lost it: only a later push is taken', async () => {
    const world = await start('main-gone');
    const { git, ports, records } = world;
    const set = new Date(git.git('log', '-1', '--format=%cI', 'main'));
    const at = (minutes: number) => (set.getTime() - now.getTime()) / 60_000 + minutes;
    await bump({ pushes: [await pushed(world, 'main-old', at(-60))], now: set }, ports);
    expect(tagIn(world)).toBe('main-gone');
    expect(records.images.get('web')?.waiting).toBeUndefined();
    expect(records.told().at(-1)).toMatch(
      /^bump-skipped: web stays as it is: the registry does not tell when main-gone in Git was pushed, and no image that fits was pushed after .*, when it was set$/,
    );
    await bump({ pushes: [await pushed(world, 'main-new', at(5))], now: set }, ports);
    expect(tagIn(world)).toBe('main-new');
  });

  it('says that no tag fits where the registry tells no push times', async () => {
    const world = await start('main-a');
    const registry = registryWith({ tags: async () => [{ tag: 'main-a' }, { tag: 'main-b' }] });
    await sweep({ now }, { ...world.ports, registry });
    expect(tagIn(world)).toBe('main-a');
    expect(world.records.images.get('web')?.waiting).toBe(
      'no tag fits the policy newest pushed: the registry does not tell when 2 of its 2 tags were pushed',
    );
  });

  it('passes a hold only with an image that was pushed after its "past"', async () => {
    const hold = 'image: web\ntag: main-a\npast: main-b\nwho: ada\nwhy: it broke\n';
    const world = await start('main-a', { 'holds/web.1.yaml': hold });
    await pushed(world, 'main-a', 0);
    await pushed(world, 'main-b', 10);
    await bump({ pushes: [await pushed(world, 'main-x', 5)], now: later(15) }, world.ports);
    expect(tagIn(world)).toBe('main-a');
    expect(world.records.images.get('web')?.waiting).toContain('takes only images pushed after main-b (it broke)');
    await bump({ pushes: [await pushed(world, 'main-aa', 20)], now: later(21) }, world.ports);
    expect(tagIn(world)).toBe('main-aa');
    expect(world.git.git('ls-tree', '-r', '--name-only', 'main')).not.toContain('holds/');
  });
});
