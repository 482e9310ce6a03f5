import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import { host, type Loop, loop, now } from './setup.ts';

const web = `${host}/shop/web`;
const old = `sha256:${'a'.repeat(64)}`;
const windlass = `windlass: 1\nimages:\n  web: { image: ${web}, digest: latest }\n`;
const start = (text: string, more: Record<string, string> = {}) =>
  loop({ 'windlass.yaml': windlass, 'web.yaml': `image: ${text} # {"$imagepolicy": "web"}\n`, ...more });
const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
const textIn = ({ show }: Loop) => /image: (\S+) /.exec(show('web.yaml'))?.[1];
const pushed = async ({ registry }: Loop, minutes = 0, tag = 'latest') => {
  const { digest } = await registry.push(web, tag, later(minutes));
  const at = later(minutes).toISOString();
  return { id: `push-${minutes}`, at, cause: 'push' as const, repository: web, tag, digest };
};

describe('the policy "digest"', () => {
  it('follows its tag by the digest, in one commit each time it is pushed', async () => {
    const world = await start(`${web}:latest@${old}`);
    const { git, ports, records } = world;
    const first = await pushed(world, 1);
    await bump({ pushes: [first], now }, ports);
    expect(textIn(world)).toBe(`${web}:latest@${first.digest}`);
    const body = git.git('log', '-1', '--format=%B');
    expect(body).toContain(`Windlass-From: latest@${old}\nWindlass-To: latest@${first.digest}\n`);
    expect(git.git('log', '-1', '--format=%s')).toBe(`Bump web to latest at ${first.digest.slice(0, 19)}`);
    const told = records.told();
    await bump({ pushes: [first], now: later(1) }, ports);
    expect(records.told()).toEqual(told);
    const second = await pushed(world, 2);
    await bump({ pushes: [second], now: later(2) }, ports);
    expect(textIn(world)).toBe(`${web}:latest@${second.digest}`);
    expect(git.git('rev-list', '--count', 'main')).toBe('3');
  });

  it('looks at its own tag alone', async () => {
    const world = await start(`${web}:latest@${old}`);
    const { digest } = await pushed(world);
    await bump({ pushes: [await pushed(world, 5, '9.9.9')], now }, world.ports);
    expect(textIn(world)).toBe(`${web}:latest@${digest}`);
    expect(world.records.images.get('web')).toMatchObject({
      newest: `latest@${digest}`,
      current: [`latest@${digest}`],
      rule: 'digest latest',
    });
  });

  it.each([
    ['a tag without a digest', `${web}:latest`],
    ['another tag', `${web}:stable@${old}`],
    ['no tag at all', web],
  ])('adopts %s', async (_, text) => {
    const world = await start(text);
    const push = await pushed(world);
    await bump({ pushes: [push], now }, world.ports);
    expect(textIn(world)).toBe(`${web}:latest@${push.digest}`);
  });

  it('sets tag and digest of a kustomization, and a digest alone', async () => {
    const world = await loop({
      'windlass.yaml': windlass,
      'kustomization.yaml': `images:
  - name: web
    newTag: stable # {"$imagepolicy": "web:tag"}
    digest: ${old} # {"$imagepolicy": "web:digest"}
`,
      'short.yaml': `digest: ${old} # {"$imagepolicy": "web:digest"}\n`,
    });
    const push = await pushed(world);
    await bump({ pushes: [push], now }, world.ports);
    expect(world.show('kustomization.yaml')).toBe(`images:
  - name: web
    newTag: latest # {"$imagepolicy": "web:tag"}
    digest: ${push.digest} # {"$imagepolicy": "web:digest"}`);
    expect(world.show('short.yaml')).toContain(push.digest);
  });

  it('says nothing of what was there where a key was empty', async () => {
    const world = await loop({
      'windlass.yaml': windlass,
      'a.yaml': 'tag: latest # {"$imagepolicy": "web:tag"}\ndigest: "" # {"$imagepolicy": "web:digest"}\n',
    });
    const push = await pushed(world);
    await bump({ pushes: [push], now }, world.ports);
    const message = world.git.git('log', '-1', '--format=%B');
    expect(message).toContain(`web: (empty) -> ${push.digest} (a.yaml:2)`);
    expect(message).not.toContain('Windlass-From');
  });

  it('says so where nothing in Git can hold a digest', async () => {
    const world = await loop({
      'windlass.yaml': windlass,
      'web.yaml': 'newTag: latest # {"$imagepolicy": "web:tag"}\n',
    });
    const { skipped } = await bump({ pushes: [await pushed(world)], now }, world.ports);
    const why = 'nothing in Git can hold a digest of "web": mark the whole reference, or a digest with :digest';
    expect(skipped).toEqual([{ file: 'web.yaml', line: 1, reason: why, policies: ['web'] }]);
    expect(world.records.images.get('web')?.waiting).toBe(why);
  });

  it('says that the registry has no such tag, and changes nothing', async () => {
    const world = await start(`${web}:latest@${old}`);
    await sweep({ now }, world.ports);
    expect(textIn(world)).toBe(`${web}:latest@${old}`);
    expect(world.records.images.get('web')?.waiting).toBe(`the registry has no tag latest of ${web}`);
  });

  it('takes an error for no missing tag', async () => {
    const world = await start(`${web}:latest@${old}`);
    const push = await pushed(world);
    const tag = () => Promise.reject(new RetryableError('ECR is throttled', { code: 'throttled' }));
    const ports = { ...world.ports, registry: { ...world.registry, tag } };
    expect((await bump({ pushes: [push], now }, ports)).retry).toEqual([push]);
    expect(world.records.images.get('web')?.waiting).toBe('ECR is throttled');
  });

  it('does not take a digest that a hold names, however often the tag is moved back to it', async () => {
    const world = await start(`${web}:latest@${old}`);
    const { ports, git, records } = world;
    const bad = await pushed(world, 1);
    const hold = `image: web\ntag: latest@${old}\npast: ${bad.digest}\nwho: ada\nwhy: it broke\n`;
    git.push({ 'holds/web.1.yaml': hold });
    await bump({ pushes: [bad], now }, ports);
    await sweep({ now: later(1) }, ports);
    expect(textIn(world)).toBe(`${web}:latest@${old}`);
    expect(records.images.get('web')?.waiting).toContain(`does not take ${bad.digest} (it broke)`);
    const good = await pushed(world, 5);
    await bump({ pushes: [good], now: later(5) }, ports);
    expect(textIn(world)).toBe(`${web}:latest@${good.digest}`);
    expect(git.git('ls-tree', '-r', '--name-only', 'main')).not.toContain('holds/');
    expect(records.announced.at(-1)?.released).toHaveLength(1);
  });

  it('waits at a gate as tags do', async () => {
    const world = await loop({
      'windlass.yaml': windlass.replace('latest }', 'latest, gates: { scan: high } }'),
      'web.yaml': `image: ${web}:latest@${old} # {"$imagepolicy": "web"}\n`,
    });
    const { registry, ports, records } = world;
    const { digest } = await registry.push(web, 'latest', now, { scan: { state: 'pending' } });
    await sweep({ now }, ports);
    expect(records.images.get('web')?.waiting).toBe(`latest@${digest} waits: scan: it is not finished`);
    await registry.push(web, 'latest', now, { scan: { state: 'complete', findings: {} } });
    await sweep({ now: later(1) }, ports);
    expect(textIn(world)).toBe(`${web}:latest@${digest}`);
  });
});
