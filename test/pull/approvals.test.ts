import { describe, expect, it } from 'vitest';
import type { Guard } from '../../lib/kube/guard.ts';
import { approvalsFor, askForApproval } from '../../lib/pull/approvals.ts';
import { treeOf } from './world.ts';

const now = new Date('2026-11-22T10:00:00Z');
/** A straight history, oldest first. */
const history = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(40));
const [old, seen, , head] = history as [string, string, string, string];
const isAncestor = async (one: string, other: string) =>
  history.includes(one) && history.indexOf(one) <= history.indexOf(other);

const text = (lines: string) => `sync: shop\nwho: ada\nwhy: it is old\n${lines}`;
const waiting = (object: string, revision: string, ...guards: Guard[]) => ({ object, revision, guards });

async function read(files: Record<string, string>, applied: string | undefined = head) {
  return await approvalsFor('shop', treeOf(files, head), { head, applied, isAncestor }, now);
}

describe('approvals', () => {
  const named = { 'approvals/shop.1.yaml': text(`revision: ${seen}\nprune: [ConfigMap/x/a]\n`) };

  it('allow the objects that they name, since the commit that they name, and no others', async () => {
    const approvals = await read(named);
    expect(approvals.of(waiting('ConfigMap/x/a', seen, 'large-prune', 'moved-path'))).toEqual({
      text: 'approved by ada (approvals/shop.1.yaml)',
      revision: seen,
    });
    expect(approvals.of(waiting('ConfigMap/x/b', seen, 'large-prune'))).toBeUndefined();
    expect(approvals.of(waiting('ConfigMap/x/a', head, 'large-prune'))).toBeUndefined();
  });

  it('of objects that came back and left again are void', async () => {
    const again = waiting('ConfigMap/x/a', head, 'large-prune');
    const approvals = await read(named, history[2]);
    expect(approvals.of(again)).toBeUndefined();
    expect(approvals.notices([again])).toMatchObject([
      { code: 'approval-void', message: expect.stringContaining(`its objects wait since ${head}`) },
    ]);
  });

  it('count for what this pull sees first, when their commit came after the applied one', async () => {
    const fresh = waiting('ConfigMap/x/a', head, 'large-prune');
    expect((await read(named, old)).of(fresh)).toMatchObject({ revision: seen });
    expect((await read(named, undefined)).of(fresh)).toBeUndefined();
  });

  it('of a rewritten history name its commit; a list of objects does it only with a commit', async () => {
    const one = waiting('ConfigMap/x/a', seen, 'rewritten-history');
    const rewritten = { 'approvals/shop.2.yaml': text(`rewrittenHistory: ${seen}\n`) };
    expect((await read(rewritten)).of(one)).toBeDefined();
    expect((await read(rewritten)).of({ ...one, guards: ['rewritten-history', 'large-prune'] })).toBeUndefined();
    expect((await read(named)).of({ ...one, guards: ['rewritten-history', 'large-prune'] })).toBeDefined();
    const dated = { 'approvals/shop.3.yaml': text('until: 2027-01-01\nprune: [ConfigMap/x/a]\n') };
    expect((await read(dated)).of(one)).toBeUndefined();
    expect((await read(dated)).of({ ...one, guards: ['large-prune'] })).toBeDefined();
  });

  it('of another sync, of another directory, or past their end allow nothing', async () => {
    const one = waiting('ConfigMap/x/a', seen, 'confirm');
    const late = { 'approvals/shop.1.yaml': text('until: 2026-11-21\nprune: [ConfigMap/x/a]\n') };
    expect((await read(late)).of(one)).toBeUndefined();
    expect((await read(late)).notices([one])).toMatchObject([
      { message: expect.stringContaining('it was good until 2026-11-21') },
    ]);
    const deep = { 'approvals/old/shop.1.yaml': named['approvals/shop.1.yaml'] };
    expect((await read(deep)).of(one)).toBeUndefined();
    const other = { 'approvals/blog.1.yaml': named['approvals/shop.1.yaml'].replace('shop', 'blog') };
    expect((await read(other)).of(one)).toBeUndefined();
    expect((await read(other)).notices([one])).toEqual([]);
  });

  it('that fit nothing or cannot be read are told', async () => {
    const approvals = await read({ ...named, 'approvals/shop.2.yaml': 'sync: shop\n' });
    const told = approvals.notices([]);
    expect(told.map(({ file }) => file)).toContain('approvals/shop.1.yaml');
    expect(told.find(({ code }) => code === 'approval-void')?.message).toContain('nothing that it names waits for one');
    expect(told.filter(({ file }) => file === 'approvals/shop.2.yaml').length).toBeGreaterThan(0);
  });
});

describe('asking for an approval', () => {
  it('gives one file a commit, which then allows exactly what waits', async () => {
    const all = [
      waiting('ConfigMap/x/b', seen, 'large-prune'),
      waiting('ConfigMap/x/a', seen, 'large-prune', 'rewritten-history'),
      waiting('ConfigMap/x/c', head, 'rewritten-history'),
    ];
    const { notices, files } = askForApproval('shop', all);
    expect(notices.map(({ message }) => message)).toEqual([
      expect.stringContaining('2 objects left Git and wait for an approval, since bbbbbbbbbbbb'),
      expect.stringContaining('it left Git and waits for an approval, since dddddddddddd'),
    ]);
    expect(notices[1]).toMatchObject({
      object: 'ConfigMap/x/c',
      hint: expect.stringMatching(/; windlass diff prints it$/),
    });
    const shown = askForApproval('shop', all, { dryRun: true }).notices;
    expect(shown.map(({ hint }) => hint)).toEqual(
      files.map(({ path }) => expect.stringMatching(`, and commit ${path}$`)),
    );
    const filled = files.map(({ path, content }): [string, string] => [
      path,
      content.replace('who:', 'who: ada').replace('why:', 'why: old'),
    ]);
    const approvals = await read(Object.fromEntries(filled));
    expect(all.map((one) => approvals.of(one) !== undefined)).toEqual([true, true, true]);
    expect(approvals.of(waiting('ConfigMap/x/d', seen, 'large-prune'))).toBeUndefined();
    expect(approvals.notices([])).toEqual([]);
  });

  it('asks for nothing where nothing waits', () => {
    expect(askForApproval('shop', [])).toEqual({ notices: [], files: [] });
  });
});
