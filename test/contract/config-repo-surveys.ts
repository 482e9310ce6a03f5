import { expect, it } from 'vitest';
import type { ConfigRepo, RepoFile, Survey } from '../../lib/bump/ports.ts';
import { bytes, type ConfigRepoUnderTest, type Make, start, text } from './config-repo-under-test.ts';

const marker = '$imagepolicy';

/** The lines with a marker, told by `key` so that stale facts show. */
function markers(key = 'v1', asked: string[] = []): Survey<{ key: string; lines: string[] }> {
  return {
    key,
    interests: [
      { matches: (path) => path.endsWith('.yaml'), token: marker },
      { matches: (path) => path === 'values.json' },
    ],
    facts: (file: RepoFile) => {
      asked.push(file.path);
      const lines = text(file.bytes)!
        .split('\n')
        .filter((line) => line.includes(marker) || file.path === 'values.json');
      return lines.length === 0 ? undefined : { key, lines };
    },
  };
}

async function pathsAt(repo: ConfigRepo, revision: string): Promise<string[]> {
  return (await repo.survey(revision, markers())).files.map(({ path }) => path).sort();
}

/** What a survey finds, at first sight and after somebody's push. */
export function surveys(make: Make): void {
  it('finds the facts of the files of a fitting name that hold the token', async () => {
    const { repo } = await make({
      ...start,
      'logo.yaml': new Uint8Array([0, 1, 2, ...bytes(marker)]),
      'notes.txt': `${marker}\n`,
      'values.json': '{}',
      'other.json': '{}',
    });
    const { revision } = await repo.head();
    const asked: string[] = [];
    const found = await repo.survey(revision, markers('v1', asked));
    expect(found.tooLarge).toEqual([]);
    expect(found.files.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'apps/shop/api.yaml', facts: { key: 'v1', lines: ['image: api:1.0.0 # {"$imagepolicy": "api"}'] } },
      { path: 'apps/web.yaml', facts: { key: 'v1', lines: ['\ufeffimage: web:1.0.0 # {"$imagepolicy": "web"}\r'] } },
      { path: 'values.json', facts: { key: 'v1', lines: ['{}'] } },
    ]);
    expect(asked.sort()).toEqual(['apps/shop/api.yaml', 'apps/web.yaml', 'values.json']);
  });

  it('sees what a push changed, added, renamed and deleted', async () => {
    const under = await make(start);
    const { repo, push } = under;
    const first = (await repo.head()).revision;
    expect(await pathsAt(repo, first)).toEqual(['apps/shop/api.yaml', 'apps/web.yaml']);
    const second = await push({
      'apps/shop/api.yaml': undefined,
      'apps/moved/api.yaml': start['apps/shop/api.yaml'],
      'apps/plain.yaml': 'image: plain:1 # {"$imagepolicy": "plain"}\n',
      'apps/new.yaml': 'image: new:1 # {"$imagepolicy": "new"}\n',
      'apps/web.yaml': 'nothing marked any more\n',
    });
    const expected = ['apps/moved/api.yaml', 'apps/new.yaml', 'apps/plain.yaml'];
    expect(await pathsAt(repo, second)).toEqual(expected);
    await sameAsFirstSight(under, second);
    const third = await push({ 'apps/new.yaml': undefined, 'apps/plain.yaml': { link: 'moved/api.yaml' } });
    expect(await pathsAt(repo, third)).toEqual(['apps/moved/api.yaml']);
    await sameAsFirstSight(under, third);
  });

  it('tells the facts of the revision that was asked for, also an older one', async () => {
    const { repo, push } = await make(start);
    const first = (await repo.head()).revision;
    const second = await push({ 'apps/web.yaml': 'image: web:2 # {"$imagepolicy": "web"}\n' });
    const web = async (revision: string) =>
      (await repo.survey(revision, markers())).files.find(({ path }) => path === 'apps/web.yaml')?.facts.lines;
    expect(await web(second)).toEqual(['image: web:2 # {"$imagepolicy": "web"}']);
    expect(await web(first)).toEqual(['\ufeffimage: web:1.0.0 # {"$imagepolicy": "web"}\r']);
    expect(await web(second)).toEqual(['image: web:2 # {"$imagepolicy": "web"}']);
  });

  it('asks for all facts anew under another key', async () => {
    const { repo, again } = await make(start);
    const { revision } = await repo.head();
    await repo.survey(revision, markers('v1'));
    const renewed = await repo.survey(revision, markers('v2'));
    expect(renewed.files.map(({ facts }) => facts.key)).toEqual(['v2', 'v2']);
    const elsewhere = await again('with-store').survey(revision, markers('v3'));
    expect(elsewhere.files.map(({ facts }) => facts.key)).toEqual(['v3', 'v3']);
  });

  it('finds the same with what an earlier invocation kept, also after a push', async () => {
    const under = await make(start);
    await pathsAt(under.repo, (await under.repo.head()).revision);
    const pushed = await under.push({ 'apps/new.yaml': 'image: new:1 # {"$imagepolicy": "new"}\n' });
    expect(await pathsAt(under.again('with-store'), pushed)).toEqual([
      'apps/new.yaml',
      'apps/shop/api.yaml',
      'apps/web.yaml',
    ]);
    await sameAsFirstSight(under, pushed);
  });

  it('finds what is there after history was rewritten', async () => {
    const under = await make(start);
    const { repo, push, amend } = under;
    await push({ 'apps/lost.yaml': 'image: lost:1 # {"$imagepolicy": "lost"}\n' });
    expect(await pathsAt(repo, (await repo.head()).revision)).toContain('apps/lost.yaml');
    const amended = await amend({
      'apps/kept.yaml': 'image: kept:1 # {"$imagepolicy": "kept"}\n',
      'apps/lost.yaml': undefined,
    });
    expect((await repo.head()).revision).toBe(amended);
    expect(await pathsAt(repo, amended)).toEqual(['apps/kept.yaml', 'apps/shop/api.yaml', 'apps/web.yaml']);
    await sameAsFirstSight(under, amended);
  });

  it('sees a push of more files than a host compares at once', async () => {
    const under = await make(start);
    await pathsAt(under.repo, (await under.repo.head()).revision);
    const many = Object.fromEntries(
      Array.from({ length: 350 }, (_, index): [string, string] => [
        `many/${index}.yaml`,
        index % 70 === 0 ? `image: a:${index} # {"$imagepolicy": "a"}\n` : `a: ${index}\n`,
      ]),
    );
    const pushed = await under.push(many);
    const marked = [0, 70, 140, 210, 280].map((index) => `many/${index}.yaml`).sort();
    expect(await pathsAt(under.repo, pushed)).toEqual(['apps/shop/api.yaml', 'apps/web.yaml', ...marked]);
    await sameAsFirstSight(under, pushed);
  });

  it('names the files of interest that are too large to be read', async () => {
    const large = `image: web:1 # {"$imagepolicy": "web"}\n${'# filler\n'.repeat(300)}`;
    const { repo, push } = await make(
      { ...start, 'apps/large.yaml': large, 'apps/large.txt': large },
      { maxFileBytes: 1000 },
    );
    const first = await repo.survey((await repo.head()).revision, markers());
    expect(first.tooLarge).toEqual(['apps/large.yaml']);
    expect(first.files.map(({ path }) => path)).not.toContain('apps/large.yaml');
    const second = await repo.survey(await push({ 'apps/huge.yaml': large, 'apps/large.yaml': undefined }), markers());
    expect(second.tooLarge).toEqual(['apps/huge.yaml']);
  });

  it('knows its own commit', async () => {
    const under = await make(start);
    const { repo } = under;
    const parent = (await repo.head()).revision;
    await pathsAt(repo, parent);
    const files = [
      { path: 'apps/new.yaml', bytes: bytes('image: new:1 # {"$imagepolicy": "new"}\n') },
      { path: 'apps/web.yaml', bytes: bytes('no marker\n') },
      { path: 'apps/shop/api.yaml', bytes: undefined },
    ];
    const made = await repo.commit({ parent, files, subject: 'Bump', body: [], trailers: [], at: new Date() });
    if (made.result !== 'committed') throw new Error('the head moved, though nobody pushed');
    expect(await pathsAt(repo, made.revision)).toEqual(['apps/new.yaml']);
    await sameAsFirstSight(under, made.revision);
  });
}

/** Whoever has never seen the repository finds the same. */
async function sameAsFirstSight({ repo, again }: ConfigRepoUnderTest, revision: string): Promise<void> {
  const sorted = async (each: ConfigRepo) => {
    const { files, tooLarge } = await each.survey(revision, markers());
    return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), tooLarge: tooLarge.toSorted() };
  };
  expect(await sorted(repo)).toEqual(await sorted(again('bare')));
}
