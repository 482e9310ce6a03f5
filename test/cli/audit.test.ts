import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalRecords, startRecords } from '../../lib/adapters/local/records.ts';
import { openStateDir, type StateDir } from '../../lib/adapters/local/state-dir.ts';
import type { Answer } from '../../lib/audit/audit.ts';
import { bumpedRecords } from '../../lib/model/bump-story.ts';
import { report } from '../../lib/report/report.ts';
import { windlass } from '../helpers/io.ts';
import { changed, check, pull, time } from '../report/reports.ts';

const run = promisify(execFile);
const repository = 'ghcr.io/acme/web';
const digest = (hex: string) => `sha256:${hex.repeat(64)}`;

describe('windlass audit', () => {
  let state: StateDir;
  let local: LocalRecords;
  let work: string;
  let head: string;

  beforeAll(async () => {
    state = await openStateDir(await mkdtemp(join(tmpdir(), 'windlass-test-')), { ephemeral: false });
    local = await startRecords({
      onUnreadable: (error) => {
        throw error;
      },
    });
    work = await mkdtemp(join(tmpdir(), 'windlass-test-repo-'));
    head = await commits(work);
    const source = { repo: work, branch: 'main' };
    await state.announce({ url: 'http://127.0.0.1:9', kubeconfig: '/k', records: local.endpoint, source });
    await seed(local, head);
  });
  afterAll(async () => {
    await local?.stop();
    await state?.release();
    for (const path of [state?.path, work]) if (path) await rm(path, { recursive: true, force: true });
  });
  const env = () => ({ ...process.env, XDG_CACHE_HOME: join(state.path, 'cache') });
  const audit = (...args: string[]) => windlass(['audit', '--dir', state.path, ...args], { env: env() });
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await audit(...args, '--json');
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout) as Answer & { question: string };
  };

  it('shows everything by days, newest first, in the columns of a terminal, and whole in a pipe', async () => {
    const terminal = (...args: string[]) =>
      windlass(['audit', '--dir', state.path, ...args], { env: env(), columns: 80 });
    const { code, stdout } = await terminal();
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toBe('2026-11-22 UTC');
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(lines.at(-1)).toMatch(/^ {2}12:00:01 {2}(?:synced|image-running) /);
    expect(stdout).toContain('12:01:40  drift-found');
    for (const { stdout: whole } of [await terminal('--wide'), await audit()]) {
      expect(whole).toMatch(/incident-opened +\S.*\(incident\/\S+\)$/m);
      expect(whole).not.toContain('…');
    }
    const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/api:1.5.0';
    const push = { id: 'push', at: time(-900), kind: 'push-received', actor: 'push event', result: 'ok' } as const;
    await local.records.append([{ ...push, subjects: ['image:api'], summary: `${ecr} was pushed` }]);
    expect((await terminal('image/api')).stdout).toContain('push-received  shop/api:1.5.0 was pushed\n');
    expect((await audit('image/api')).stdout).toContain(`push-received  ${ecr} was pushed\n`);
  });

  it('pages to the end, and leaves nothing out', async () => {
    const all = (await json('--limit', '1000')).records!;
    const seen: string[] = [];
    let before: string[] = [];
    for (;;) {
      const { records, next } = await json('--limit', '4', ...before);
      seen.push(...records!.map(({ id }) => id));
      if (next === undefined) break;
      before = ['--before', next];
    }
    expect(seen).toEqual(all.map(({ id }) => id));
    const first = (await audit('--limit', '4')).stdout;
    expect(first).toContain(`more: the same with --before ${all[3]!.at}#${all[3]!.id}`);
  });

  it('tells what happened between two times', async () => {
    const { records } = await json('--since', '2026-11-22T12:01', '--until', '2026-11-22T12:02');
    expect([...new Set(records!.map(({ kind }) => kind))].sort()).toEqual(['drift-found', 'incident-opened']);
    const { stdout } = await audit('--since', '2020-01-01', '--until', '2020-01-02');
    const span = 'since 2020-01-01T00:00:00.000Z and before 2020-01-03T00:00:00.000Z';
    expect(stdout).toBe(`the loop on ${state.path} has no record ${span}\n`);
  });

  it('tells what happened to an object, an image, a sync and a revision', async () => {
    const kinds = async (question: string) => (await json(question)).records!.map(({ kind }) => kind).sort();
    expect(await kinds('object/apps/Deployment/shop-prod/web')).toEqual(['drift-found', 'incident-opened']);
    expect(await kinds('image/web')).toEqual(['bumped', 'image-running', 'image-running']);
    expect(await kinds('sync/shop-prod')).toContain('synced');
    expect(await kinds(`revision/${head}`)).toEqual(['bumped', 'image-left', 'image-running', 'synced']);
    const short = await json(`revision/${head.slice(0, 7)}`);
    expect(short.revision).toBe(head);
    expect((await audit(`revision/${head.slice(0, 7)}`)).stdout.split('\n')[0]).toBe(`revision ${head}`);
    expect((await audit(`revision/${head}`)).stdout).toMatch(/^2026/);
    const parent = (await run('git', ['-C', work, 'rev-parse', 'HEAD~1'])).stdout.trim();
    expect((await json(`revision/${parent.slice(0, 8)}`)).revision).toBe(parent);
    const [incident] = (await json('by/kubectl-set')).records!.flatMap(({ subjects }) =>
      subjects.filter((one) => one.startsWith('incident:')),
    );
    expect(await kinds(incident!.replace(':', '/'))).toEqual(['drift-found', 'incident-opened']);
  });

  it('tells what a tool changed by hand, and a person in Git', async () => {
    const tool = await json('by/kubectl-set');
    expect(tool.records).toMatchObject([{ kind: 'drift-found', actor: 'kubectl-set' }]);
    expect(tool.commits).toEqual({ commits: [], more: false });
    expect((await json('by/Kubectl-SET')).records).toEqual(tool.records);
    expect((await json('by/Ada <ada-l@acme.example>')).commits?.commits).toHaveLength(1);
    const ada = await json('by/ada l');
    expect(ada.commits?.commits.map(({ subject }) => subject)).toEqual(['Add web']);
    const { stdout } = await audit('by/Ada L');
    expect(stdout.split('\n')).toEqual([
      'in Git',
      '2026-11-22 UTC',
      expect.stringMatching(/^ {2}11:00:00 {2}[0-9a-f]{12} {2}Add web$/),
      'by the records',
      `the loop on ${state.path} has no record of what Ada L changed`,
      '',
    ]);
  });

  it('tells what Windlass did by itself, page by page of everything', async () => {
    const all = (await json('--limit', '1000')).records!;
    const own = all.filter(({ actor }) => actor.startsWith('windlass'));
    expect(own.length).toBeGreaterThan(0);
    expect(own.length).toBeLessThan(all.length);
    expect((await json('by/Windlass', '--limit', '1000')).records).toEqual(own);
    const pulled = own.filter(({ actor }) => actor === 'windlass pull');
    const seen: string[] = [];
    let before: string[] = [];
    for (let pages = 0; pages <= all.length; pages += 1) {
      const { records, next } = await json('by/windlass pull', '--limit', '1', ...before);
      seen.push(...records!.map(({ id }) => id));
      if (next === undefined) break;
      before = ['--before', next];
    }
    expect(seen).toEqual(pulled.map(({ id }) => id));
    const other = all.findIndex(({ actor }) => !actor.startsWith('windlass'));
    const at = other === 0 ? [] : ['--before', `${all[other - 1]!.at}#${all[other - 1]!.id}`];
    const { stdout } = await audit('by/windlass', '--limit', '1', ...at);
    expect(stdout).toContain(`none in this page\nmore: the same with --before ${all[other]!.at}#${all[other]!.id}`);
  });

  it('answers by the records alone where Git cannot be read, and says so', async () => {
    const { code, stdout, stderr } = await audit('by/kubectl-set', '--repo', '/nowhere');
    expect([code, stderr]).toEqual([0, expect.stringContaining('note: Git was not asked: ')]);
    expect(stdout).toContain('drift-found');
    const short = await audit('revision/0000000', '--repo', '/nowhere');
    expect([short.code, short.stderr]).toEqual([2, expect.stringContaining('no commit is known that begins with')]);
  });

  it('tells where a digest and a reference run, and since when', async () => {
    const { running, records } = await json(`digest/${digest('b')}`);
    expect(running).toEqual({
      syncs: [
        { sync: 'shop-prod', cluster: 'prod', ref: `${repository}:1.5.0`, since: time(11), by: 'tag' },
        {
          sync: 'shop-test',
          cluster: 'test',
          ref: `${repository}:1.5.0@${digest('b')}`,
          since: time(11),
          by: 'digest',
        },
      ],
      untold: ['old'],
    });
    expect(records!.map(({ kind }) => kind).sort()).toEqual(['bumped', 'image-running', 'image-running']);
    expect((await json(`ref/${repository}:1.5.0`)).running?.syncs).toHaveLength(2);
    // As the lists show it.
    expect(await json('ref/acme/web:1.5.0')).toEqual(await json(`ref/${repository}:1.5.0`));
    expect((await json('ref/acme/other:1.5.0')).records).toEqual([]);
    expect((await json(`ref/${repository}:1.4.0`)).running?.syncs).toEqual([]);
    expect((await json(`ref/${repository}:1.4.0`)).records!.map(({ kind }) => kind)).toContain('image-left');
    const { stdout } = await audit(`digest/${digest('b')}`);
    expect(stdout).toMatch(/^shop-prod {2}prod {5}2026-11-22T12:00:11Z {2}tag {5}ghcr\.io\/acme\/web:1\.5\.0$/m);
    expect(stdout).toContain('not known of old: their pullers do not tell what they run');
  });

  it('does not say of a tag that was moved since that it is the digest of before', async () => {
    const story = { policy: 'web', repository, from: ['1.5.0'], to: '1.5.0', digest: digest('c') };
    await local.records.append(bumpedRecords({ images: [story], events: ['e-2'] }, 'c'.repeat(40), time(4_000)));
    const { running } = await json(`digest/${digest('b')}`);
    expect(running?.syncs.map(({ sync }) => sync)).toEqual(['shop-test']);
  });

  it('tells what was running at a time', async () => {
    const before = await json(`at/${time(5)}`);
    const prod = before.syncs!.find(({ sync }) => sync === 'shop-prod');
    expect(prod).toEqual({
      ...{ sync: 'shop-prod', cluster: 'prod' },
      pull: { at: time(1), revision: 'aaaa', result: 'synced' },
      applied: { at: time(1), revision: 'aaaa', images: [`${repository}:1.4.0`] },
    });
    expect(before.syncs!.find(({ sync }) => sync === 'shop-test')).not.toHaveProperty('pull');
    const failed = (await json(`at/${time(3_700)}`)).syncs!.find(({ sync }) => sync === 'shop-prod');
    expect(failed).toMatchObject({ pull: { result: 'failed', revision: 'ffff' }, applied: { revision: head } });
    const { stdout } = await audit(`at/${time(3_700)}`);
    expect(stdout).toMatch(
      new RegExp(`^shop-prod {2}prod {5}failed {5}${head.slice(0, 12)} {2}2026-11-22T12:00:11Z$`, 'm'),
    );
    expect(stdout).toMatch(/^ {2}shop-prod {2}ghcr\.io\/acme\/web:1\.5\.0$/m);
    expect(stdout).toMatch(/^ {2}old {8}nobody told$/m);
  });

  it('refuses what is no question, no time and nobody’s name, with what may be meant', async () => {
    for (const environment of ['one', 'two'])
      await local.records.saveSyncState({
        ...{ sync: `shop-${environment}`, cluster: 'test', environment },
        ...{ health: [], errors: [], drifted: 0, unknown: [] },
      });
    for (const [args, text] of [
      [['synk/shop'], 'did you mean sync/NAME?'],
      [['sync/shop-prd'], 'nothing is known of sync "shop-prd", did you mean "shop-prod"?'],
      [['sync/shop'], 'sync/shop stands for several: sync/shop-one, sync/shop-two'],
      [['image/wab'], 'nothing is known of image "wab"'],
      [['at/2999-01-01'], 'at/2999-01-01 is still to come'],
      [['--since', 'noon'], '--since "noon" is no time'],
      [['--since', '1h', '--until', '2h'], 'is not before --until'],
      [['--limit', '0'], '1 to 1000'],
      [['--before', 'x'], 'is no cursor'],
      [['at/2h', '--since', '3h'], 'takes no --since'],
      [['sync/a', 'sync/b'], 'takes one target'],
    ] as const) {
      const { code, stderr } = await audit(...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
    }
  });
});

