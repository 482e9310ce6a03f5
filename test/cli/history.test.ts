import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AuditRecord, recordId } from '../../lib/model/audit-record.ts';
import { bumpedRecords, trailersOf } from '../../lib/model/bump-story.ts';
import { commitMessage } from '../../lib/model/commit-message.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub } from '../standins/github.ts';
import { type RecordedDesk, recordedDesk } from './recorded-desk.ts';
import { desk } from './repos.ts';

const image = 'ghcr.io/acme/web';
const windlassFile = `windlass: 1
images:
  web: { image: ${image}, semver: "*" }
clusters: { main: {} }
environments: { staging: { cluster: main }, prod: { cluster: main } }
syncs:
  shop: { in: [staging, prod], path: "apps/{env}" }
  infra: { cluster: main, path: infra }
`;
const map = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: shop }\n`;
const web = (tag: string) => `${map('web')}data:\n  image: ${image}:${tag} # {"$imagepolicy": "web"}\n`;
const files = {
  'windlass.yaml': windlassFile,
  'apps/prod/kustomization.yaml': 'resources: [../../base]\n',
  'base/kustomization.yaml': 'resources: [web.yaml]\n',
  'base/web.yaml': web('1.0.0'),
  'apps/staging/other.yaml': map('other'),
  'infra/a.yaml': map('a'),
};
const story = { images: [{ policy: 'web', repository: image, from: ['1.0.0'], to: '1.1.0' }], events: ['push-1'] };
const bumpMessage = commitMessage({ subject: 'Bump web to 1.1.0', body: [], trailers: trailersOf(story) });

const record = (kind: AuditRecord['kind'], at: string, more: Partial<AuditRecord>): AuditRecord => ({
  ...{ id: recordId(kind, at), at, kind, actor: 'windlass pull', subjects: [], result: 'ok', summary: kind },
  ...more,
});

/** A bump, what a puller told of it, a hand edit, and people's commits. */
async function lived(at: RecordedDesk) {
  const bump = at.git.push({ 'base/web.yaml': web('1.1.0') }, bumpMessage);
  const raised = at.git.push(
    { 'apps/prod/kustomization.yaml': 'resources: [../../base]\nnamePrefix: x-\n' },
    'Prefix (#12)',
  );
  at.git.push({ 'infra/a.yaml': map('b') }, 'Elsewhere');
  const [now] = [Date.now()];
  const later = (seconds: number) => new Date(now + seconds * 1000).toISOString();
  const sync = ['sync:shop-prod', 'run:r1'];
  await at.records.append([
    record('push-received', later(-2), {
      subjects: ['event:push-1', 'image:web'],
      actor: 'push event',
      summary: `${image}:1.1.0 was pushed`,
    }),
    ...bumpedRecords(story, bump, `${later(0).slice(0, 19)}.000Z`),
    record('synced', later(20), {
      subjects: [...sync, `revision:${bump}`],
      revision: bump,
      summary: 'shop-prod synced: 1 configured',
    }),
    record('image-running', later(21), {
      subjects: [...sync, 'image:web'],
      revision: bump,
      summary: `shop-prod runs ${image}:1.1.0`,
    }),
    record('incident-opened', later(40), {
      subjects: ['sync:shop-prod', 'incident:k'],
      actor: 'windlass report',
      summary: 'web was changed',
    }),
    record('drift-found', later(40), {
      subjects: ['sync:shop-prod', 'incident:k'],
      actor: 'kubectl-set',
      summary: 'image is "x"',
    }),
  ]);
  return { bump, raised };
}

const rows = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.slice(12));

