import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSuspends } from '../../lib/config/suspends.ts';
import { gitIn } from '../adapters/git/repos.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub } from '../standins/github.ts';
import { type Desk, desk } from './repos.ts';

const files: Record<string, string> = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: acme/web, semver: "*" }
  shop:api: { image: acme/api, semver: "*" }
environments:
  prod: { cluster: main }
clusters:
  main: { eks: main }
syncs:
  shop: { in: [prod], path: apps }
`,
  'apps/web.yaml':
    'image: acme/web:1.0.0 # {"$imagepolicy": "web"}\nimage2: acme/flux:1 # {"$imagepolicy": "flux:old"}\n',
  'flux.yaml': `apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: { name: old, namespace: flux }
spec: { image: acme/flux, interval: 1m }
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: { name: old, namespace: flux }
spec: { imageRepositoryRef: { name: old }, policy: { alphabetical: {} } }
`,
};

const repo = ['--repo', 'config.git'];

function suspendsOf({ git }: Desk) {
  const paths = git.git('ls-tree', '-r', '--name-only', 'main', 'suspends/').split('\n').filter(Boolean);
  return readSuspends(paths.map((path) => ({ path, bytes: Buffer.from(git.git('show', `main:${path}`)) })));
}

describe('windlass suspend', () => {
  it('makes one commit by the person, with a file that says who, why and until', async () => {
    const at = desk(files);
    const { code, stdout } = await at.run(
      'suspend',
      'image/web',
      '--why',
      '1.5.0 loses orders',
      '--until',
      '2099-01-31',
      ...repo,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^image\/web is suspended \([0-9a-f]{12}\)\n {2}suspends\/web\.[0-9a-f]{8}\.yaml: 1\.5\.0 loses orders/,
    );
    expect(at.message()).toBe(
      [
        'Suspend image/web: 1.5.0 loses orders',
        '',
        'Windlass-Suspend: image/web',
        'Windlass-Who: Ada <ada@example.com>',
        'Windlass-Until: 2099-01-31',
      ].join('\n'),
    );
    expect(at.git.git('log', '-1', '--format=%an <%ae>')).toBe('Ada <ada@example.com>');
    expect(at.git.git('diff', '--name-status', 'main~', 'main')).toMatch(/^A\tsuspends\/web\.[0-9a-f]{8}\.yaml$/);
    const { suspends, unreadable } = suspendsOf(at);
    expect(unreadable).toEqual([]);
    expect(suspends).toMatchObject([
      { image: 'web', by: 'Ada <ada@example.com>', why: '1.5.0 loses orders', until: '2099-01-31' },
    ]);
  });

  it.each([
    ['image/shop:api', { image: 'shop:api' }],
    ['image/flux:old', { image: 'flux:old' }],
    ['sync/shop', { sync: 'shop' }],
    ['sync/shop-prod', { sync: 'shop-prod' }],
    ['all-images', { all: 'images' }],
    ['all-syncs', { all: 'syncs' }],
    ['all', { all: true }],
  ])('suspends %s, and resume takes exactly that away', async (target, subject) => {
    const at = desk(files);
    await at.run('suspend', 'image/web', '--why', 'another', ...repo);
    expect((await at.run('suspend', target, '--why', 'because', '--who', 'ops', ...repo)).code).toBe(0);
    expect(suspendsOf(at).suspends).toContainEqual(expect.objectContaining({ ...subject, by: 'ops', why: 'because' }));
    const { code, stdout } = await at.run('resume', target, '--why', 'mended', ...repo);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${target} is resumed`)]);
    expect(suspendsOf(at).suspends.map(({ image }) => image)).toEqual(['web']);
    expect(at.message()).toBe(
      `Resume ${target}: mended\n\nit was suspended by ops: because\n\nWindlass-Resume: ${target}\nWindlass-Who: Ada <ada@example.com>`,
    );
  });

  it('leaves what is suspended already, and what is not suspended, and says so', async () => {
    const at = desk(files);
    const none = await at.run('resume', 'image/web', ...repo);
    expect([none.code, none.stdout]).toEqual([0, 'image/web is not suspended\n']);
    await at.run('suspend', 'image/web', '--why', 'first', ...repo);
    const again = await at.run('suspend', 'image/web', '--why', 'second', ...repo);
    const unknown = await at.run('resume', 'sync/shop-prd', ...repo);
    const note = 'note there is no sync "shop-prd" in windlass.yaml, did you mean "sync/shop-prod"?';
    expect([unknown.code, unknown.stdout]).toEqual([0, `sync/shop-prd is not suspended\n${note}\n`]);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('image/web is suspended already\n  suspends/web.');
    expect(again.stdout).toContain('first (Ada');
    expect(at.commits()).toBe(2);
    const slip = await at.run('resume', 'image/wbe', ...repo);
    expect([slip.code, slip.stdout]).toEqual([
      0,
      'image/wbe is not suspended\nnote image/web is suspended: did you mean that?\n',
    ]);
  });

  it('names the syncs of single environments that stay suspended, when the sync of all is to be resumed', async () => {
    const suspend = (sync: string) => `sync: ${sync}\nwho: bob\nwhy: it broke\n`;
    const at = desk({
      ...files,
      'suspends/shop-production.1.yaml': suspend('shop-production'),
      'suspends/shopping-cart.1.yaml': suspend('shopping-cart'),
    });
    const { code, stdout } = await at.run('resume', 'sync/shop', ...repo);
    expect([code, stdout.match(/sync\/shop.* is suspended$/gm)]).toEqual([0, ['sync/shop-production is suspended']]);
  });

  it('says what else stops the same thing', async () => {
    const at = desk(files);
    await at.run('suspend', 'all-images', '--why', 'the sale', ...repo);
    const { stdout } = await at.run('suspend', 'image/web', '--why', 'it is broken', ...repo);
    expect(stdout).toContain('note all-images is suspended, too: the sale (Ada');
    const resumed = await at.run('resume', 'all-images', ...repo);
    expect(resumed.stdout).toContain('note image/web is suspended still: it is broken (Ada');
  });

  it('counts one whose time is over as none, and resume deletes every file of it', async () => {
    const at = desk({
      ...files,
      'suspends/web.old.yaml': 'image: web\nwho: bob\nwhy: long ago\nuntil: 2020-01-01\n',
    });
    expect((await at.run('suspend', 'image/web', '--why', 'again', ...repo)).stdout).toContain(
      'image/web is suspended (',
    );
    const { stdout } = await at.run('suspend', ...repo);
    expect(stdout).toMatch(/image\/web {2}void since 2020-01-01 {2}long ago \(bob\)/);
    expect(stdout).toMatch(/image\/web {2}until it is resumed +again/);
    await at.run('resume', 'image/web', ...repo);
    expect(suspendsOf(at).suspends).toEqual([]);
  });

  it('lists what is suspended, with the files that cannot be read', async () => {
    const at = desk({ ...files, 'suspends/web.1.yaml': 'image: web\nwho: bob\nwhy: it broke\n' });
    const list = await at.run('suspend', '--json', ...repo);
    expect(list.code).toBe(0);
    expect(JSON.parse(list.stdout)).toEqual({
      suspends: [{ target: 'image/web', file: 'suspends/web.1.yaml', who: 'bob', why: 'it broke', void: false }],
      problems: [],
    });
    at.git.push({ 'suspends/web.2.yaml': 'image: web\n' });
    const broken = await at.run('suspend', ...repo);
    expect([broken.code, broken.stdout]).toEqual([2, expect.stringContaining('unreadable suspends/web.2.yaml')]);
    expect((await at.run('resume', 'image/web', ...repo)).stdout).toContain('note suspends/web.2.yaml cannot be read');
    expect((await at.run('resume', 'sync/shop', ...repo)).stdout).toBe('sync/shop is not suspended\n');
  });

  it('writes nothing in a dry run', async () => {
    const at = desk({ ...files, 'suspends/all.1.yaml': 'all: true\nwho: bob\nwhy: it broke\n' });
    const suspended = await at.run('suspend', 'image/web', '--why', 'x', '--dry-run', ...repo);
    expect([suspended.code, suspended.stdout]).toEqual([1, expect.stringContaining('would be suspended (a dry run')]);
    const resumed = await at.run('resume', 'all', '--dry-run', '--json', ...repo);
    expect(resumed.code).toBe(1);
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      ...{ target: 'all', changed: false, wouldChange: true, revision: null, subject: 'Resume all' },
      files: [{ path: 'suspends/all.1.yaml', act: 'delete' }],
    });
    expect(at.commits()).toBe(1);
  });

  it('goes on from the new head when somebody pushed in between', async () => {
    const at = desk(files);
    // The hook runs while our push is under way, and makes somebody else first.
    const hook = join(at.git.bare, 'hooks', 'pre-receive');
    const script = `#!/bin/sh
[ -e raced ] && exit 0
touch raced
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
git update-ref refs/heads/main "$(git -c user.name=Bob -c user.email=bob@example.com commit-tree -p main -m Between 'main^{tree}')"
exit 0
`;
    writeFileSync(hook, script, { mode: 0o755 });
    const { code } = await at.run('suspend', 'image/web', '--why', 'a race', ...repo);
    expect(code).toBe(0);
    expect(at.git.git('log', '--format=%s', 'main').split('\n')).toEqual([
      'Suspend image/web: a race',
      'Between',
      'Begin',
    ]);
  });

  it('moves the files of a directory that has the branch checked out', async () => {
    const at = desk(files);
    gitIn(at.git.root, 'clone', '--quiet', at.git.bare, 'here');
    const { code } = await at.run('suspend', 'all', '--why', 'x', '--repo', 'here');
    expect(code).toBe(0);
    expect(gitIn(join(at.git.root, 'here'), 'status', '--short')).toBe('');
    expect(gitIn(join(at.git.root, 'here'), 'ls-files', 'suspends')).toMatch(/^suspends\/all\.[0-9a-f]{8}\.yaml$/);
  });

  it('puts a long reason, or one of many lines, into the body', async () => {
    const at = desk(files);
    const why = `it loses orders\nand ${'very '.repeat(20)}many`;
    await at.run('suspend', 'image/web', '--why', why, ...repo);
    expect(at.message().split('\n').slice(0, 4)).toEqual(['Suspend image/web', '', ...why.split('\n')]);
    expect(suspendsOf(at).suspends).toMatchObject([{ why }]);
  });

  it('suspends everything also while windlass.yaml is broken, and nothing by name', async () => {
    const at = desk({ 'windlass.yaml': 'windlass: 1\nimagse: {}\n' });
    const named = await at.run('suspend', 'image/web', '--why', 'x', ...repo);
    expect([named.code, named.stderr]).toEqual([2, expect.stringContaining('windlass.yaml:2:1')]);
    expect((await at.run('suspend', 'all', '--why', 'x', ...repo)).code).toBe(0);
    const without = desk({ 'README.md': 'nothing yet' });
    const missing = await without.run('suspend', 'image/web', '--why', 'x', ...repo);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('has no windlass.yaml')]);
  });

  it('takes a time from now on as its end', async () => {
    const at = desk(files);
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { code, stdout } = await at.run('suspend', 'image/web', '--why', 'x', '--until', '1h', '--json', ...repo);
    const until = Date.parse(JSON.parse(stdout).suspends[0].until);
    expect(code).toBe(0);
    expect(until).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(until).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });

  it.each([
    ['an image that is not there', ['image/wbe', '--why', 'x'], 'did you mean "image/web"?'],
    [
      'a sync that is near none',
      ['sync/nope', '--why', 'x'],
      'there is no sync "nope" in windlass.yaml: there are shop, shop-prod',
    ],
    ['a sync that is not there', ['sync/shop-prd', '--why', 'x'], 'did you mean "sync/shop-prod"?'],
    ['something else', ['web', '--why', 'x'], 'all-syncs and all: did you mean sync/web or image/web?'],
    ['no reason', ['image/web'], 'why?'],
    ['an empty reason', ['image/web', '--why', ' '], 'why?'],
    ['a date that is none', ['image/web', '--why', 'x', '--until', 'tomorrow'], 'is no date'],
    ['a date that has passed', ['image/web', '--why', 'x', '--until', '2020-01-01'], 'has passed already'],
    ['two targets', ['image/web', 'image/api', '--why', 'x'], 'takes one target'],
    ['a reason without a target', ['--why', 'x'], 'what is to be suspended?'],
  ])('returns 2 for %s', async (_name, argv, message) => {
    const at = desk(files);
    const { code, stdout, stderr } = await at.run('suspend', ...argv, ...repo);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(at.commits()).toBe(1);
  });

  it('wants to know who asks', async () => {
    const at = desk(files);
    const nobody = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
    const { code, stderr } = await at.runWith(nobody, 'suspend', 'all', '--why', 'x', ...repo);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Give --who NAME')]);
    expect((await at.runWith(nobody, 'suspend', 'all', '--why', 'x', '--who', 'Bob', ...repo)).code).toBe(0);
    expect(at.git.git('log', '-1', '--format=%an')).toBe('Windlass');
    expect((await at.run('resume', ...repo)).stderr).toContain('windlass resume needs');
  });
});

describeWithStandins('windlass suspend on GitHub', () => {
  it('commits by the API as the App’s token or a person’s, and resumes', async () => {
    const github = await createGitHub({ files, access: { tokens: ['ghp_secret'] } });
    const { url, close } = await github.listen();
    try {
      const at = desk({});
      const env = { WINDLASS_GITHUB_TOKEN: 'ghp_secret', WINDLASS_GITHUB_API_URL: url };
      const on = ['--repo', 'github:acme/config'];
      const { code, stderr } = await at.runWith(env, 'suspend', 'image/flux:old', '--why', 'x', ...on);
      expect([code, stderr]).toEqual([0, '']);
      expect(github.log()[0]).toMatchObject({
        message: expect.stringMatching(/^Suspend image\/flux:old: x\n/),
        verified: true,
      });
      expect(github.files().map(({ path }) => path)).toContainEqual(
        expect.stringMatching(/^suspends\/flux%3Aold\..{8}\.yaml$/),
      );
      expect((await at.runWith(env, 'resume', 'image/flux:old', ...on)).code).toBe(0);
      expect(github.files().filter(({ path }) => path.startsWith('suspends/'))).toEqual([]);
    } finally {
      await close();
    }
  });
});
