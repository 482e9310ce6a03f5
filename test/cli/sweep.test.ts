import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { gitIn, temporaryDirectory } from '../adapters/git/repos.ts';
import { pushTo } from '../helpers/push-image.ts';
import { describeWithRegistry, type RunningRegistry, registryUser, startRegistry } from '../helpers/registry.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub, type GitHubOptions } from '../standins/github.ts';
import { desk } from './repos.ts';

const repo = ['--repo', 'config.git'];

await describeWithRegistry('windlass sweep', () => {
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await startRegistry();
    for (const tag of ['1.0.0', '1.1.0', '2.0.0']) await pushTo(registry.url, 'shop/web', tag);
    for (const tag of ['3.0.0', '3.1.0']) await pushTo(registry.url, 'shop/api', tag);
  });
  afterAll(() => registry?.stop());

  /** Web is committed to staging and proposed to prod, api is committed. */
  const shop = (more: Record<string, string> = {}): Record<string, string> => ({
    'windlass.yaml': `windlass: 1
images:
  web: { image: ${registry.host}/shop/web, semver: ">=1.0.0 <2.0.0" }
  api: { image: ${registry.host}/shop/api, semver: "*" }
environments:
  staging: { cluster: main }
  prod: { cluster: main, update: pull-request }
clusters:
  main: { eks: main }
syncs:
  shop: { in: [staging, prod], path: "apps/{env}" }
pullRequests: { labels: [bump], reviewers: [grace] }
`,
    'apps/staging/web.yaml': `# staging\r\nweb: ${registry.host}/shop/web:1.0.0 # {"$imagepolicy": "web"}\r\n`,
    'apps/staging/api.yaml': `api: "3.0.0" # {"$imagepolicy": "api:tag"}`,
    'apps/prod/web.yaml': `web: ${registry.host}/shop/web:1.0.0 # {"$imagepolicy": "web"}\n`,
    ...more,
  });

  it('makes one commit by the person and a branch for each proposal, and then finds nothing more', async () => {
    const at = desk(shop());
    const { code, stdout, stderr } = await at.run('sweep', ...repo);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'bumped    web  1.0.0 -> 1.1.0  apps/staging/web.yaml:2',
      'bumped    api  3.0.0 -> 3.1.0  apps/staging/api.yaml:1',
      'proposed  web  1.0.0 -> 1.1.0  branch windlass/bump/prod',
    ]);
    expect(stdout).toContain('note  prod: labels, reviewers');
    expect(stdout).toMatch(/config\.git main at [0-9a-f]{12}: 2 bumped, 1 proposed\n$/);
    expect(at.git.git('log', '-1', '--format=%an %s', 'main')).toBe('Ada Bump web to 1.1.0 and api to 3.1.0');
    expect(at.show('apps/staging/web.yaml')).toContain('shop/web:1.1.0');
    expect(at.show('apps/prod/web.yaml')).toContain('shop/web:1.0.0');
    expect(at.show('apps/prod/web.yaml', 'windlass/bump/prod')).toContain('shop/web:1.1.0');
    const again = await at.run('sweep', ...repo);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('in review  prod');
    expect(again.stdout).toMatch(/: 1 in review, 1 up to date\n$/);
    expect(at.commits()).toBe(2);
    at.git.push({ 'apps/prod/web.yaml': at.show('apps/prod/web.yaml', 'windlass/bump/prod') });
    const dry = await at.run('sweep', '--dry-run', ...repo);
    expect([dry.code, dry.stdout]).toEqual([
      1,
      expect.stringMatching(/^withdraw {2}prod {2}.*nothing is left to change/),
    ]);
    expect((await at.run('sweep', ...repo)).stdout).toMatch(/: 1 withdrawn, 2 up to date\n$/);
    expect(at.git.git('branch', '--list', 'windlass/*')).toBe('');
  });

  it('shows what it would write in a dry run, and writes nothing', async () => {
    const at = desk(shop());
    const before = at.git.git('for-each-ref');
    const { code, stdout } = await at.run('sweep', '--dry-run', ...repo);
    expect(code).toBe(1);
    expect(at.git.git('for-each-ref')).toBe(before);
    expect(stdout).toContain('bump     web  1.0.0 -> 1.1.0');
    expect(stdout).toContain('propose  web  1.0.0 -> 1.1.0  branch windlass/bump/prod');
    expect(stdout).toContain('commit on main\n    Bump web to 1.1.0 and api to 3.1.0\n');
    expect(stdout).toContain('    Windlass-Policy: web\n');
    expect(stdout).toContain(
      [
        '--- a/apps/staging/web.yaml',
        '+++ b/apps/staging/web.yaml',
        '@@ -1,2 +1,2 @@',
        ' # staging',
        `-web: ${registry.host}/shop/web:1.0.0 # {"$imagepolicy": "web"}`,
        `+web: ${registry.host}/shop/web:1.1.0 # {"$imagepolicy": "web"}`,
        '',
      ].join('\n'),
    );
    expect(stdout).toContain('proposal prod: Bump web to 1.1.0 in prod (labels bump; reviewers grace)');
    expect(stdout).toContain('2 to be bumped, 1 to be proposed (a dry run, nothing was written)\n');
  });

  it('tells the same as JSON: of a dry run diffs that git applies, of a sweep the records', async () => {
    const at = desk(shop());
    const dry = JSON.parse((await at.run('sweep', '--dry-run', '--json', ...repo)).stdout);
    expect(dry).toMatchObject({
      ...{ branch: 'main', head: at.git.git('rev-parse', 'main'), dryRun: true, records: [], failure: null },
      commit: { revision: null, message: expect.stringContaining('Windlass-To: 3.1.0') },
      proposals: [{ group: 'prod', act: 'propose', branch: 'windlass/bump/prod', labels: ['bump'], number: null }],
    });
    const patch = dry.commit.files.map(({ diff }: { diff: string }) => diff).join('');
    writeFileSync(join(at.git.root, 'patch'), patch);
    gitIn(at.git.work, 'apply', '--whitespace=nowarn', '../patch');
    const { code, stdout } = await at.run('sweep', '--json', ...repo);
    expect(code).toBe(0);
    const done = JSON.parse(stdout);
    expect(done).toMatchObject({
      commit: { revision: at.git.git('rev-parse', 'main'), message: dry.commit.message },
      images: [
        { policy: 'web', repository: `${registry.host}/shop/web`, rule: 'semver >=1.0.0 <2.0.0', newest: '1.1.0' },
        { policy: 'api', current: ['3.1.0'], newest: '3.1.0' },
      ],
      waits: [],
    });
    expect(done.records.map(({ kind }: { kind: string }) => kind)).toEqual(['bumped', 'bumped', 'bump-proposed']);
    gitIn(at.git.work, 'fetch', '--quiet', at.git.bare, 'main');
    expect(gitIn(at.git.work, 'diff', 'FETCH_HEAD')).toBe('');
  });

  it('leaves a proposal that somebody works on to them, and says so once', async () => {
    const at = desk(shop());
    await at.run('sweep', ...repo);
    const { work, bare } = at.git;
    gitIn(work, 'fetch', '--quiet', bare, 'windlass/bump/prod');
    gitIn(work, 'reset', '--quiet', '--hard', 'FETCH_HEAD');
    gitIn(work, 'commit', '--quiet', '--allow-empty', '--message', 'By hand');
    gitIn(work, 'push', '--quiet', bare, 'HEAD:windlass/bump/prod');
    const { code, stdout } = await at.run('sweep', ...repo);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^waits {2}web {2}.*prod: somebody committed to windlass\/bump\/prod/);
    expect(stdout.match(/somebody committed/g)).toHaveLength(1);
    expect(stdout).toMatch(/: 1 waits, 1 up to date\n$/);
  });

  it('looks at the named images alone, and knows what a slip was meant to be', async () => {
    const at = desk(shop());
    expect((await at.run('sweep', '--image', 'api', ...repo)).stdout).toMatch(/: 1 bumped\n$/);
    expect(at.show('apps/staging/web.yaml')).toContain('web:1.0.0');
    const slip = await at.run('sweep', '--image', 'wbe', ...repo);
    expect([slip.code, slip.stdout, slip.stderr]).toEqual([
      2,
      '',
      'error: no image policy is named "wbe", did you mean "web"?\n',
    ]);
  });

  it('says what waits, what is skipped and where, and goes past images that fail', async () => {
    const windlassFile = `windlass: 1
images:
  web: { image: ${registry.host}/shop/web, semver: "*" }
  api: { image: ${registry.host}/shop/api, semver: "*" }
  gone: { image: ${registry.host}/shop/gone, semver: "*" }
`;
    const at = desk({
      'windlass.yaml': windlassFile,
      'apps.yaml': `web: 1.0.0 # {"$imagepolicy": "web:tag"}
api: 3.0.0 # {"$imagepolicy": "api:tag"}
gone: 1.0.0 # {"$imagepolicy": "gone:tag"}
typo: 1.0.0 # {"$imagepolicy": "wbe:tag"}
`,
      'suspends/api.1.yaml': 'image: api\nwho: bob\nwhy: it loses orders\n',
    });
    const { code, stdout } = await at.run('sweep', ...repo);
    expect(code).toBe(2);
    expect(stdout).toContain('bumped  web   1.0.0 -> 2.0.0  apps.yaml:1');
    expect(stdout).toContain('waits   api   3.0.0           suspended by bob: it loses orders');
    expect(stdout).toMatch(/failed {2}gone {2}1\.0\.0 +.*no repository shop\/gone/);
    expect(stdout).toMatch(/skipped {2}apps\.yaml:4: .*"wbe".*did you mean "web"\?/);
    expect(stdout.match(/skipped/g)).toHaveLength(1);
    expect(stdout).toContain(': 1 bumped, 1 waits, 1 failed\n');
  });

  it('returns 3 and changes nothing while a registry is down', async () => {
    const other = await startRegistry();
    await pushTo(other.url, 'shop/web', '1.1.0');
    const at = desk({
      'windlass.yaml': `windlass: 1\nimages:\n  web: { image: ${other.host}/shop/web, semver: "*" }\n`,
      'web.yaml': `web: ${other.host}/shop/web:1.0.0 # {"$imagepolicy": "web"}\n`,
    });
    await other.stop();
    const { code, stdout } = await at.run('sweep', ...repo);
    expect([code, stdout]).toEqual([3, expect.stringContaining('cannot be reached')]);
    expect((await at.run('sweep', '--dry-run', ...repo)).code).toBe(3);
    expect(at.commits()).toBe(1);
  });

  it('shows registries the credentials of docker login, and nobody else', async () => {
    const closed = await startRegistry({ auth: 'basic' });
    onTestFinished(closed.stop);
    const auth = Buffer.from(`${registryUser.username}:${registryUser.password}`).toString('base64');
    await pushTo(closed.url, 'shop/web', '1.1.0', {}, { authorization: `Basic ${auth}` });
    const at = desk({
      'windlass.yaml': `windlass: 1\nimages:\n  web: { image: ${closed.host}/shop/web, semver: "*" }\n`,
      'web.yaml': `web: ${closed.host}/shop/web:1.0.0 # {"$imagepolicy": "web"}\n`,
    });
    const refused = await at.run('sweep', ...repo);
    expect([refused.code, refused.stdout]).toEqual([2, expect.stringContaining('docker login')]);
    const config = join(at.git.root, '.docker');
    mkdirSync(config);
    writeFileSync(join(config, 'config.json'), JSON.stringify({ auths: { [closed.host]: { auth } } }));
    const { code, stdout, stderr } = await at.run('sweep', '--json', ...repo);
    expect(code).toBe(0);
    for (const secret of [auth, registryUser.password]) expect(stdout + stderr).not.toContain(secret);
    const elsewhere = temporaryDirectory();
    const broken = await at.runWith({ DOCKER_CONFIG: elsewhere }, 'sweep', ...repo);
    expect(broken.code).toBe(2);
  });

  it('moves the files of a directory that has the branch checked out, and leaves one with changes alone', async () => {
    const at = desk(shop());
    gitIn(at.git.root, 'clone', '--quiet', at.git.bare, 'here');
    const here = join(at.git.root, 'here');
    writeFileSync(join(here, 'apps/staging/api.yaml'), 'a change\n');
    const dirty = await at.run('sweep', '--image', 'api', '--repo', 'here');
    expect([dirty.code, dirty.stdout]).toEqual([2, expect.stringContaining('changes that are not committed')]);
    gitIn(here, 'checkout', '--quiet', '.');
    expect((await at.run('sweep', '--image', 'api', '--repo', 'here')).code).toBe(0);
    expect(gitIn(here, 'status', '--short')).toBe('');
    expect(gitIn(here, 'show', 'main:apps/staging/api.yaml')).toContain('3.1.0');
  });

  describeWithStandins('on GitHub', () => {
    const on = ['--repo', 'github:acme/config'];
    const start = async (options: Partial<GitHubOptions> = {}) => {
      const github = await createGitHub({ files: shop(), access: { tokens: ['ghp_secret'] }, ...options });
      const { url, close } = await github.listen();
      onTestFinished(close);
      return { github, env: { WINDLASS_GITHUB_API_URL: url, GITHUB_TOKEN: 'ghp_secret' }, at: desk({}) };
    };

    it('makes a signed commit and a pull request, and knows the repo the next time', async () => {
      const { github, env, at } = await start();
      const { code, stdout, stderr } = await at.runWith(env, 'sweep', ...on);
      expect([code, stderr]).toEqual([0, '']);
      expect(github.log()[0]).toMatchObject({
        message: expect.stringMatching(/^Bump web to 1\.1\.0 and api to 3\.1\.0\n/),
        verified: true,
      });
      expect(stdout).toMatch(/proposed {2}web {2}1\.0\.0 -> 1\.1\.0 {2}pull request #1 https:\/\/github\.com\//);
      expect(stdout).toMatch(/^github:acme\/config main at [0-9a-f]{12}: 2 bumped, 1 proposed$/m);
      expect(github.pull(1)).toMatchObject({
        ...{ title: 'Bump web to 1.1.0 in prod', labels: ['bump'], reviewers: ['grace'], state: 'open' },
      });
      const archives = () => github.requests.all.filter(({ kind }) => kind.includes('tarball')).length;
      expect(archives()).toBe(1);
      const again = await at.runWith(env, 'sweep', ...on);
      expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('in review  prod')]);
      expect(archives()).toBe(1);
    });

    it('writes nothing in a dry run', async () => {
      const { github, env, at } = await start();
      const { code, stdout } = await at.runWith(env, 'sweep', '--dry-run', ...on);
      expect([code, stdout]).toEqual([1, expect.stringContaining('proposal prod: Bump web to 1.1.0 in prod')]);
      expect(github.log()).toHaveLength(1);
      expect(github.repository.pulls).toEqual([]);
      expect(
        github.requests.all.filter(({ kind }) => /mutation|^(?:POST|PATCH|PUT|DELETE) \/repos/.test(kind)),
      ).toEqual([]);
    });

    it('comes in as an App by its key file', async () => {
      const keys = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      });
      const { github, env, at } = await start({
        access: { app: { id: 7, publicKey: keys.publicKey, installationId: 42 } },
      });
      writeFileSync(join(at.git.root, 'app.pem'), keys.privateKey);
      const app = { ...env, WINDLASS_GITHUB_APP_ID: '7', WINDLASS_GITHUB_APP_KEY_FILE: 'app.pem' };
      expect((await at.runWith(app, 'sweep', ...on)).code).toBe(0);
      expect(github.log()).toHaveLength(2);
      const known = { ...app, WINDLASS_GITHUB_INSTALLATION_ID: '42' };
      expect((await at.runWith(known, 'sweep', ...on)).code).toBe(0);
      writeFileSync(join(at.git.root, 'app.pem'), keys.privateKey.slice(0, 200));
      const { code, stderr } = await at.runWith(app, 'sweep', ...on);
      expect([code, stderr]).toEqual([2, expect.stringContaining('no RSA key in PEM format')]);
      expect(stderr).not.toContain(keys.privateKey.slice(60, 100));
    });

    it('says what to do when the branch is protected, and proposes all the same', async () => {
      const { github, env, at } = await start();
      github.repository.protections.set('main', { requirePullRequest: true });
      const { code, stdout } = await at.runWith(env, 'sweep', ...on);
      expect([code, stdout]).toEqual([2, expect.stringContaining('allow the GitHub App to bypass the rules of main')]);
      expect(stdout).toContain('proposed  web');
      expect(github.log()).toHaveLength(1);
    });

    it.each([
      ['no token', on, { GITHUB_TOKEN: '' }, 2, 'who is Windlass on GitHub?'],
      ['a wrong token', on, { GITHUB_TOKEN: 'ghp_wrong' }, 2, 'does not take the token'],
      ['half an App', on, { WINDLASS_GITHUB_APP_ID: '7' }, 2, 'WINDLASS_GITHUB_APP_KEY_FILE is not'],
      ['another repository', ['--repo', 'github:acme/cnfig'], {}, 2, 'check the name acme/cnfig'],
      ['no name', ['--repo', 'github:acme'], {}, 2, 'github:OWNER/NAME'],
      ['a path for a name', ['--repo', 'github:acme/..'], {}, 2, 'github:OWNER/NAME'],
      ['another branch', [...on, '--branch', 'mian'], {}, 2, 'has no branch mian'],
      ['plain http', on, { WINDLASS_GITHUB_API_URL: 'http://github.test' }, 2, 'https only'],
      ['a page of GitHub', on, { WINDLASS_GITHUB_API_URL: 'https://github.com/acme' }, 2, 'https://HOST/api/v3'],
      ['GitHub away', on, { WINDLASS_GITHUB_API_URL: 'http://127.0.0.1:9' }, 3, 'cannot read acme/config'],
    ])('returns an error for %s', async (_name, argv, more, code, message) => {
      const { env, at } = await start();
      const ran = await at.runWith({ ...env, ...more }, 'sweep', ...argv);
      expect([ran.code, ran.stdout, ran.stderr]).toEqual([code, '', expect.stringContaining(message)]);
      expect(ran.stderr).not.toMatch(/ghp_|^ {4}at /m);
    });
  });
});

