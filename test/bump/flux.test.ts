import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import { host, loop, now } from './setup.ts';

const policy = (
  name: string,
  more = '',
  namespace = '  namespace: flux-system\n',
) => `apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata:
  name: ${name}
${namespace}spec:
  imageRepositoryRef:
    name: ${name}
  policy:
    semver:
      range: ">=1.0.0"
${more}`;
const repository = (name: string, more = '') => `apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata:
  name: ${name}
  namespace: flux-system
spec:
  image: ${host}/shop/${name}
  interval: 5m
${more}`;
const marked = (tag: string, name = 'flux-system:web') =>
  `image: ${host}/shop/web:${tag} # {"$imagepolicy": "${name}"}`;

describe("a repo of Flux's image automation", () => {
  it('works as it is, beside an empty windlass.yaml', async () => {
    const { ports, push, show, records } = await loop({
      'windlass.yaml': 'windlass: 1\n',
      'clusters/prod/policies.yaml': `${policy('web')}---\n${repository('web')}`,
      'apps/web.yaml': marked('1.0.0'),
    });
    const result = await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(result.outcome).toBe('committed');
    expect(show('apps/web.yaml')).toBe(marked('1.1.0'));
    expect(records.images.get('flux-system:web')).toMatchObject({ current: ['1.1.0'], rule: 'semver >=1.0.0' });
    expect(result.skipped).toEqual([]);
  });

  it('keeps what is suspended as it is, and says so', async () => {
    const { ports, push, show, records } = await loop({
      'windlass.yaml': 'windlass: 1\n',
      'policies.yaml': `${policy('web')}---\n${repository('web', '  suspend: true\n')}`,
      'apps/web.yaml': marked('1.0.0'),
    });
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(show('apps/web.yaml')).toBe(marked('1.0.0'));
    expect(records.images.get('flux-system:web')?.waiting).toContain('suspend: true');
  });

  it('takes the entry of windlass.yaml for one of the same name, and reports the other', async () => {
    const { ports, push, show } = await loop({
      'windlass.yaml': `windlass: 1\nimages:\n  flux-system:web: { image: ${host}/shop/web, semver: "1.0.x" }\n`,
      'policies.yaml': `${policy('web')}---\n${repository('web')}`,
      'apps/web.yaml': marked('1.0.0'),
    });
    const { skipped } = await bump(
      { pushes: [await push('shop/web', '1.0.1'), await push('shop/web', '1.1.0')], now },
      ports,
    );
    expect(show('apps/web.yaml')).toBe(marked('1.0.1'));
    expect(skipped).toEqual([
      { file: 'policies.yaml', line: 1, reason: expect.stringContaining('windlass.yaml has an image') },
    ]);
  });

  it('reports a marker whose policy cannot be used, and why it cannot', async () => {
    const { ports, show } = await loop({
      'windlass.yaml': 'windlass: 1\n',
      'policies.yaml': policy('web'),
      'apps/web.yaml': marked('1.0.0'),
    });
    const { skipped } = await sweep({ now }, ports);
    expect(show('apps/web.yaml')).toBe(marked('1.0.0'));
    expect(skipped.map(({ file, reason }) => `${file}: ${reason}`)).toEqual([
      'apps/web.yaml: there is no policy "flux-system:web"',
      expect.stringMatching(/^policies\.yaml: .*there is no ImageRepository flux-system\/web/),
    ]);
  });

  it.each([
    ['IfNotPresent', false],
    ['Always\n  interval: 5m', true],
  ])('writes digests where digestReflectionPolicy is %s', async (reflection, follows) => {
    const { ports, push, show, registry } = await loop({
      'windlass.yaml': 'windlass: 1\n',
      'policies.yaml': `${policy('web', `  digestReflectionPolicy: ${reflection}\n`)}---\n${repository('web')}`,
      'apps/web.yaml': marked('1.0.0'),
    });
    const first = await push('shop/web', '1.1.0', 'first');
    await bump({ pushes: [first], now }, ports);
    expect(show('apps/web.yaml')).toBe(marked(`1.1.0@${first.digest}`));
    const later = new Date(now.getTime() + 1000);
    const again = { ...first, id: 'again', ...(await registry.push(`${host}/shop/web`, '1.1.0', later)) };
    expect(again.digest).not.toBe(first.digest);
    await bump({ pushes: [again], now }, ports);
    expect(show('apps/web.yaml')).toBe(marked(`1.1.0@${follows ? again.digest : first.digest}`));
  });
});
