import { expect, it } from 'vitest';
import { mergeWalks } from '../../lib/model/merge-walks.ts';

interface Commit {
  revision: string;
  committedAt: string;
}

/** Of one line of commits, `a` the oldest; `b` to `e` are of one second. */
const commits = 'abcdef'.split('').map((revision, index): Commit => {
  const second = index === 0 ? 1 : index === 5 ? 3 : 2;
  return { revision, committedAt: `2026-11-03T10:00:0${second}.000Z` };
});

async function* walk(revisions: string): AsyncGenerator<Commit> {
  for (const revision of revisions) yield commits.find((commit) => commit.revision === revision)!;
}

async function inOrder(merged: AsyncIterable<Commit>): Promise<string> {
  let revisions = '';
  for await (const { revision } of merged) revisions += revision;
  return revisions;
}

const contains = async (ancestor: string, revision: string) => ancestor < revision;

it('a merge of walks has children before their parents, of one second too, and each commit once', async () => {
  for (const walks of [
    ['fcb', 'edca'],
    ['edca', 'fcb'],
    ['b', 'dc', 'fe', 'a'],
    ['ca', 'fd', 'eb'],
  ]) {
    expect(await inOrder(mergeWalks(walks.map(walk), { contains })), walks.join(' ')).toBe('fedcba');
  }
});

it('goes on with what a walk that ended leads to', async () => {
  const goOn = async (_: unknown, { revision }: Commit) => (revision === 'c' ? [walk('b'), walk('a')] : []);
  expect(await inOrder(mergeWalks([walk('fc'), walk('ed')], { contains, goOn }))).toBe('fedcba');
});
