import { describe, expect, it } from 'vitest';
import { readHolds } from '../../lib/config/holds.ts';
import { trailersOf } from '../../lib/model/bump-story.ts';
import { commitMessage } from '../../lib/model/commit-message.ts';
import { type Desk, desk } from './repos.ts';

// A registry that answers nothing: port 9 of this machine.
const image = 'localhost:9/web';
const files: Record<string, string> = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${image}, semver: "*" }
clusters:
  main: {}
syncs:
  shop: { cluster: main, path: apps }
  other: { cluster: main, path: other }
`,
  'apps/web.yaml': pod('web', '1.4.0'),
  'other/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: other, namespace: shop }\n',
};

function pod(name: string, tag: string): string {
  return `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop }
spec:
  containers:
    - name: web
      image: ${image}:${tag} # {"$imagepolicy": "web"}
`;
}

const repo = ['--repo', 'config.git'];

function holdsOf({ git }: Desk) {
  const paths = git.git('ls-tree', '-r', '--name-only', 'main', 'holds/').split('\n').filter(Boolean);
  return readHolds(paths.map((path) => ({ path, bytes: Buffer.from(git.git('show', `main:${path}`)) })));
}

function bumped(): Desk {
  const at = desk(files);
  at.git.push({ 'apps/web.yaml': pod('web', '1.5.0') }, 'Take 1.5.0');
  return at;
}

describe('windlass rollback', () => {
  it('shows images, objects, lines and the hold, and commits with --yes', async () => {
    const at = bumped();
    const { code, stdout, stderr } = await at.run('rollback', 'image/web', '--why', 'it crashes', '--yes', ...repo);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^image\/web goes back to [0-9a-f]{12} \(Begin, from .*, (?:just now|\d+ minutes? ago)\)\n/);
    expect(stdout).toContain('  web: 1.5.0 -> 1.4.0\n');
    expect(stdout).toContain('  Pod/shop/web changes (shop)\n');
    expect(stdout).toContain(`  -      image: ${image}:1.5.0 # {"$imagepolicy": "web"}\n`);
    expect(stdout).toContain('  a hold keeps web on 1.4.0, until there is a tag after 1.5.0\n');
    expect(stdout).toMatch(
      /note the registry of localhost:9\/web was not asked \(.*\): the hold of web goes by what Git knows\n/,
    );
    expect(stdout).toMatch(/\nimage\/web went back \([0-9a-f]{12}\)\n$/);
    expect(at.show('apps/web.yaml')).toBe(files['apps/web.yaml']!.trim());
    expect(at.git.git('log', '-1', '--format=%an', 'main')).toBe('Ada');
    expect(holdsOf(at)).toMatchObject({
      unreadable: [],
      holds: [{ image: 'web', tag: '1.4.0', past: '1.5.0', by: 'Ada <ada@example.com>', why: 'it crashes' }],
    });
  });

  it('tells whose commit it undoes, and of a bump of several images what stays', async () => {
    const at = bumped();
    expect((await at.run('rollback', 'image/web', '--dry-run', ...repo)).stdout).toMatch(
      /^ {2}undoes [0-9a-f]{12} Take 1\.5\.0 \(Ada\)$/m,
    );
    const both = files['windlass.yaml']!.replace('clusters:', `  api: { image: ${image}, semver: "*" }\nclusters:`);
    at.git.push({ 'windlass.yaml': both, 'apps/api.yaml': pod('api', '1.5.0').replace('"web"}', '"api"}') });
    const images = ['web', 'api'].map((policy) => ({ policy, repository: image, from: ['1.5.0'], to: '1.6.0' }));
    const trailers = trailersOf({ images, events: [] });
    const moved = {
      'apps/web.yaml': pod('web', '1.6.0'),
      'apps/api.yaml': at.show('apps/api.yaml').replace('1.5.0', '1.6.0'),
    };
    at.git.push(moved, commitMessage({ subject: 'Bump both', body: [], trailers }));
    const { stdout } = await at.run('rollback', 'image/web', '--dry-run', ...repo);
    expect(stdout).toMatch(/^ {2}undoes [0-9a-f]{12} Bump both, in part: api stays$/m);
  });

  it('asks, and without a terminal refuses after it has shown what it would do', async () => {
    const at = bumped();
    const { code, stdout, stderr } = await at.run('rollback', 'image/web', '--no-render', ...repo);
    expect(code).toBe(2);
    expect(stdout).toContain('web: 1.5.0 -> 1.4.0');
    expect(stderr).toContain('Roll back image/web?');
    expect(at.commits()).toBe(2);
  });

  it('writes nothing in a dry run, and says all of it as JSON', async () => {
    const at = bumped();
    const { code, stdout } = await at.run('rollback', 'sync/shop', '--dry-run', '--json', ...repo);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      target: 'sync/shop',
      result: 'planned',
      images: [{ policy: 'web', from: ['1.5.0'], to: ['1.4.0'] }],
      objects: [{ sync: 'shop', object: 'Pod/shop/web', act: 'changes' }],
      files: [{ path: 'apps/web.yaml', act: 'change' }],
      holds: [{ image: 'web', tag: '1.4.0', past: '1.5.0' }],
      back: { subject: 'Begin' },
    });
    expect(at.commits()).toBe(2);
  });

  it('proposes it on a branch of its own, with the hold inside, that no bump takes for its own', async () => {
    const at = bumped();
    const { code, stdout } = await at.run('rollback', 'image/web', '--pull-request', '--yes', '--no-render', ...repo);
    expect(code).toBe(0);
    const branch = /windlass\/rollback\/web-[0-9a-f]{8}/.exec(stdout)![0];
    expect(at.commits()).toBe(2);
    const changed = at.git.git('diff', '--name-status', 'main', branch).split('\n');
    expect(changed).toEqual([expect.stringMatching(/^M\tapps\/web\.yaml$/), expect.stringMatching(/^A\tholds\/web\./)]);
    expect(stdout).toContain("note squash or rebase it and keep the commit's message");
    at.git.push({ 'README.md': 'beside\n' });
    const again = await at.run('rollback', 'image/web', '--pull-request', '--yes', '--no-render', ...repo);
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`it is proposed already on ${branch}: merge`),
    });
    const other = ['rollback', 'image/web', '--to', '1.4.0', '--pull-request', '--yes', '--no-render', ...repo];
    expect((await at.run(...other)).stdout).not.toContain('already');
  });

  it.each([
    ['1.4.0', 'a tag'],
    ['tag:1.4.0', 'a tag'],
  ])('goes to %s, %s', async (to) => {
    const at = bumped();
    at.git.push({ 'apps/web.yaml': pod('web', '1.6.0') }, 'Take 1.6.0');
    const { code, stdout } = await at.run('rollback', 'image/web', '--to', to, '--yes', '--no-render', ...repo);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^image\/web goes back, as Git had it at [0-9a-f]{12} \(Begin, from .*, (?:just now|\d+ minutes? ago)\)\n/,
    );
    expect(at.show('apps/web.yaml')).toBe(files['apps/web.yaml']!.trim());
    expect(holdsOf(at).holds).toMatchObject([{ tag: '1.4.0', past: '1.6.0' }]);
  });

  it('refuses a date, and a part of an id, that is a tag of the image as well, and says how to name each', async () => {
    const dated = { ...files, 'windlass.yaml': files['windlass.yaml']!.replace('semver: "*"', 'alphabetical: asc') };
    const at = desk({ ...dated, 'apps/web.yaml': pod('web', '2026-11-01') });
    const first = at.git.git('rev-parse', 'main').slice(0, 8);
    for (const tag of ['2026-11-02', first, '2026-11-03']) at.git.push({ 'apps/web.yaml': pod('web', tag) }, tag);
    const to = (text: string) => at.run('rollback', 'image/web', '--to', text, '--dry-run', '--no-render', ...repo);
    for (const [text, kind] of [
      ['2026-11-02', 'time'],
      [first, 'commit'],
    ]) {
      const { code, stderr } = await to(text!);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(
          `${text} is a tag of "web" and a ${kind}: say which one\n  windlass rollback image/web --to tag:${text}\n  windlass rollback image/web --to ${kind}:${text}\n`,
        ),
      ]);
      expect((await to(`tag:${text}`)).stdout).toContain(`web: 2026-11-03 -> ${text}\n`);
    }
    expect((await to(`commit:${first}`)).stdout).toContain('web: 2026-11-03 -> 2026-11-01\n');
    expect((await to('2026-10-05')).stderr).toContain('has no commit from before 2026-10-05T00:00');
  });

  it('goes to a commit by a part of its id, and says where there is nothing to do', async () => {
    const at = bumped();
    const first = at.git.git('rev-list', '--max-parents=0', 'main').slice(0, 9);
    expect((await at.run('rollback', 'image/web', '--to', first, '--yes', '--no-render', ...repo)).code).toBe(0);
    const again = await at.run('rollback', 'image/web', '--to', first, '--yes', '--no-render', ...repo);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('has localhost:9/web:1.4.0 already') });
    const back = await at.run('rollback', 'image/web', '--yes', '--no-render', ...repo);
    expect(back).toMatchObject({ code: 2, stderr: expect.stringContaining('was a rollback itself') });
  });

  it.each([
    [['image/wbe'], 'there is no image "wbe" in windlass.yaml, did you mean "image/web"?'],
    [['sync/shop', '--to', '1.4.0'], 'is neither a commit nor a time'],
    [['web'], 'needs image/NAME or sync/NAME, not "web"'],
    [
      ['image/web', '--to', 'nonsense'],
      '"web" never had the tag nonsense in Git, and the registry of localhost:9/web cannot',
    ],
    [['image/web', '--to', 'yesterday'], 'written 3f0c2a9, 2h, 3d (ago), 2026-11-22'],
    [['image/web', '--to', 'HEAD~1'], '--to HEAD~1 is no commit, no tag and no time: write the id of a commit'],
    [['image/web', '--to', '15:54'], '2026-11-22T12:00 (UTC)'],
    [['image/web', '--to', 'abcdef0123'], 'it is no commit of the branch and no time either'],
    [['image/web', '--to', 'tag:9.9.9'], '"web" never had the tag 9.9.9 in Git'],
    [['image/web', '--to', '2026-13-45'], '--to "2026-13-45" is no time'],
    [['image/web', '--to', '2999-01-01'], 'is still to come'],
    [['image/web', '--to', '4000d'], 'has no commit from before'],
    [['image/web', '--include', 'apps'], '--include is for a sync'],
    [['image/web', '--to', '2001-01-01'], 'has no commit from before 2001-01-01'],
  ])('refuses %j: %s', async (argv, message) => {
    const at = bumped();
    const { code, stderr } = await at.run('rollback', ...argv, '--dry-run', '--no-render', ...repo);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('windlass hold and windlass release', () => {
  it('hold an image at what Git has, list it, and let it go, each by one commit', async () => {
    const at = bumped();
    const held = await at.run('hold', 'image/web', '--why', 'see INC-7', '--until', '2099-01-31', ...repo);
    expect(held.stderr).toBe('');
    expect(held.stdout).toMatch(
      /^image\/web is held \([0-9a-f]{12}\)\n {2}holds\/web\.[0-9a-f]{8}\.yaml: on 1\.5\.0, past 1\.5\.0/,
    );
    expect(at.message().split('\n')).toEqual([
      'Hold image/web on 1.5.0: see INC-7',
      '',
      'Windlass-Held: web',
      expect.stringMatching(/^Windlass-Hold: holds\/web\./),
      'Windlass-Tag: 1.5.0',
      'Windlass-Past: 1.5.0',
      'Windlass-Until: 2099-01-31',
      'Windlass-Who: Ada <ada@example.com>',
    ]);
    const listed = await at.run('hold', '--json', ...repo);
    const [hold] = JSON.parse(listed.stdout).holds;
    expect(hold).toMatchObject({ image: 'web', tag: '1.5.0', past: '1.5.0', until: '2099-01-31', void: false });
    const released = await at.run('release', 'image/web', hold.id, ...repo);
    expect(released).toMatchObject({ code: 0, stdout: expect.stringContaining('image/web is released') });
    expect(holdsOf(at).holds).toEqual([]);
    expect(await at.run('release', 'image/web', ...repo)).toMatchObject({ code: 0, stdout: 'image/web is not held\n' });
  });

  it('says of a release that found nothing whether a name or an id is none', async () => {
    const at = bumped();
    expect((await at.run('release', 'image/wbe', ...repo)).stdout).toBe(
      'image/wbe is not held\nnote there is no image "wbe" in windlass.yaml, did you mean "image/web"?\n',
    );
    await at.run('hold', 'image/web', '--why', 'x', ...repo);
    const { code, stdout } = await at.run('release', 'image/web', 'nope', ...repo);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('image/web is not held by nope\nnote it is held still by '),
    ]);
    expect(holdsOf(at).holds).toHaveLength(1);
  });

  it.each(['x', 'web.x'])('let a file go by its id that cannot be read: %s', async (name) => {
    const at = bumped();
    at.git.push({ [`holds/${name}.yaml`]: 'image: web\ntag: [\n', 'holds/web.y.yaml': 'image: web\ntag: [\n' });
    expect((await at.run('release', 'image/web', ...repo)).stdout).toContain(
      `note holds/${name}.yaml cannot be read, and holds what it may be about: mend it, or release it by its id\n`,
    );
    const { code, stdout } = await at.run('release', 'image/web', 'x', ...repo);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^image\/web is released \([0-9a-f]{12}\)\n/);
    expect(stdout).toContain(`note holds/${name}.yaml could not be read, and goes\n`);
    expect(at.git.git('ls-tree', '-r', '--name-only', 'main', 'holds/')).toBe('holds/web.y.yaml');
  });

  it('holds what it is told, and says that Git has something else', async () => {
    const at = bumped();
    const argv = ['hold', 'image/web', '--tag', '1.4.0', '--past', '1.6.0', '--why', 'later', ...repo];
    expect((await at.run(...argv)).stdout).toContain(
      'note Git has 1.5.0: a hold does not change that, windlass rollback does',
    );
    expect(holdsOf(at).holds).toMatchObject([{ tag: '1.4.0', past: '1.6.0' }]);
    expect((await at.run('hold', ...repo)).stdout).toMatch(/^image\/web {2}on 1\.4\.0 {2}past 1\.6\.0 /);
  });

  it.each([
    [['sync/shop', '--why', 'x'], 'is no image/NAME'],
    [['image/web'], 'why?'],
    [['image/web', '--why', 'x', '--tag', 'sha256:0'], 'this hold cannot be written'],
    [['image/wbe', '--why', 'x'], 'did you mean "image/web"?'],
  ])('refuses %j: %s', async (argv, message) => {
    const { code, stderr } = await bumped().run('hold', ...argv, ...repo);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