describe('windlass history', () => {
  it('is one timeline of an image: pushes, bumps with their records as one line, and where it runs', async () => {
    const at = await recordedDesk(files);
    const { bump } = await lived(at);
    const { code, stdout, stderr } = await at.run('history', 'image/web', '--wide');
    expect([code, stderr]).toEqual([0, '']);
    const of = (revision: string) => revision.slice(0, 8);
    expect(rows(stdout)).toEqual([
      `image-running  ${of(bump)}  shop-prod runs ${image}:1.1.0`,
      `bumped         ${of(bump)}  web went from 1.0.0 to 1.1.0`,
      expect.stringMatching(/^(?:commit {9}[0-9a-f]{8} {2}Ada: Begin|push-received {12}ghcr)/),
      expect.stringMatching(/^(?:commit {9}[0-9a-f]{8} {2}Ada: Begin|push-received {12}ghcr)/),
    ]);
  });

  it('is one timeline of a sync: commits to what it builds on, pulls, and drift with its incident', async () => {
    const at = await recordedDesk(files);
    const { bump, raised } = await lived(at);
    const { code, stdout } = await at.run('history', 'sync/shop-prod', '--json');
    expect(code).toBe(0);
    const { entries, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ target: 'sync/shop-prod', repo: at.git.bare, branch: 'main', notes: [] });
    expect(entries.map(({ what, who, revision }: Record<string, string>) => [what, who, revision])).toEqual([
      ['drift-found', 'kubectl-set', undefined],
      ['image-running', 'windlass pull', bump],
      ['synced', 'windlass pull', bump],
      ['commit', 'Ada', raised],
      ['bumped', 'windlass bump', bump],
      ['commit', 'Ada', expect.any(String)],
    ]);
    expect(entries[0].records).toHaveLength(2);
    expect(entries[3]).toMatchObject({ pullRequest: { number: 12 }, commit: { subject: 'Prefix (#12)' } });
  });

  it('works with Git alone, and says so', async () => {
    const at = desk(files);
    at.git.push({ 'base/web.yaml': web('1.1.0') }, bumpMessage);
    const env = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
    const { code, stdout, stderr } = await at.runWith(
      env,
      'history',
      'image/web',
      '--repo',
      'config.git',
      '--only',
      'git',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(rows(stdout)).toEqual([
      expect.stringMatching(/^bumped {2}[0-9a-f]{8} {2}web went from 1\.0\.0 to 1\.1\.0$/),
      expect.stringMatching(/^commit {2}[0-9a-f]{8} {2}Ada: Begin$/),
    ]);
  });

  it('follows files that were moved, one by one', async () => {
    const other = web('1.0.0').replaceAll('web', 'other');
    const at = desk({ ...files, 'base/more.yaml': `# more\n${web('1.0.0')}` });
    at.git.push({ 'base/web.yaml': web('1.1.0') }, 'Before');
    at.git.push({ 'base/other.yaml': other }, 'Beside');
    at.git.push({ 'base/web.yaml': undefined, 'moved/web.yaml': web('1.1.0') }, 'Move');
    at.git.push({ 'base/more.yaml': `# less\n${web('1.0.0')}` }, 'Less');
    at.git.push({ 'moved/web.yaml': undefined, 'again/web.yaml': `${web('1.1.0')}# a line\n` }, 'Move again');
    at.git.push({ 'again/web.yaml': web('1.2.0') }, 'After');
    const { code, stdout, stderr } = await at.run(
      'history',
      'image/web',
      '--repo',
      at.git.bare,
      '--only',
      'git',
      '--json',
    );
    const told = JSON.parse(stdout).entries.map(({ text }: { text: string }) => text);
    expect([code, stderr]).toEqual([0, '']);
    expect(told.toSorted()).toEqual(['After', 'Before', 'Begin', 'Less', 'Move', 'Move again']);
  });

  it('names a commit that moved too many files to follow them', async () => {
    const all = (folder: string, isThere = true) =>
      Object.fromEntries(
        Array.from({ length: 21 }, (_, index) => [
          `${folder}/${index}.yaml`,
          isThere ? map(`map-${index}`) : undefined,
        ]),
      );
    const { 'apps/prod/kustomization.yaml': _, ...others } = files;
    const at = desk(others);
    at.git.push(all('old'), 'Before');
    const moved = at.git.push({ ...all('old', false), ...all('apps/prod') }, 'Move all');
    const { stdout, stderr } = await at.run('history', 'sync/shop-prod', '--repo', at.git.bare, '--only', 'git');
    expect([stdout.includes('Move all'), stdout.includes('Before')]).toEqual([true, false]);
    expect(stderr).toContain(`note: ${moved.slice(0, 8)} moved too many files to follow them`);
  });

  it('shows Git alone where the records do not answer, with a note, and fails where they were named', async () => {
    const at = await recordedDesk(files);
    await at.stopRecords();
    const alone = await at.run('history', 'sync/infra');
    expect([alone.code, alone.stderr]).toEqual([
      0,
      expect.stringMatching(/^note: this is Git alone, the records cannot be read: /),
    ]);
    expect(rows(alone.stdout)).toHaveLength(1);
    const named = await at.run('history', 'sync/infra', '--dir', '.windlass', '--only', 'records');
    expect(named.code).toBe(3);
  });

  it('says so where commits and records may be of two repos', async () => {
    const at = await recordedDesk(files);
    const { code, stderr } = await at.run('history', 'image/web', '--repo', 'config.git');
    expect([code, stderr]).toEqual([
      0,
      `note: the commits are of config.git, the records of ${at.git.bare}: if these are two repos, they do not belong together\n`,
    ]);
    expect((await at.run('history', 'image/web', '--repo', 'config.git', '--only', 'git')).stderr).toBe('');
    expect((await at.run('history', 'image/web', '--repo', at.git.bare)).stderr).toBe('');
    at.git.git('clone', '--quiet', at.git.bare, join(at.git.root, 'clone'));
    expect((await at.run('history', 'image/web', '--repo', 'clone')).stderr).toBe('');
  });

  it('works with the records alone where Git cannot be read, and says so', async () => {
    const at = await recordedDesk(files);
    await lived(at);
    at.git.git('symbolic-ref', 'HEAD', 'refs/heads/gone');
    at.git.git('branch', '--delete', '--force', 'main');
    const { code, stdout, stderr } = await at.run('history', 'image/web');
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^note: these are the records alone, without Git: /)]);
    expect(rows(stdout).map((line) => line.split(' ')[0])).toEqual(['image-running', 'bumped', 'push-received']);
  });

  it('has as many lines as were asked for, and none from before a time', async () => {
    const at = await recordedDesk(files);
    await lived(at);
    expect(rows((await at.run('history', 'sync/shop-prod', '--limit', '2')).stdout)).toHaveLength(2);
    const none = await at.run('history', 'sync/infra', '--since', '2099-01-01');
    expect([none.code, none.stdout]).toEqual([0, 'nothing happened to sync/infra\n']);
  });

  it('says that Git alone can be asked, where there are no records', async () => {
    const { code, stderr } = await desk(files).run('history', 'image/web');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/no loop runs on .*; or ask Git alone, .* --repo \./)]);
  });

  it('says what is wrong with what was asked', async () => {
    const at = await recordedDesk(files);
    for (const [args, said] of [
      [['image/wbe'], 'nothing is known of image "wbe", did you mean "web"?'],
      [['sync/shop'], 'sync/shop stands for several: sync/shop-staging, sync/shop-prod'],
      [['web'], 'Name image/NAME or sync/NAME: "web" is neither'],
      [[], 'the history of what?'],
      [['image/web', '--limit', '0'], 'is not a number of lines'],
      [['image/web', '--only', 'gti'], 'neither git nor records'],
      [['image/web', '--since', 'soon'], 'is no time'],
      [['image/web', '--repo', 'nowhere'], 'nowhere'],
    ] as const) {
      const { code, stderr } = await at.run('history', ...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    }
  });
});

