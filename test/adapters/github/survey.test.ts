import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { expect, it } from 'vitest';
import { openGitHub } from '../../../lib/adapters/github/client.ts';
import { packKnown, unpackKnown } from '../../../lib/adapters/github/known-survey.ts';
import type { SurveyStore } from '../../../lib/bump/ports.ts';
import { RetryableError } from '../../../lib/model/errors.ts';
import { describeWithStandins } from '../../standins/describe.ts';
import { appKey, bytes, failure, firstLines, request, text, world } from './world.ts';

const marked = (tag: string) => `image: web:${tag} # {"$imagepolicy": "web"}\n`;
const archive = 'GET /repos/{owner}/{repo}/tarball/{ref}';
const compare = 'GET /repos/{owner}/{repo}/compare/{basehead}';

describeWithStandins('a survey on GitHub', () => {
  it('finds the facts of plain files that are of interest', async () => {
    const { github, open } = await world({
      'windlass.yaml': 'windlass: 1\n',
      'apps/web.yaml': `\ufeff${marked('1.0.0')}`,
      'apps/link.yaml': { link: 'web.yaml' },
      'apps/run.yaml': { executable: marked('1.0.0') },
      'apps/plain.yaml': 'kind: ConfigMap\n',
      'apps/binary.yaml': new Uint8Array([0, ...bytes(marked('1.0.0'))]),
      'apps/web.txt': marked('1.0.0'),
      [`${'deep/'.repeat(40)}web.yaml`]: marked('2.0.0'),
    });
    const repo = open();
    const survey = firstLines();
    const found = await repo.survey(github.head()!, survey);
    expect(found.files.map(({ path }) => path)).toEqual([
      'apps/run.yaml',
      'apps/web.yaml',
      `${'deep/'.repeat(40)}web.yaml`,
    ]);
    expect(found.files[1]!.facts).toBe(`\ufeff${marked('1.0.0').trimEnd()}`);
    expect(found.tooLarge).toEqual([]);
    expect(github.requests.counts()[archive]).toBe(1);
  });

  it('sends no credentials to where the archive is', async () => {
    const { github, open } = await world();
    await open().survey(github.head()!, firstLines());
    expect(github.requests.all.find(({ kind }) => kind.includes('codeload'))!.authorized).toBe(false);
    expect(github.requests.all.find(({ kind }) => kind === archive)!.authorized).toBe(true);
  });

  it('of a known commit asks nothing, in another process either', async () => {
    const { github, open } = await world();
    const head = github.head()!;
    const first = await open().survey(head, firstLines());
    const mark = github.requests.mark();
    expect(await open().survey(head, firstLines())).toEqual(first);
    expect(github.requests.since(mark)).toEqual([]);
  });

  it('reads only what changed: added, changed, renamed, removed, given another type', async () => {
    const { github, open } = await world({
      'windlass.yaml': 'windlass: 1\n',
      'stays.yaml': marked('1.0.0'),
      'changes.yaml': marked('1.0.0'),
      'old-name.yaml': `${marked('1.0.0')}# a long text that makes it a rename\n`,
      'goes.yaml': marked('1.0.0'),
      'loses-it.yaml': marked('1.0.0'),
      'becomes-link.yaml': marked('1.0.0'),
    });
    await open().survey(github.head()!, firstLines());
    github.push({
      'changes.yaml': marked('2.0.0'),
      'old-name.yaml': undefined,
      'new-name.yaml': `${marked('1.0.0')}# a long text that makes it a rename\n`,
      'goes.yaml': undefined,
      'loses-it.yaml': 'nothing here\n',
      'becomes-link.yaml': { link: 'stays.yaml' },
      'new.yaml': marked('3.0.0'),
      'other.txt': marked('3.0.0'),
    });
    const survey = firstLines();
    const mark = github.requests.mark();
    const found = await open().survey(github.head()!, survey);
    expect(Object.fromEntries(found.files.map(({ path, facts }) => [path, facts]))).toEqual({
      'stays.yaml': marked('1.0.0').trimEnd(),
      'changes.yaml': marked('2.0.0').trimEnd(),
      'new-name.yaml': marked('1.0.0').trimEnd(),
      'new.yaml': marked('3.0.0').trimEnd(),
    });
    expect(survey.seen).not.toContain('stays.yaml');
    expect(github.requests.counts(mark)[archive]).toBeUndefined();
    // The same as when it is read anew.
    const { store } = await world();
    expect(await open({ store }).survey(github.head()!, firstLines())).toEqual(found);
  });

  it('reads the archive anew for another key, another line of history, too many changes and a failing comparison', async () => {
    const { github, open } = await world();
    const first = github.head()!;
    await open().survey(first, firstLines());
    await open().survey(first, firstLines('$imagepolicy', '2'));
    expect(github.requests.counts()[archive]).toBe(2);
    await open().survey(first, firstLines());

    github.push(
      Object.fromEntries(Array.from({ length: 301 }, (_, index) => [`many/${index}.yaml`, marked(`${index}`)])),
    );
    expect((await open().survey(github.head()!, firstLines())).files).toHaveLength(302);
    expect(github.requests.counts()[archive]).toBe(4);

    // Back to the first commit, as after a forced push.
    expect((await open().survey(first, firstLines())).files).toHaveLength(1);
    expect(github.requests.counts()[archive]).toBe(5);

    for (const trouble of [404, 422, 500, 502] as const) {
      const next = github.push({ 'a.txt': `${trouble}\n` });
      await open().survey(first, firstLines());
      github.faults.add({ on: compare, trouble, when: 'before' });
      const before = github.requests.counts()[archive]!;
      expect((await open().survey(next, firstLines())).files).toHaveLength(302);
      expect(github.requests.counts()[archive]).toBe(before + 1);
      github.faults.clear();
    }
  });

  it('does not read the archive for a comparison that was limited', async () => {
    const { github, open } = await world();
    await open().survey(github.head()!, firstLines());
    const next = github.push({ 'a.txt': 'x\n' });
    github.faults.add({ on: compare, trouble: 429, when: 'before', retryAfter: 3 });
    const error = await failure(open().survey(next, firstLines()));
    expect((error as RetryableError).retryAfter).toBe(3);
    expect(github.requests.counts()[archive]).toBe(1);
  });

  it('knows what a commit of our own changed', async () => {
    const { github, open } = await world();
    const repo = open();
    const { revision } = await repo.head();
    await repo.survey(revision, firstLines());
    const made = await repo.commit(
      request(revision, [
        { path: 'apps/web.yaml', bytes: bytes(marked('1.1.0')) },
        { path: 'apps/plain.yaml', bytes: undefined },
      ]),
    );
    if (made.result !== 'committed') throw new Error('the head moved');
    const mark = github.requests.mark();
    const found = await open().survey(made.revision, firstLines());
    expect(found.files).toEqual([{ path: 'apps/web.yaml', facts: marked('1.1.0').trimEnd() }]);
    expect(github.requests.since(mark)).toEqual([]);
  });

  it('names files of interest that are larger than is read, wherever it met them', async () => {
    const large = `${'# filler\n'.repeat(200_000)}${marked('1.0.0')}`;
    const noMarker = '# filler\n'.repeat(200_000);
    const { github, open } = await world({ 'large.yaml': large, 'no-marker.yaml': noMarker, 'web.yaml': marked('1') });
    const maxFileBytes = 1_000_000;
    const found = await open({ maxFileBytes }).survey(github.head()!, firstLines());
    expect(found.tooLarge).toEqual(['large.yaml']);
    expect(found.files.map(({ path }) => path)).toEqual(['web.yaml']);
    github.push({ 'grown.yaml': large, 'grown-too.yaml': noMarker, 'large.yaml': 'small now\n' });
    const next = await open({ maxFileBytes }).survey(github.head()!, firstLines());
    expect(next.tooLarge).toEqual(['grown.yaml']);
    expect(github.requests.counts()[archive]).toBe(1);
  });

  it('reads what the archive leaves out or changes, as .gitattributes can make it', async () => {
    const { github, open } = await world({
      '.gitattributes': 'hidden.yaml export-ignore\nchanged.yaml export-subst\n',
      'hidden.yaml': marked('1.0.0'),
      'changed.yaml': `${marked('1.0.0')}# $Format:%H$\n`,
      'web.yaml': marked('1.0.0'),
    });
    const tar = await packTar([
      { header: { name: 'top/web.yaml', size: marked('1.0.0').length, type: 'file' }, body: marked('1.0.0') },
      { header: { name: 'top/changed.yaml', size: 9, type: 'file' }, body: 'replaced\n' },
      { header: { name: 'top/planted.yaml', size: marked('6').length, type: 'file' }, body: marked('6') },
    ]);
    const replaced = async (input: string | URL | Request, init?: RequestInit) =>
      String(input).startsWith('https://codeload.github.com/')
        ? new Response(gzipSync(tar) as Uint8Array<ArrayBuffer>)
        : github.fetch(input, init);
    const auth = { app: { id: 7, installationId: 42, privateKey: appKey.privateKey } };
    const client = openGitHub({ auth, userAgent: 'test', fetch: replaced as typeof fetch });
    const found = await open({ client }).survey(github.head()!, firstLines());
    expect(found.files).toEqual([
      { path: 'changed.yaml', facts: marked('1.0.0').trimEnd() },
      { path: 'hidden.yaml', facts: marked('1.0.0').trimEnd() },
      { path: 'web.yaml', facts: marked('1.0.0').trimEnd() },
    ]);
  });

  it('of an archive that was cut short is an error, and kept nowhere', async () => {
    const { github, open, store } = await world();
    github.faults.add({ on: 'codeload', trouble: 'cut', when: 'after' });
    const error = await failure(open().survey(github.head()!, firstLines()));
    expect(error).toBeInstanceOf(RetryableError);
    expect(store.saved).toBe(0);
  });

  it('of a repository whose listing GitHub cuts off is that of the archive', async () => {
    const { github, open } = await world();
    const cutOff = async (input: string | URL | Request, init?: RequestInit) => {
      const answer = await github.fetch(input, init);
      if (!/git\/trees\/.*recursive/.test(String(input))) return answer;
      const listed = (await answer.json()) as object;
      return Response.json({ ...listed, tree: [], truncated: true });
    };
    const auth = { app: { id: 7, installationId: 42, privateKey: appKey.privateKey } };
    const client = openGitHub({ auth, userAgent: 'test', fetch: cutOff as typeof fetch });
    const found = await open({ client }).survey(github.head()!, firstLines());
    expect(found.files.map(({ path }) => path)).toEqual(['apps/web.yaml']);
  });

  it('is thrown away when a file turns out to be another than was surveyed', async () => {
    const { github, open, store } = await world();
    const repo = open();
    const head = github.head()!;
    await repo.survey(head, firstLines());
    const [key, content] = [...store.content][0]!;
    const known = unpackKnown(content);
    known.files.set('apps/web.yaml', { oid: '0'.repeat(40), facts: 'made up' });
    store.content.set(key, packKnown(known));
    const other = open();
    expect((await other.survey(head, firstLines())).files[0]!.facts).toBe('made up');
    const error = await failure(other.read(head, ['apps/web.yaml']));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.code).toBe('survey-stale');
    for (const again of [other, open()]) {
      expect((await again.survey(head, firstLines())).files[0]!.facts).toBe(marked('1.0.0').trimEnd());
      expect(text((await again.read(head, ['apps/web.yaml']))[0]!.bytes)).toBe(marked('1.0.0'));
    }
  });

  it.each([
    ['no gzip', bytes('not packed')],
    ['no JSON', gzipSync('{')],
    ['another format', gzipSync('{"format":2}')],
    ['a commit that is none', gzipSync('{"format":1,"commit":"x","key":"1","files":[],"tooLarge":[]}')],
    ['half of it', gzipSync('{"format":1}').subarray(0, 12)],
  ])('does not trust a store that holds %s', async (_, content) => {
    const { github, open, store, warnings } = await world();
    store.content.set('github/acme/config/main', content);
    expect((await open().survey(github.head()!, firstLines())).files).toHaveLength(1);
    expect(warnings).toHaveLength(1);
    expect(github.requests.counts()[archive]).toBe(1);
  });

  it('does without a store that fails', async () => {
    const { github, open, warnings } = await world();
    const fail = async () => {
      throw new RetryableError('the table is throttled', { code: 'records-throttled' });
    };
    const store: SurveyStore = { load: fail, save: fail };
    expect((await open({ store }).survey(github.head()!, firstLines())).files).toHaveLength(1);
    expect(warnings).toHaveLength(2);
  });
});
