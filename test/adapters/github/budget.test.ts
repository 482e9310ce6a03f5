import { expect, it } from 'vitest';
import type { ConfigRepo } from '../../../lib/bump/ports.ts';
import { describeWithStandins } from '../../standins/describe.ts';
import { bytes, firstLines, request, type World, world } from './world.ts';

const token = 'POST /app/installations/{installation_id}/access_tokens';
const marked = (tag: string) => `image: web:${tag} # {"$imagepolicy": "web"}\n`;

const manyFiles = (count: number) => ({
  'windlass.yaml': 'windlass: 1\n',
  'apps/web.yaml': marked('1.0.0'),
  'holds/a.1.yaml': 'image: a\n',
  ...Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`many/${index % 50}/${index}.yaml`, `n: ${index}\n`]),
  ),
});

/** Requests to GitHub without those for a token, and how many of these. */
async function counted({ github }: World, work: () => Promise<unknown>): Promise<{ requests: number; tokens: number }> {
  const mark = github.requests.mark();
  await work();
  const seen = github.requests.since(mark);
  const tokens = seen.filter(({ kind }) => kind === token).length;
  return { requests: seen.length - tokens, tokens };
}

async function look(repo: ConfigRepo): Promise<string> {
  const { revision } = await repo.head();
  await repo.survey(revision, firstLines());
  return revision;
}

async function bump(repo: ConfigRepo, tag: string): Promise<void> {
  const parent = await look(repo);
  await repo.read(parent, ['apps/web.yaml']);
  const made = await repo.commit(request(parent, [{ path: 'apps/web.yaml', bytes: bytes(marked(tag)) }], tag));
  expect(made.result).toBe('committed');
}

describeWithStandins('requests to GitHub, in a process that has just started', () => {
  it.each([5, 2_000])('are few, whatever the size of the repository (%i files)', async (count) => {
    const all = await world(manyFiles(count));
    const { github, open } = all;
    // Head, the tree's listing, the archive's link, the archive.
    expect(await counted(all, () => look(open()))).toEqual({ requests: 4, tokens: 1 });
    // Nothing to do.
    expect(await counted(all, () => look(open()))).toEqual({ requests: 1, tokens: 1 });
    // People pushed what is of no interest.
    github.push({ 'docs/readme.md': 'x\n' });
    expect(await counted(all, () => look(open()))).toEqual({ requests: 2, tokens: 1 });
    // A commit on a head that is known: head, read, commit.
    expect(await counted(all, () => bump(open(), '1.1.0'))).toEqual({ requests: 3, tokens: 1 });
    // Our own commit costs the next event nothing.
    expect(await counted(all, () => look(open()))).toEqual({ requests: 1, tokens: 1 });
    // A commit on a head that others moved, in files of interest: head, compare, their contents, read, commit.
    github.push({ 'many/1/1.yaml': marked('0.9.0'), 'many/2/2.yaml': 'n: two\n' });
    expect(await counted(all, () => bump(open(), '1.2.0'))).toEqual({ requests: 5, tokens: 1 });
    // The answer to the commit got lost: one look more.
    github.faults.add({ on: 'createCommitOnBranch', trouble: 502, when: 'after', times: 1 });
    expect(await counted(all, () => bump(open(), '1.3.0'))).toEqual({ requests: 4, tokens: 1 });
    expect(github.log().filter(({ message }) => message.startsWith('Bump'))).toHaveLength(3);
  });

  it('need no new token while the process lives', async () => {
    const all = await world();
    const repo = all.open();
    await look(repo);
    expect(await counted(all, () => look(repo))).toEqual({ requests: 1, tokens: 0 });
  });
});
