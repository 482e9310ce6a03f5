import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  commitChange,
  describeLoop,
  git,
  incidents,
  isSettled,
  type Loop,
  removeDir,
  startHealthyLoop,
  subjects,
  syncOf,
} from '../helpers/loop.ts';

const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

describeLoop('what people commit', () => {
  let dir: string;
  let loop: Loop;
  let clone: string;

  const commits = () => subjects(loop.repo);
  const stagingTag = async () =>
    /shop\/web\n\s+newTag: (\S+)/.exec(await git(loop.repo, 'show', 'main:apps/shop/staging/kustomization.yaml'))?.[1];
  const until = (what: string, revision: string) =>
    loop.until(what, (now) => now.repo.head === revision && isSettled(now));
  const onRecord = (tag: string) =>
    loop.until(`the push of ${tag} on record`, ({ timeline }) =>
      timeline.some(({ kind, summary }) => kind === 'push-received' && summary.endsWith(`:${tag} was pushed`)),
    );

  beforeAll(async () => {
    ({ dir, loop, clone } = await startHealthyLoop());
  });
  afterAll(() => removeDir(dir));

  it('is applied: a new object, a changed one', async () => {
    const revision = await commitChange(
      clone,
      {
        'apps/shop/staging/extra.yaml': () => configMap('extra', 'one'),
        'apps/shop/staging/kustomization.yaml': (text) =>
          text.replace('  - ../base\n', '  - ../base\n  - extra.yaml\n'),
        'apps/shop/base/worker/deployment.yaml': (text) =>
          text.replace('terminationGracePeriodSeconds: 60', 'terminationGracePeriodSeconds: 61'),
      },
      'Add a ConfigMap',
    );
    await until('the ConfigMap in the cluster', revision);
    expect(await loop.kubectl('-n', 'shop-staging', 'get', 'cm/extra', '-o', 'jsonpath={.data.value}')).toBe('one');
  });

  it('and then takes out of Git is pruned', async () => {
    const revision = await commitChange(
      clone,
      {
        'apps/shop/staging/extra.yaml': () => undefined,
        'apps/shop/staging/kustomization.yaml': (text) => text.replace('  - extra.yaml\n', ''),
      },
      'Take the ConfigMap out again',
    );
    await until('the cluster without the ConfigMap', revision);
    const { timeline } = await loop.state();
    expect(timeline.filter(({ kind }) => kind === 'object-pruned').map(({ subjects: [object] }) => object)).toEqual([
      'object:ConfigMap/shop-staging/extra',
    ]);
    await expect(loop.kubectl('-n', 'shop-staging', 'get', 'cm/extra')).rejects.toThrow('NotFound');
  });

  it('as a hold keeps an image, until a tag comes that is past it; that bump deletes the hold', async () => {
    const hold = { image: 'web', tag: '1.4.2', past: '1.5.0', who: 'ada', why: 'the checkout is slow' };
    await commitChange(clone, { 'holds/web.1.yaml': () => `${JSON.stringify(hold)}\n` }, 'Hold web');
    await loop.push('shop/web:1.5.0');
    await onRecord('1.5.0');
    await loop.until('prod at 1.5.0', (now) => now.commits[0]?.subject === 'Bump web-prod to 1.5.0' && isSettled(now));
    expect(await stagingTag()).toBe('1.4.2');
    const held = (await loop.state()).images.find(({ policy }) => policy === 'web');
    expect(held).toMatchObject({
      newest: '1.5.0',
      current: ['1.4.2'],
      holds: [{ tag: '1.4.2', who: 'ada', why: 'the checkout is slow' }],
    });
    expect(held?.waiting).toMatch(/held|hold/);

    await loop.push('shop/web:1.5.1');
    await loop.until(
      '1.5.1',
      (now) => now.commits[0]?.subject === 'Bump web to 1.5.1 and web-prod to 1.5.1' && isSettled(now),
    );
    expect(await stagingTag()).toBe('1.5.1');
    const changed = await git(loop.repo, 'show', '--format=', '--name-status', 'main');
    expect(changed.split('\n').sort()).toEqual([
      'D\tholds/web.1.yaml',
      'M\tapps/shop/prod/kustomization.yaml',
      'M\tapps/shop/staging/kustomization.yaml',
    ]);
    expect((await loop.state()).images.find(({ policy }) => policy === 'web')?.holds).toEqual([]);
  });

  it('as a broken windlass.yaml stops the bumps and nothing else', async () => {
    await commitChange(
      clone,
      { 'windlass.yaml': (text) => text.replace('\nimages:', '\nimmages:') },
      'Break windlass.yaml',
    );
    const broken = await loop.until('the problem on the page', ({ repo }) => repo.problem !== undefined);
    expect(broken.repo.problem).toContain('windlass.yaml:4:1');
    expect(broken.repo.problem).toContain('did you mean "images"?');
    const before = await commits();
    await loop.push('shop/web:1.5.2');
    await onRecord('1.5.2');
    expect(await commits()).toEqual(before);
    const failed = (await loop.state()).timeline.find(({ kind }) => kind === 'bump-failed');
    expect(failed?.summary).toMatch(/nothing is bumped while windlass.yaml is broken/);

    // Pull goes on: a manifest that changes is applied, and a hand edit is put right.
    const revision = await commitChange(
      clone,
      {
        'apps/shop/base/worker/deployment.yaml': (text) =>
          text.replace('terminationGracePeriodSeconds: 61', 'terminationGracePeriodSeconds: 62'),
      },
      'Change the worker',
    );
    await until('the change in the cluster', revision);
    const since = new Date().toISOString();
    await loop.kubectl('-n', 'shop-staging', 'label', 'service/web', 'app.kubernetes.io/name=mine', '--overwrite');
    await commitChange(clone, { 'notes.md': () => '' }, 'Let a pull come soon');
    await loop.until('the hand edit put right', (now) =>
      incidents(now, { object: 'Service/shop-staging/web' }).some(
        (one) => one.openedAt > since && one.resolution === 'converged by pull',
      ),
    );
  });

  it('as its repair lets the bumps go on', async () => {
    const revision = await commitChange(
      clone,
      { 'windlass.yaml': (text) => text.replace('\nimmages:', '\nimages:') },
      'Mend windlass.yaml',
    );
    const state = await loop.until(
      'the bump that waited',
      (now) => now.commits[0]?.subject.includes('1.5.2') === true && isSettled(now),
    );
    expect(state.repo.problem).toBeUndefined();
    expect(state.commits[1]?.revision).toBe(revision);
    expect(await stagingTag()).toBe('1.5.2');
  });

  it('as a broken manifest fails its sync alone, by file and line, and prunes nothing', async () => {
    const seen = loop.output().length;
    const objects = async () =>
      (await loop.kubectl('-n', 'shop-staging', 'get', 'deploy,sts,svc,cm,hpa,cronjob', '-o', 'name'))
        .split('\n')
        .sort();
    const before = await objects();
    await commitChange(
      clone,
      {
        'apps/shop/staging/broken.yaml': () => 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: broken\n',
        'apps/shop/staging/kustomization.yaml': (text) =>
          text.replace('  - ../base\n', '  - ../base\n  - broken.yaml\n'),
      },
      'Break staging',
    );
    const state = await loop.until(
      'the failure',
      (now) => incidents(now, { kind: 'sync-failed', sync: 'shop-staging' }).length === 1,
    );
    const [incident] = incidents(state, { kind: 'sync-failed', sync: 'shop-staging' });
    expect(incident?.details?.join('\n')).toContain('broken.yaml');
    await loop.prints(/alert shop-staging could not be synced\n.*broken\.yaml/, seen);
    const prod = await loop.until(
      'prod at the head',
      (now) => syncOf(now, 'shop-prod').revision === now.repo.head && syncOf(now, 'shop-prod').result === 'synced',
    );
    expect(syncOf(prod, 'infra').result).toBe('synced');
    expect(await objects()).toEqual(before);
    // Bumps go on as well.
    await loop.push('shop/report:2026-11-04');
    await loop.until('the bump', (now) => now.commits[0]?.subject === 'Bump report to 2026-11-04');
    expect(await objects()).toEqual(before);
  });

  it('as an object that the API server refuses is named, and the others are applied', async () => {
    await commitChange(
      clone,
      {
        'apps/shop/staging/broken.yaml': () => `${configMap('fine', 'yes')}---\n${configMap('Not_A_Name', 'no')}`,
      },
      'Break one object',
    );
    await loop.until('the failure by name', (now) =>
      incidents(now, { kind: 'sync-failed', sync: 'shop-staging' }).some(({ details }) =>
        details?.join('\n').includes('ConfigMap/shop-staging/Not_A_Name'),
      ),
    );
    await loop.kubectl('-n', 'shop-staging', 'get', 'cm/fine');
  });

  it('as a repair of it resolves the incident', async () => {
    const revision = await commitChange(
      clone,
      {
        'apps/shop/staging/broken.yaml': () => undefined,
        'apps/shop/staging/kustomization.yaml': (text) => text.replace('  - broken.yaml\n', ''),
      },
      'Mend staging',
    );
    const state = await until('a healthy shop', revision);
    const ended = incidents(state, { kind: 'sync-failed', sync: 'shop-staging' }).map(({ resolution }) => resolution);
    expect(ended).toEqual(['synced again']);
  });

  it('at the same time as bumps: nothing of anybody is lost', async () => {
    const people = Array.from({ length: 6 }, (_, index) => `Note ${index + 1}`);
    const tags = ['1.6.1', '1.6.2', '1.6.3', '1.6.4'];
    const commit = async () => {
      for (const note of people) await commitChange(clone, { 'notes.md': (text) => `${text}${note}\n` }, note);
    };
    const push = async () => {
      for (const tag of tags) await loop.push(`shop/web:${tag}`);
    };
    await Promise.all([commit(), push()]);
    await loop.until(
      'the last tag',
      (now) => isSettled(now) && now.images.find(({ policy }) => policy === 'web')?.current[0] === '1.6.4',
    );
    const all = await commits();
    expect(all.filter((subject) => subject.startsWith('Note')).toReversed()).toEqual(people);
    expect(await git(loop.repo, 'show', 'main:notes.md')).toBe(people.join('\n'));
    expect(await stagingTag()).toBe('1.6.4');
    expect(await git(loop.repo, 'fsck', '--no-progress', '--no-dangling')).toBe('');
    const image = await loop.kubectl(
      '-n',
      'shop-prod',
      'get',
      'deploy/web',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    );
    expect(image).toBe(`${registry}/shop/web:1.6.4`);
  });
});

function configMap(name: string, value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: "${value}"\n`;
}
