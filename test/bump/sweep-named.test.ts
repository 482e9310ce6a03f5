import { describe, expect, it } from 'vitest';
import { sweep } from '../../lib/bump/bump.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import { host, loop, now, registryWith } from './setup.ts';

describe('a sweep of named images', () => {
  it('looks at these alone', async () => {
    const { git, ports, push, show } = await loop();
    await push('shop/web', '1.1.0');
    await push('shop/api', '4.0.0');
    const result = await sweep({ images: ['api', 'api'], now }, ports);
    expect(result.images.map(({ policy }) => policy)).toEqual(['api']);
    expect(git.git('log', '-1', '--format=%s')).toBe('Bump api to 4.0.0');
    expect(show('apps/prod.yaml')).toContain('1.0.0');
  });

  it('looks at those that share a pull request with them, too', async () => {
    const { ports } = await loop({
      'windlass.yaml': `windlass: 1
images:
  web: { image: ${host}/shop/web, semver: "*", update: pull-request, group: shop }
  api: { image: ${host}/shop/api, semver: "*", update: pull-request, group: shop }
  other: { image: ${host}/shop/other, semver: "*" }
`,
      'apps.yaml': `web: ${host}/shop/web:1.0.0 # {"$imagepolicy": "web"}\napi: ${host}/shop/api:3.0.0 # {"$imagepolicy": "api"}\n`,
    });
    const result = await sweep({ images: ['api'], now }, ports);
    expect(result.images.map(({ policy }) => policy)).toEqual(['web', 'api']);
  });

  it('does nothing when one of the names is no image, and says which may be meant', async () => {
    const { git, ports, push } = await loop();
    await push('shop/web', '1.1.0');
    const { outcome, failure } = await sweep({ images: ['web', 'apy'], now }, ports);
    expect(outcome).toBe('failed');
    expect(failure).toMatchObject({
      code: 'unknown-image',
      message: 'no image policy is named "apy", did you mean "api"?',
    });
    expect(git.git('rev-list', '--count', 'main')).toBe('1');
  });

  it('tells which images wait, and which could not be looked at', async () => {
    const tags = async (repository: string) => {
      if (repository.endsWith('web'))
        throw new RetryableError('the registry is away', { code: 'registry-unreachable' });
      return [];
    };
    const { ports } = await loop(undefined, { registry: registryWith({ tags }) });
    const { waits } = await sweep({ now }, ports);
    expect(waits).toEqual([
      { policy: 'web', reason: 'the registry is away', trouble: { code: 'registry-unreachable', mayPass: true } },
      { policy: 'api', reason: expect.stringContaining('no tag') },
    ]);
  });
});
