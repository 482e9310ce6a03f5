import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import { host, loop, now } from './setup.ts';

const windlass = (targets: string) => `windlass: 1
images:
  web:
    image: ${host}/shop/web
    semver: ">=1.0.0"
    targets:
${targets}`;
const files = {
  'apps/prod/kustomization.yaml': `resources: [web.yaml]\nimages:\n- name: web\n  newName: ${host}/shop/web\n  newTag: 1.0.0 # keep\n`,
  'charts/values.yaml': 'web:\n  image: { repository: x, tag: "1.0.0" }\r\n',
  'deploy/task.json': `{"containers": [{"image": "${host}/shop/web:1.0.0"}]}`,
};

describe('targets of windlass.yaml', () => {
  it('are moved without a marker, each in its own form, in one commit', async () => {
    const { git, ports, push, show, records } = await loop({
      ...files,
      'windlass.yaml': windlass(
        `      - { kustomization: apps/prod, name: web }
      - { helmValues: charts/values.yaml, tag: web.image.tag }
      - { file: deploy/task.json, path: /containers/0/image, part: image }
`,
      ),
    });
    const result = await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(result.skipped).toEqual([]);
    expect(git.git('show', '--name-only', '--format=', 'main').split('\n')).toEqual(Object.keys(files));
    for (const [path, text] of Object.entries(files)) expect(show(path)).toBe(text.replaceAll('1.0.0', '1.1.0').trim());
    expect(records.images.get('web')).toMatchObject({ current: ['1.1.0'] });
  });

  it('are reported where the file or the key is not there, and the others are moved', async () => {
    const { ports, push, show } = await loop({
      ...files,
      'windlass.yaml': windlass(
        `      - { kustomization: apps/stage, name: web }
      - { helmValues: charts/values.yaml, tag: web.tag }
      - { file: deploy/task.json, path: /containers/0/image, part: image }
`,
      ),
    });
    const { skipped } = await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(show('deploy/task.json')).toContain('web:1.1.0');
    expect(skipped.map(({ file }) => file)).toEqual(['apps/stage', 'charts/values.yaml']);
    expect(skipped[0]?.reason).toContain('there is no such file');
  });

  it('are told of their own policy alone where they are lost, also beside another one on the same line', async () => {
    const image = `${host}/shop/web`;
    const { ports, push, show, records } = await loop({
      'deploy/task.json': files['deploy/task.json'],
      'windlass.yaml': `windlass: 1
images:
  job: { image: ${image}, semver: "*", targets: [{ file: deploy/task.json, path: /containers/0/image }] }
  bad: { image: ${image}, semver: "*", targets: [{ file: deploy/task.json, path: /nope }] }
  far: { image: ${image}, semver: "*", targets: [{ file: gone.json, path: /image }] }
`,
    });
    const result = await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(show('deploy/task.json')).toContain('web:1.1.0');
    const nope = 'the target /nope of "bad": there is no key "nope"';
    expect(result.waits).toEqual([
      { policy: 'bad', reason: expect.stringContaining(`deploy/task.json:1: ${nope}`) },
      { policy: 'far', reason: 'gone.json:1: the target /image of "far": there is no such file' },
    ]);
    expect(records.images.get('job')?.waiting).toBeUndefined();
    expect(result.skipped.map(({ file }) => file)).toEqual(['deploy/task.json', 'gone.json']);
  });

  it('keep their form: a digest is written where there is one, and nowhere else', async () => {
    const old = `sha256:${'0'.repeat(64)}`;
    const image = `${host}/shop/web`;
    const { ports, push, show, git } = await loop({
      'charts/values.yaml': `image: { tag: 1.0.0, digest: "${old}" }\n`,
      'deploy/task.json': files['deploy/task.json'],
      'deploy/plain.yaml': `a: ${image}:1.0.0 # {"$imagepolicy": "web"}\nb: ${image}:1.0.0@${old} # {"$imagepolicy": "web"}\n`,
      'windlass.yaml': windlass(
        `      - { helmValues: charts/values.yaml, tag: image.tag, digest: image.digest }
      - { file: deploy/task.json, path: /containers/0/image, part: image }
`,
      ),
    });
    const pushed = await push('shop/web', '1.1.0');
    await bump({ pushes: [pushed], now }, ports);
    expect(show('charts/values.yaml')).toBe(`image: { tag: 1.1.0, digest: "${pushed.digest}" }`);
    expect(show('deploy/task.json')).toContain('web:1.1.0"');
    expect(show('deploy/plain.yaml').split(' # ')).toEqual([
      `a: ${image}:1.1.0`,
      `{"$imagepolicy": "web"}\nb: ${image}:1.1.0@${pushed.digest}`,
      '{"$imagepolicy": "web"}',
    ]);
    expect((await sweep({ now }, ports)).outcome).toBe('nothing-to-do');
    git.push({ 'deploy/plain.yaml': `a: ${image}:1.0.0 # {"$imagepolicy": "web"}\n` });
    await sweep({ now }, ports);
    expect(show('deploy/plain.yaml')).toBe(`a: ${image}:1.1.0 # {"$imagepolicy": "web"}`);
  });

  it('are surveyed anew when windlass.yaml changes', async () => {
    const { git, ports, push, show } = await loop({ ...files, 'windlass.yaml': 'windlass: 1\n' });
    await push('shop/web', '1.1.0');
    expect((await sweep({ now }, ports)).outcome).toBe('nothing-to-do');
    git.push({ 'windlass.yaml': windlass('      - { kustomization: apps/prod/kustomization.yaml, name: web }\n') });
    expect((await sweep({ now }, ports)).outcome).toBe('committed');
    expect(show('apps/prod/kustomization.yaml')).toContain('newTag: 1.1.0 # keep');
  });
});
