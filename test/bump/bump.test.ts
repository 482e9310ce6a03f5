import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import type { Push } from '../../lib/bump/push-event.ts';
import { storyIn } from '../../lib/model/bump-story.ts';
import { trailersIn } from '../../lib/model/commit-message.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import { host, loop, now, recordsWith, registryWith, shop } from './setup.ts';

const commits = (git: { git(...args: string[]): string }): number => Number(git.git('rev-list', '--count', 'main'));
const hold = (more = '') => `image: web\ntag: 1.0.0\npast: 1.1.0\nwho: ada\nwhy: it broke\n${more}`;

describe('bump', () => {
  it('answers a push with one commit that moves every marker of its policy and nothing else', async () => {
    const { git, ports, records, push, show } = await loop();
    const pushed = await push('shop/web', '1.1.0');
    const result = await bump({ pushes: [pushed], now }, ports);
    expect(result.outcome).toBe('committed');
    expect(show('apps/staging.yaml')).toBe(shop['apps/staging.yaml']!.replace('web:1.0.0', 'web:1.1.0').trim());
    expect(show('apps/prod.yaml')).toBe('newTag: 1.1.0 # {"$imagepolicy": "web:tag"}');
    expect(git.git('log', '-1', '--format=%B')).toBe(
      [
        'Bump web to 1.1.0',
        '',
        'web: 1.0.0 -> 1.1.0 (apps/prod.yaml:1)',
        `web: ${host}/shop/web:1.0.0 -> ${host}/shop/web:1.1.0 (apps/staging.yaml:2)`,
        '',
        'Windlass-Policy: web',
        `Windlass-Image: ${host}/shop/web`,
        'Windlass-From: 1.0.0',
        'Windlass-To: 1.1.0',
        `Windlass-Digest: ${pushed.digest}`,
        'Windlass-Event: push-shop/web-1.1.0',
      ].join('\n'),
    );
    expect(records.told()).toEqual([
      `push-received: ${host}/shop/web:1.1.0 was pushed`,
      'bumped: web went from 1.0.0 to 1.1.0',
    ]);
    expect(records.images.get('web')).toMatchObject({
      current: ['1.1.0'],
      newest: '1.1.0',
      rule: 'semver >=1.0.0 <2.0.0',
    });
    expect(records.announced).toEqual([result.bumped]);
    expect(result.bumped).toMatchObject({
      branch: 'main',
      revision: git.git('rev-parse', 'main'),
      parent: git.git('rev-parse', 'main~'),
    });
  });

  it('makes one commit of all pushes of a batch', async () => {
    const { git, ports, push, show } = await loop();
    const pushes = [await push('shop/web', '1.1.0'), await push('shop/api', '4.0.0'), await push('shop/web', '1.2.0')];
    await bump({ pushes, now }, ports);
    expect(commits(git)).toBe(2);
    expect(git.git('log', '-1', '--format=%s')).toBe('Bump web to 1.2.0 and api to 4.0.0');
    expect(show('apps/staging.yaml')).toContain('shop/api:4.0.0');
  });

  it('makes no commit and no second record for the same push again', async () => {
    const { git, ports, records, push } = await loop();
    const pushes = [await push('shop/web', '1.1.0')];
    await bump({ pushes, now }, ports);
    const before = records.told();
    const again = await bump({ pushes, now: new Date(now.getTime() + 60_000) }, ports);
    expect(again.outcome).toBe('nothing-to-do');
    expect(commits(git)).toBe(2);
    expect(records.told()).toEqual(before);
    expect(records.announced).toHaveLength(1);
  });

  it('decides from the registry, so that a late event of an older push does no harm', async () => {
    const { git, ports, push, show } = await loop();
    const older = await push('shop/web', '1.1.0');
    const newer = await push('shop/web', '1.2.0');
    await bump({ pushes: [newer], now }, ports);
    await bump({ pushes: [older], now }, ports);
    expect(commits(git)).toBe(2);
    expect(show('apps/prod.yaml')).toContain('newTag: 1.2.0');
  });

  it('records a push that no image of windlass.yaml is about, and makes no commit', async () => {
    const { git, ports, records, push } = await loop();
    await bump({ pushes: [await push('other/app', '9.0.0')], now }, ports);
    expect(commits(git)).toBe(1);
    expect(records.told()).toEqual([
      `push-received: ${host}/other/app:9.0.0 was pushed`,
      `event-ignored: no image in windlass.yaml is ${host}/other/app`,
    ]);
  });

  it('leaves Git as it is for a tag that does not fit the policy', async () => {
    const { git, ports, records, push } = await loop();
    await bump({ pushes: [await push('shop/web', '2.0.0'), await push('shop/web', 'latest')], now }, ports);
    expect(commits(git)).toBe(1);
    expect(records.images.get('web')).toMatchObject({ current: ['1.0.0'], newest: '1.0.0' });
    expect(records.images.get('web')?.waiting).toBeUndefined();
    expect(records.told().filter((told) => told.startsWith('bump-'))).toEqual([
      'bump-skipped: web stays as it is: 2.0.0 is not in >=1.0.0 <2.0.0',
      expect.stringMatching(/^bump-skipped: web stays as it is: latest is no version/),
    ]);
  });

  it('records why a push changed nothing, once: a tag that Git has, and an older one', async () => {
    const { git, ports, records, push } = await loop();
    const first = [await push('shop/web', '1.2.0', 'first')];
    await bump({ pushes: first, now }, ports);
    const late = [await push('shop/web', '1.2.0', 'again'), await push('shop/web', '1.1.0', 'late')];
    await bump({ pushes: late, now }, ports);
    const told = records.told();
    expect(told.filter((one) => one.startsWith('bump-'))).toEqual([
      'bump-skipped: web stays as it is: Git has 1.2.0 already',
      'bump-skipped: web stays as it is: 1.1.0 is older than 1.2.0',
    ]);
    expect(records.images.get('web')?.waiting).toBeUndefined();
    await push('shop/api', '3.1.0');
    await bump({ pushes: [...first, ...late], now }, ports);
    expect(records.told()).toEqual(told);
    expect(commits(git)).toBe(2);
  });

  it('records which push of a batch the newer one went past, and tells the images in the order of the subject', async () => {
    const { git, ports, records, push } = await loop();
    const pushes = [await push('shop/api', '3.1.0'), await push('shop/web', '1.1.0'), await push('shop/web', '1.2.0')];
    await bump({ pushes, now }, ports);
    await bump({ pushes, now }, ports);
    expect(records.told().filter((told) => told.startsWith('bump-'))).toEqual([
      'bump-skipped: web went past this push: 1.1.0 is older than 1.2.0',
    ]);
    expect(records.announced[0]?.images).toEqual([
      { policy: 'web', tag: '1.2.0' },
      { policy: 'api', tag: '3.1.0' },
    ]);
    expect(git.git('log', '-1', '--format=%s')).toBe('Bump web to 1.2.0 and api to 3.1.0');
  });

  it('never goes back to an older tag when the present one has left the registry', async () => {
    const files = { ...shop, 'apps/prod.yaml': 'newTag: 1.9.0 # {"$imagepolicy": "web:tag"}' };
    const { git, ports, records, push } = await loop(files);
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(commits(git)).toBe(1);
    expect(records.images.get('web')?.waiting).toContain('is older');
    expect(records.told().at(-1)).toMatch(/^bump-skipped: web stays as it is: Git has 1\.9\.0/);
  });

  it('takes no tag that a hold keeps back, and deletes the hold in the commit that passes it', async () => {
    const { git, ports, records, push, show } = await loop({ ...shop, 'holds/web.a1.yaml': hold() });
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(commits(git)).toBe(1);
    expect(records.images.get('web')).toMatchObject({
      newest: '1.1.0',
      waiting: expect.stringContaining('a hold keeps 1.0.0'),
      holds: [{ tag: '1.0.0', past: '1.1.0', who: 'ada', why: 'it broke' }],
    });
    await bump({ pushes: [await push('shop/web', '1.1.1')], now }, ports);
    expect(commits(git)).toBe(2);
    expect(show('apps/prod.yaml')).toContain('newTag: 1.1.1');
    expect(git.git('ls-tree', '-r', '--name-only', 'main')).not.toContain('holds/');
    expect(records.announced.at(-1)?.released).toEqual([{ policy: 'web', tag: '1.0.0', past: '1.1.0' }]);
    expect(git.git('log', '-1', '--format=%B')).toContain('released the hold of web on 1.0.0, past 1.1.0');
    const told = [...records.written.values()].find(({ summary }) =>
      summary.startsWith('web went from 1.0.0 to 1.1.1'),
    );
    expect(told?.summary).toBe('web went from 1.0.0 to 1.1.1, which ended its hold');
    expect(told?.details).toMatchObject({ released: ['holds/web.a1.yaml'] });
    // The commit alone tells the same.
    const story = storyIn({ trailers: trailersIn(git.git('log', '-1', '--format=%B')) });
    expect(story?.images[0]?.released).toEqual(['holds/web.a1.yaml']);
  });

  it('says of a hold on a tag that Git does not have what has to be done, and does not go back to it', async () => {
    const files: Record<string, string> = { ...shop, 'apps/prod.yaml': 'newTag: 1.1.0 # {"$imagepolicy": "web:tag"}' };
    files['apps/staging.yaml'] = shop['apps/staging.yaml']!.replace('web:1.0.0', 'web:1.1.0');
    const { git, ports, records, push } = await loop({ ...files, 'holds/web.a1.yaml': hold() });
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    const waiting = 'a hold wants 1.0.0, Git has 1.1.0: set the tag in the same commit as the hold (it broke)';
    expect(records.images.get('web')?.waiting).toBe(waiting);
    expect(records.told().at(-1)).toBe(`bump-skipped: web stays as it is: ${waiting}`);
    expect(commits(git)).toBe(1);
  });

  it('no longer minds a hold past its end', async () => {
    const { ports, push, show } = await loop({ ...shop, 'holds/web.a1.yaml': hold('until: 2026-11-21\n') });
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(show('apps/prod.yaml')).toContain('newTag: 1.1.0');
  });

  it('stops the image of a hold that cannot be read, and no other', async () => {
    const { ports, records, push, show } = await loop({ ...shop, 'holds/web.a1.yaml': 'image: web\ntag: [\n' });
    await bump({ pushes: [await push('shop/web', '1.1.0'), await push('shop/api', '4.0.0')], now }, ports);
    expect(show('apps/staging.yaml')).toContain('shop/web:1.0.0');
    expect(show('apps/staging.yaml')).toContain('shop/api:4.0.0');
    expect(records.images.get('web')?.waiting).toContain('holds/web.a1.yaml');
  });

  it('stops a suspended image until the suspend ends', async () => {
    const suspend = 'image: web\nwho: ada\nwhy: release freeze\nuntil: 2026-11-22\n';
    const { ports, records, push, show } = await loop({ ...shop, 'suspends/web.1.yaml': suspend });
    const pushes = [await push('shop/web', '1.1.0')];
    await bump({ pushes, now }, ports);
    expect(show('apps/prod.yaml')).toContain('newTag: 1.0.0');
    expect(records.images.get('web')?.waiting).toBe('suspended by ada until 2026-11-22: release freeze');
    await bump({ pushes, now: new Date('2026-11-23T00:00:00Z') }, ports);
    expect(show('apps/prod.yaml')).toContain('newTag: 1.1.0');
  });

  it('follows the digest where Git pins one', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const files = { ...shop, 'apps/prod.yaml': `image: ${host}/shop/web:1.0.0@${digest} # {"$imagepolicy": "web"}` };
    const { ports, push, show } = await loop(files);
    const pushed = await push('shop/web', '1.1.0');
    await bump({ pushes: [pushed], now }, ports);
    expect(show('apps/prod.yaml')).toContain(`shop/web:1.1.0@${pushed.digest} #`);
    const blind = await loop(files, {
      registry: registryWith({ tags: async () => [{ tag: '1.0.0' }, { tag: '1.1.0' }], tag: async () => undefined }),
    });
    await bump({ pushes: [pushed], now }, blind.ports);
    expect(blind.show('apps/prod.yaml')).toBe(files['apps/prod.yaml']);
    expect(blind.records.images.get('web')?.waiting).toContain('does not tell the one of 1.1.0');
  });

  it('reports a marker that names an unknown policy, with file and line', async () => {
    const files = { ...shop, 'apps/odd.yaml': '\nimage: x:1 # {"$imagepolicy": "wbe"}\n' };
    const { ports, push } = await loop(files);
    const { skipped, outcome } = await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(outcome).toBe('committed');
    expect(skipped).toEqual([{ file: 'apps/odd.yaml', line: 2, reason: expect.stringContaining('wbe') }]);
  });

  it('says that no marker names an image', async () => {
    const { records, ports, push } = await loop({ 'windlass.yaml': shop['windlass.yaml']! });
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(records.images.get('web')?.waiting).toBe('nothing in Git names "web"');
  });
});

