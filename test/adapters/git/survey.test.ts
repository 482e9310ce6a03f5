import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openGitConfigRepo } from '../../../lib/adapters/git/config-repo.ts';
import { firstLines } from '../github/world.ts';
import { type TestRepo, testRepo } from './repos.ts';

const token = '# {"$imagepolicy": "web"}';
const files = {
  'windlass.yaml': 'windlass: 1\n',
  'a.yaml': `a: 1 ${token}\n`,
  'b.yaml': `b: 1 ${token}\n`,
  'plain.yaml': 'c: 1\n',
};

/** The adapter as a new process has it, with the copy that earlier ones left. */
async function lookAnew(repo: TestRepo, key = '1') {
  const author = { name: 'Windlass', email: 'windlass@example.com' };
  const config = openGitConfigRepo({ url: repo.bare, branch: 'main', cacheDir: join(repo.root, 'cache'), author });
  const survey = firstLines('$imagepolicy', key);
  const { revision } = await config.head();
  const found = await config.survey(revision, survey);
  return { seen: survey.seen.sort(), found: found.files.map(({ facts }) => facts) };
}

function fileOf(repo: TestRepo): string {
  const [copy] = readdirSync(join(repo.root, 'cache'));
  return join(repo.root, 'cache', copy!, 'windlass-survey.json');
}

describe('what is known of the files of a copy', () => {
  const all = [`a: 1 ${token}`, `b: 1 ${token}`];

  it('is kept for the next process, which reads no file again', async () => {
    const repo = testRepo(files);
    expect(await lookAnew(repo)).toEqual({ seen: ['a.yaml', 'b.yaml'], found: all });
    expect(await lookAnew(repo)).toEqual({ seen: [], found: all });
  });

  it('holds for a file as long as its bytes are the same', async () => {
    const repo = testRepo(files);
    await lookAnew(repo);
    repo.push({ 'b.yaml': `b: 2 ${token}\n`, 'plain.yaml': `c: 2 ${token}\n`, 'a.yaml': undefined });
    const found = [`b: 2 ${token}`, `c: 2 ${token}`];
    expect(await lookAnew(repo)).toEqual({ seen: ['b.yaml', 'plain.yaml'], found });
    // A file that went and came back as it was is a new one; the rest is still known.
    repo.push({ 'a.yaml': files['a.yaml'] });
    expect(await lookAnew(repo)).toEqual({ seen: ['a.yaml'], found: [all[0], ...found] });
  });

  it('means nothing to another survey', async () => {
    const repo = testRepo(files);
    await lookAnew(repo);
    expect((await lookAnew(repo, '2')).seen).toEqual(['a.yaml', 'b.yaml']);
    expect((await lookAnew(repo, '2')).seen).toEqual([]);
  });

  it.each(['', '{"format":1,"key":"1","files":[["a.yaml"', '{"format":0}', 'null'])(
    'is found out anew where the file is broken (%j)',
    async (broken) => {
      const repo = testRepo(files);
      await lookAnew(repo);
      writeFileSync(fileOf(repo), broken);
      expect(await lookAnew(repo)).toEqual({ seen: ['a.yaml', 'b.yaml'], found: all });
      expect((await lookAnew(repo)).seen).toEqual([]);
    },
  );

  it('is not missed where it cannot be kept', async () => {
    const repo = testRepo(files);
    await lookAnew(repo);
    const file = fileOf(repo);
    repo.push({ 'b.yaml': `b: 2 ${token}\n` });
    rmSync(file);
    mkdirSync(file);
    expect((await lookAnew(repo)).found).toEqual([all[0], `b: 2 ${token}`]);
    expect(readdirSync(dirname(file)).filter((name) => name.endsWith('.new'))).toEqual([]);
  });
});
