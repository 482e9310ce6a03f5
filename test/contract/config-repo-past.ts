import { expect, it } from 'vitest';
import type { FileChange } from '../../lib/model/config-repo.ts';
import { type Abilities, type Make, proposal, start } from './config-repo-under-test.ts';

const long = Array.from({ length: 20 }, (_, line) => `line ${line}\n`).join('');

/** The commits of the branch's line, and what became of files between two of them. */
export function past(make: Make, can: Abilities): void {
  it('tells the commits that changed something at or below paths, newest first, each with its parent', async () => {
    const { repo, push } = await make(start);
    const begin = (await repo.head()).revision;
    const web = await push({ 'apps/web.yaml': 'changed\n' });
    const plain = await push({ 'apps/plain.yaml': 'changed\n' });
    const api = await push({ 'apps/shop/api.yaml': undefined });
    const line = async (paths: string[] | undefined, limit = 10) =>
      (await repo.history(api, { paths, limit })).map(({ revision, parent }) => [revision, parent]);
    expect((await line(undefined)).slice(0, 3)).toEqual([
      [api, plain],
      [plain, web],
      [web, begin],
    ]);
    expect((await line(undefined)).at(-1)![1]).toBeUndefined();
    expect((await line(['apps/web.yaml'])).map(([revision]) => revision)).toEqual([web, begin]);
    expect(await line(['apps/shop', 'apps/plain.yaml'], 2)).toEqual([
      [api, plain],
      [plain, web],
    ]);
    expect(await line(['apps/never.yaml'])).toEqual([]);
    expect(await line(['.'], 1)).toEqual([[api, plain]]);
    const after = async (commit: string, paths?: string[]) =>
      (await repo.history(api, { ...(paths && { paths }), after: commit, limit: 10 })).map(({ revision }) => revision);
    expect([await after(web), await after(web, ['apps']), await after(api)]).toEqual([[api, plain], [api, plain], []]);
    expect([await after(plain, ['apps/web.yaml']), await after(begin, ['apps/web.yaml'])]).toEqual([[], [web]]);
    expect((await repo.history(web, { limit: 1 }))[0]).toMatchObject({ subject: 'Change by hand', author: 'Ada' });
  });

  if (can.proposes !== false)
    it('follows the first parents alone: of a merge the merge, and not what it brought', async () => {
      const { repo, push, merge, branch } = await make(start);
      const base = (await repo.head()).revision;
      const { branch: name } = await repo.propose(proposal(base, 'web', 'proposed\n'));
      const there = (await branch(name))!;
      const plain = await push({ 'apps/plain.yaml': 'changed\n' });
      await merge(name);
      const merged = (await repo.head()).revision;
      const line = await repo.history(merged, { paths: ['apps/web.yaml'], limit: 10 });
      expect(line.map(({ revision }) => revision)).toEqual([merged, base]);
      expect(line[0]!.parent).toBe(plain);
      const trailers = [
        ['Windlass-Policy', 'web'],
        ['Windlass-Event', 'e-1'],
      ];
      const brought = { revision: there, parent: base, subject: 'Bump web to 1.1.0', trailers };
      expect(line.map(({ merged: one }) => one)).toEqual([expect.objectContaining(brought), undefined]);
      expect(line.some(({ revision }) => revision === there)).toBe(false);
      // What is written down of the last commits is in the one that was merged.
      expect((await repo.head()).recent.map(({ revision }) => revision)).toEqual(
        expect.arrayContaining([merged, there]),
      );
    });

  it('tells what was at a time', async () => {
    const { repo, push, commit } = await make(start);
    const begin = (await repo.head()).revision;
    const at = new Date((await commit(begin)).at);
    const last = await push({ 'apps/plain.yaml': 'changed\n' });
    const before = await repo.history(last, { until: new Date(at.getTime() - 86_400_000), limit: 1 });
    expect(before).toEqual([]);
    const later = new Date(new Date((await commit(last)).at).getTime() + 1000);
    expect((await repo.history(last, { until: later, limit: 1 }))[0]?.revision).toBe(last);
  });

  it('tells files that came, went, changed and were renamed, and which are no plain files', async () => {
    const { repo, push } = await make({ ...start, 'apps/long.yaml': long });
    const older = (await repo.head()).revision;
    const newer = await push({
      'apps/plain.yaml': undefined,
      'apps/new.yaml': 'kind: Secret\n',
      'apps/long.yaml': undefined,
      'apps/moved.yaml': `${long}one more\n`,
      'apps/run.sh': '#!/bin/sh\nexit 1\n',
      'apps/latest.yaml': { link: 'new.yaml' },
    });
    const changes = await repo.changes(older, newer);
    const plain = (path: string) => ({ path, plain: true });
    const link = { path: 'apps/latest.yaml', plain: false };
    const expected: FileChange[] = [
      { was: link, is: link },
      ...(can.renames === false
        ? [{ was: plain('apps/long.yaml') }, { is: plain('apps/moved.yaml') }]
        : [{ was: plain('apps/long.yaml'), is: plain('apps/moved.yaml') }]),
      { is: plain('apps/new.yaml') },
      { was: plain('apps/plain.yaml') },
      { was: plain('apps/run.sh'), is: plain('apps/run.sh') },
    ];
    const name = ({ was, is }: FileChange) => (was ?? is)!.path;
    expect(changes.toSorted((a, b) => (name(a) < name(b) ? -1 : 1))).toEqual(expected);
    expect(await repo.changes(newer, newer)).toEqual([]);
  });

  it('finds a commit by a part of its id, and knows what is part of what', async () => {
    const { repo, push, branch } = await make(start);
    const base = (await repo.head()).revision;
    const last = await push({ 'apps/plain.yaml': 'changed\n' });
    expect(await repo.find(base.slice(0, 9))).toBe(base);
    expect(await repo.find(last)).toBe(last);
    expect(await repo.find('0000000')).toBeUndefined();
    expect(await repo.isAncestor(base, last)).toBe(true);
    expect(await repo.isAncestor(last, last)).toBe(true);
    expect(await repo.isAncestor(last, base)).toBe(false);
    expect(await branch('main')).toBe(last);
  });
}