describeWithStandins('windlass history on GitHub', () => {
  it('tells the pull request of a commit whose subject names none', async () => {
    const github = await createGitHub({ files, access: { tokens: ['secret'] } });
    const { url, close } = await github.listen();
    try {
      const at = desk({});
      const tried = github.push({ 'base/web.yaml': web('1.0.1') }, { message: 'Try another', branch: 'side' });
      const opened = await fetch(`${url}/repos/acme/config/pulls`, {
        method: 'POST',
        headers: { authorization: 'token secret', 'content-type': 'application/json' },
        body: JSON.stringify({ title: 'Try', head: 'side', base: 'main' }),
      });
      const { number } = (await opened.json()) as { number: number };
      github.push({ 'infra/a.yaml': map('c') });
      github.merge(number);
      github.push({ 'base/web.yaml': web('1.1.0') }, { message: bumpMessage });
      const env = { WINDLASS_GITHUB_TOKEN: 'secret', WINDLASS_GITHUB_API_URL: url };
      const { code, stdout, stderr } = await at.runWith(
        env,
        'history',
        'sync/shop-prod',
        '--repo',
        'github:acme/config',
        '--only',
        'git',
        '--json',
      );
      expect([code, stderr]).toEqual([0, '']);
      const { entries, branch } = JSON.parse(stdout);
      expect(branch).toBe('main');
      expect(entries.map(({ what }: { what: string }) => what)).toContain('bumped');
      expect(entries.find(({ revision }: { revision: string }) => revision === tried)).toMatchObject({
        pullRequest: { number, url: expect.stringContaining(`/pull/${number}`) },
      });
      expect(entries).toHaveLength(3);
    } finally {
      await close();
    }
  });
});