describe('windlass sweep', () => {
  it.each([
    ['no repository', [], 'needs --repo REPO'],
    ['a directory that is not there', ['--repo', 'nowhere'], 'there is no directory'],
    ['a directory that is no repository', ['--repo', '.'], 'is not a Git repository'],
    ['another branch', ['--repo', 'config.git', '--branch', 'mian'], 'has no branch mian'],
    ['no windlass.yaml', ['--repo', 'config.git'], 'the branch main has no windlass.yaml'],
    ['http', ['--repo', 'http://ada:secret@git.test/config'], 'http is not allowed'],
  ])('returns 2 for %s', async (_name, argv, message) => {
    const at = desk({ 'README.md': 'nothing yet\n' });
    const { code, stdout, stderr } = await at.run('sweep', ...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/secret|^ {4}at /m);
  });

  it('returns 3 for a host that is away, and keeps the password of its address to itself', async () => {
    const at = desk({});
    const { code, stdout, stderr } = await at.run('sweep', '--repo', 'https://ada:hunter2@127.0.0.1:9/config.git');
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('https://127.0.0.1:9/config.git');
    expect(stderr).not.toMatch(/hunter2|^ {4}at /m);
  });

  it('shows all that is wrong with windlass.yaml, with its place', async () => {
    const at = desk({ 'windlass.yaml': 'windlass: 1\nimagse: {}\nimages:\n  web: { semver: "*" }\n' });
    const { code, stdout, stderr } = await at.run('sweep', ...repo);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('error: nothing is bumped while windlass.yaml is broken\n');
    expect(stderr).toContain('windlass.yaml:2:1');
    expect(stderr).toContain('windlass.yaml:4');
  });

  it('says that there is nothing to look at', async () => {
    const at = desk({ 'windlass.yaml': 'windlass: 1\n' });
    const { code, stdout } = await at.run('sweep', ...repo);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/: there is no image policy\n$/)]);
  });
});