/** Two commits by two people; gives the head. */
async function commits(dir: string): Promise<string> {
  const git = (author: string, at: string, ...args: string[]) =>
    run('git', ['-C', dir, ...args], {
      env: {
        ...process.env,
        ...{
          GIT_AUTHOR_NAME: author,
          GIT_AUTHOR_EMAIL: `${author.toLowerCase().replace(' ', '-')}@acme.example`,
          GIT_AUTHOR_DATE: at,
        },
        ...{ GIT_COMMITTER_NAME: author, GIT_COMMITTER_EMAIL: 'x@acme.example', GIT_COMMITTER_DATE: at },
      },
    });
  await git('Ada L', time(0), 'init', '-q', '-b', 'main');
  await git('Ada L', '2026-11-22T11:00:00Z', 'commit', '-q', '--allow-empty', '-m', 'Add web');
  await git('Windlass', '2026-11-22T12:00:05Z', 'commit', '-q', '--allow-empty', '-m', 'Bump web to 1.5.0');
  return (await git('x', time(0), 'rev-parse', 'HEAD')).stdout.trim();
}

/** An hour of a loop, through the flow that writes the records. */
async function seed({ records }: LocalRecords, head: string): Promise<void> {
  const deps = { records, notices: { send: async () => undefined } };
  const story = { policy: 'web', repository, from: ['1.4.0'], to: '1.5.0', digest: digest('b') };
  const policy = { policy: 'web', rule: 'semver 1.x', current: ['1.5.0'], holds: [], at: time(5) };
  await records.saveImages([{ ...policy, repository }]);
  await report(pull(0, 1, [], { images: [`${repository}:1.4.0`] }), deps);
  // Of a puller that does not tell what it runs.
  await report(pull(0, 1, [], { sync: 'old', run: 'old-0' }), deps);
  await records.append(bumpedRecords({ images: [story], events: ['e-1'] }, head, time(5)));
  await report(pull(10, 11, [], { revision: head, images: [`${repository}:1.5.0`] }), deps);
  const images = [`${repository}:1.5.0@${digest('b')}`];
  await report(pull(10, 11, [], { sync: 'shop-test', cluster: 'test', run: 'test-10', images }), deps);
  await report(check(100, [changed()]), deps);
  const errors = [{ code: 'render', message: 'a tab' }];
  await report(pull(3_600, 3_601, [], { revision: 'ffff', result: 'failed', errors }), deps);
}
