import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import { host, loop, now } from './setup.ts';

const marker = (image: string, tag: string) => `image: ${host}/shop/${image}:${tag} # {"$imagepolicy": "${image}"}\n`;

describe('an image that asks for what is not there yet', () => {
  it('is left as it is, and no other image', async () => {
    const { git, ports, records, push, show } = await loop({
      'windlass.yaml': `windlass: 1
images:
  web: { image: ${host}/shop/web, semver: "*", in: [prod] }
  api: { image: ${host}/shop/api, semver: "*" }
clusters: { main: {} }
environments: { prod: {} }
`,
      'web.yaml': marker('web', '1.0.0'),
      'api.yaml': marker('api', '3.0.0'),
    });
    const reason = 'in: promotion is not there yet: write one entry for each environment, as web and web-prod';
    const pushes = [await push('shop/web', '1.1.0'), await push('shop/web', 'latest'), await push('shop/api', '3.1.0')];
    const result = await bump({ pushes, now }, ports);
    expect(show('web.yaml')).toBe(marker('web', '1.0.0').trim());
    expect(show('api.yaml')).toBe(marker('api', '3.1.0').trim());
    expect(records.images.get('web')).toMatchObject({ current: ['1.0.0'], rule: 'semver *', waiting: reason });
    expect(records.images.get('api')?.waiting).toBeUndefined();
    expect(records.told().filter((told) => told.startsWith('bump-'))).toEqual([
      `bump-skipped: web stays as it is: ${reason}`,
      `bump-skipped: web stays as it is: ${reason}`,
    ]);
    expect(result.skipped).toEqual([{ file: 'web.yaml', line: 1, reason, policies: ['web'] }]);
    const before = git.git('rev-parse', 'main');
    await sweep({ now }, ports);
    expect(git.git('rev-parse', 'main')).toBe(before);
  });
});