describe('bump, when something is broken', () => {
  it.each([
    ['broken', 'windlass: 1\nimages: [\n'],
    ['empty', ''],
    ['of the wrong shape', 'windlass: 1\nimages:\n  web: { image: nginx, semvr: "*" }\n'],
    ['not there', undefined],
  ])('writes nothing while windlass.yaml is %s', async (_, content) => {
    const { git, ports, records, push } = await loop();
    git.push({ 'windlass.yaml': content });
    const head = git.git('rev-parse', 'main');
    const result = await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(result.outcome).toBe('failed');
    expect(result.failure?.code).toBe('config-invalid');
    expect(result.failure?.problems.length).toBeGreaterThan(0);
    expect(result.retry).toEqual([]);
    expect(git.git('rev-parse', 'main')).toBe(head);
    expect(records.told().at(-1)).toMatch(/^bump-failed: nothing is bumped while windlass\.yaml is broken/);
  });

  it('changes nothing for an image whose tags could not be listed, and goes on with the others', async () => {
    const { ports, records, registry, push, show } = await loop();
    const pushes = [await push('shop/web', '1.1.0'), await push('shop/api', '4.0.0')];
    const tags = async (repository: string) => {
      if (repository.endsWith('/web')) throw new RetryableError('the registry is throttled', { code: 'throttled' });
      return registry.tags(repository);
    };
    const result = await bump({ pushes, now }, { ...ports, registry: { ...registry, tags } });
    expect(show('apps/staging.yaml')).toContain('shop/web:1.0.0');
    expect(show('apps/staging.yaml')).toContain('shop/api:4.0.0');
    expect(result.retry).toEqual([pushes[0]]);
    expect(records.images.get('web')).toMatchObject({ waiting: 'the registry is throttled', current: ['1.0.0'] });
    expect(records.told()).toContain('bump-failed: web: the registry is throttled');
  });

  it('does not ask again for a repository that is not there', async () => {
    const { ports, records } = await loop({
      ...shop,
      'windlass.yaml': `windlass: 1\nimages:\n  web: { image: ${host}/shop/gone, semver: "*" }\n`,
    });
    const push: Push = {
      id: 'e',
      cause: 'push',
      at: '2026-11-22T10:00:00.000Z',
      repository: `${host}/shop/gone`,
      tag: '1.0.0',
    };
    const result = await bump({ pushes: [push], now }, ports);
    expect(result.retry).toEqual([]);
    expect(records.told().at(-1)).toContain('bump-failed: web: the registry has no repository');
  });

  it('records a push that the repository refuses, and does not try again', async () => {
    const { git, ports, records, push } = await loop();
    const hook = join(git.bare, 'hooks', 'update');
    writeFileSync(hook, '#!/bin/sh\necho "main is protected"\nexit 1\n');
    chmodSync(hook, 0o755);
    const result = await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(result).toMatchObject({ outcome: 'failed', failure: { code: 'push-rejected' }, retry: [] });
    expect(records.told().at(-1)).toContain('main is protected');
    expect(commits(git)).toBe(1);
  });

  it('sends all pushes back when the repository cannot be reached', async () => {
    const { ports, push } = await loop();
    const repo = {
      ...ports.repo,
      head: () => Promise.reject(new RetryableError('no route', { code: 'repo-unreachable' })),
    };
    await expect(bump({ pushes: [await push('shop/web', '1.1.0')], now }, { ...ports, repo })).rejects.toThrow(
      'no route',
    );
  });

  it('does not hide a bug', async () => {
    const { ports, push } = await loop();
    const registry = registryWith({ tags: () => Promise.reject(new TypeError('undefined is not a function')) });
    await expect(bump({ pushes: [await push('shop/web', '1.1.0')], now }, { ...ports, registry })).rejects.toThrow(
      TypeError,
    );
  });

  it('redoes the edit on the new head when a person pushed in between', async () => {
    const { git, ports, push, show, sleeps } = await loop();
    let first = true;
    const repo = {
      ...ports.repo,
      commit: async (request: Parameters<typeof ports.repo.commit>[0]) => {
        if (first)
          git.push({ 'apps/prod.yaml': '# moved down\nnewTag: 1.0.0 # {"$imagepolicy": "web:tag"}' }, 'By hand');
        first = false;
        return ports.repo.commit(request);
      },
    };
    const result = await bump({ pushes: [await push('shop/web', '1.1.0')], now }, { ...ports, repo });
    expect(result.outcome).toBe('committed');
    expect(show('apps/prod.yaml')).toBe('# moved down\nnewTag: 1.1.0 # {"$imagepolicy": "web:tag"}');
    expect(git.git('log', '--format=%s')).toBe('Bump web to 1.1.0\nBy hand\nBegin');
    expect(sleeps).toEqual([50]);
  });

  it('gives the pushes back when the head moves every time', async () => {
    const { ports, push, sleeps } = await loop();
    const repo = { ...ports.repo, commit: async () => ({ result: 'head-moved' as const }) };
    const failing = bump({ pushes: [await push('shop/web', '1.1.0')], now }, { ...ports, repo });
    await expect(failing).rejects.toBeInstanceOf(RetryableError);
    expect(sleeps).toEqual([50, 100, 200, 400, 800]);
  });

  it('loses no update when ten bumps and a person work at once', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `app${index}`);
    const files: Record<string, string> = {
      'windlass.yaml': `windlass: 1\nimages:\n${names.map((name) => `  ${name}: { image: ${host}/${name}, semver: "*" }`).join('\n')}\n`,
      'all.yaml': names.map((name) => `${name}: 1.0.0 # {"$imagepolicy": "${name}:tag"}\n`).join(''),
    };
    const { git, ports, push, show } = await loop(files);
    const pushes: Push[] = [];
    for (const name of names) pushes.push(await push(name, '2.0.0'));
    const patient = {
      ...ports,
      sleep: (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds)),
      random: Math.random,
    };
    const untilDone = async (one: Push): Promise<void> => {
      for (;;) {
        try {
          await bump({ pushes: [one], now }, patient);
          return;
        } catch (error) {
          // As the queue does it: the push comes again.
          if (!(error instanceof RetryableError)) throw error;
        }
      }
    };
    const theirs = (async () => {
      for (let index = 0; index < 3; index++) {
        for (;;) {
          try {
            git.push({ [`docs/${index}.md`]: 'by hand\n' }, `By hand ${index}`);
            break;
          } catch (error) {
            if (!String(error).includes('rejected') && !String(error).includes('lock')) throw error;
          }
        }
        await new Promise((done) => setTimeout(done, 30));
      }
    })();
    await Promise.all([...pushes.map(untilDone), theirs]);
    for (const name of names) expect(show('all.yaml')).toContain(`${name}: 2.0.0`);
  });

  it('brings back the records of a commit that were lost', async () => {
    const { git, ports, records, push } = await loop();
    const pushes = [await push('shop/web', '1.1.0')];
    const append = () => Promise.reject(new RetryableError('the table is throttled', { code: 'throttled' }));
    const failing = bump({ pushes, now }, { ...ports, records: recordsWith(records, { append }) });
    await expect(failing).rejects.toThrow('the table is throttled');
    expect(commits(git)).toBe(2);
    expect(records.told()).toEqual([]);
    await bump({ pushes, now: new Date(now.getTime() + 90_000) }, ports);
    expect(commits(git)).toBe(2);
    expect(records.told()).toContain('bumped: web went from 1.0.0 to 1.1.0');
    const record = [...records.written.values()].find(({ kind }) => kind === 'bumped');
    expect(record).toMatchObject({
      revision: git.git('rev-parse', 'main'),
      at: '2026-11-22T10:00:00.000Z',
      details: { from: ['1.0.0'], to: '1.1.0' },
    });
  });

  it('turns a repo that is no repository into a failure that says what to do', async () => {
    const { ports, push } = await loop();
    const repo = {
      ...ports.repo,
      head: () => Promise.reject(new UserError('there is no Git repository', { code: 'not-a-repository' })),
    };
    const result = await bump({ pushes: [await push('shop/web', '1.1.0')], now }, { ...ports, repo });
    expect(result.failure?.message).toContain('there is no Git repository');
  });
});

describe('sweep', () => {
  it('finds what an event missed, in one commit, and then nothing more', async () => {
    const { git, ports, records, push } = await loop();
    await push('shop/web', '1.1.0');
    await push('shop/api', '4.0.0');
    const first = await sweep({ now }, ports);
    expect(first.outcome).toBe('committed');
    expect(first.bumped?.events).toEqual([]);
    expect(records.told()).toEqual([
      'bumped: web went from 1.0.0 to 1.1.0, found by the sweep',
      'bumped: api went from 3.0.0 to 4.0.0, found by the sweep',
    ]);
    const second = await sweep({ now: new Date(now.getTime() + 60_000) }, ports);
    expect(second.outcome).toBe('nothing-to-do');
    expect(commits(git)).toBe(2);
    expect(records.told()).toHaveLength(2);
    expect([...records.images.keys()].sort()).toEqual(['api', 'web']);
  });
});
