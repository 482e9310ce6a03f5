import { describe, expect, it } from 'vitest';
import type { CommitRequest } from '../../lib/bump/ports.ts';
import { parseHold } from '../../lib/config/holds.ts';
import type { AuditRecord } from '../../lib/model/audit-record.ts';
import { trailersOf } from '../../lib/model/bump-story.ts';
import type { Notice, RollbackWanted } from '../../lib/model/messages.ts';
import { rollBack as answer } from '../../lib/rollback/automatic.ts';
import { commitRollback } from '../../lib/rollback/commit.ts';
import { planHold } from '../../lib/rollback/hold.ts';
import { lookAtHead } from '../../lib/rollback/look.ts';
import { proposalOf } from '../../lib/rollback/proposal.ts';
import { planRollback, type RollbackOrder } from '../../lib/rollback/rollback.ts';
import { bytes, type ConfigRepoUnderTest, type Content, type Make, text } from './config-repo-under-test.ts';

const now = new Date('2026-11-22T10:00:00Z');
const windlassFile = `windlass: 1
images:
  web: { image: acme/web, semver: "*" }
  api: { image: acme/api, semver: "*" }
clusters:
  main: {}
syncs:
  shop: { cluster: main, path: apps/shop, rollback: automatic }
  prod: { cluster: main, path: apps/prod }
`;
const web = (tag: string, more = '') => `# web\r\nimage: "acme/web:${tag}" # {"$imagepolicy": "web"}\r\n${more}`;
const api = (tag: string) => `other: { newTag: 1 } # api {"none": "x"}\ntag: '${tag}' # {"$imagepolicy": "api:tag"}\n`;

const files: Record<string, Content> = {
  'windlass.yaml': windlassFile,
  'apps/shop/web.yaml': web('1.0.0'),
  'apps/shop/api.yaml': api('3.0.0'),
  'apps/shop/kustomization.yaml': 'resources: [web.yaml, api.yaml, ../base]\n',
  'apps/prod/kustomization.yaml': 'resources: [../base]\n',
  'apps/base/config.yaml': 'kind: ConfigMap\n',
};

/** What a registry lists; every other question is none of this test. */
const registry = {
  tags: async (repository: string) =>
    (repository === 'acme/web' ? ['1.0.0', '1.5.0', '1.6.0'] : ['3.0.0', '3.1.0']).map((tag) => ({ tag })),
  tag: async () => undefined,
  details: async () => ({ digest: `sha256:${'0'.repeat(64)}` }),
};
const deps = { registry, sleep: async () => {}, random: () => 0 };

/** Rollbacks on a kind of host. */
export function rollbackSuite(name: string, make: Make): void {
  const plan = (at: ConfigRepoUnderTest, order: Pick<RollbackOrder, 'target'> & Partial<RollbackOrder>) =>
    planRollback({ now, who: 'Ada', ...order }, at.repo, deps);
  const rollBack = async (at: ConfigRepoUnderTest, order: Pick<RollbackOrder, 'target'> & Partial<RollbackOrder>) => {
    const planned = await plan(at, order);
    return planned.result === 'none' ? planned : await commitRollback(planned, at.repo, deps);
  };
  const show = async (at: ConfigRepoUnderTest, path: string) => text(await at.show(path));
  const bumpOn = (parent: string, changed: Record<string, string>, tags: Record<string, string>): CommitRequest => {
    const images = Object.entries(tags).map(([policy, to]) => ({ policy, repository: `acme/${policy}`, from: [], to }));
    const written = Object.entries(changed).map(([path, content]) => ({ path, bytes: bytes(content) }));
    const trailers = trailersOf({ images, events: ['e-1'] });
    return { parent, files: written, subject: 'Bump', body: [], trailers, at: now };
  };
  /** A commit as bump makes it. */
  const bump = async (at: ConfigRepoUnderTest, changed: Record<string, string>, tags: Record<string, string>) => {
    const made = await at.repo.commit(bumpOn((await at.repo.head()).revision, changed, tags));
    if (made.result !== 'committed') throw new Error('the head moved');
    return made.revision;
  };
  /** The same by a pull request that a person merges: `more` comes to main before that, or to the branch. Answers the merge. */
  const bumpByMerge = async (at: ConfigRepoUnderTest, more: Record<string, string>, to: 'main' | 'branch') => {
    const request = bumpOn((await at.repo.head()).revision, { 'apps/shop/web.yaml': web('1.5.0') }, { web: '1.5.0' });
    const pull = { group: 'web', title: 'Bump web', description: '', labels: [], reviewers: [], autoMerge: false };
    const { branch } = await at.repo.propose({ ...request, ...pull });
    await at.push(more, to === 'main' ? to : branch);
    await at.merge(branch);
    return (await at.repo.head()).revision;
  };
  /** Answers the wish of a report of shop, with what is told of it. */
  const answerWish = async (at: ConfigRepoUnderTest, settled: string, more: Partial<RollbackWanted> = {}) => {
    const [records, notices] = [[] as AuditRecord[], [] as Notice[]];
    const wanted: RollbackWanted = {
      ...{ type: 'RollbackWanted', at: now.toISOString(), cluster: 'main', sync: 'shop', run: 'run-1', settled },
      ...{ revision: (await at.repo.head()).revision, reasons: [], ...more },
    };
    const ports = {
      ...{ ...deps, repo: at.repo },
      records: { append: async (all: AuditRecord[]) => void records.push(...all) },
      notices: { send: async (notice: Notice) => void notices.push(notice) },
    };
    return { result: await answer({ wanted, now }, ports), records, kinds: notices.map(({ kind }) => kind) };
  };
  const holdsOf = async (at: ConfigRepoUnderTest) =>
    (await at.repo.head()).holds.map(({ path, bytes: content }) => parseHold(text(content)!, path).hold);

  describe(`a rollback on ${name}`, () => {
    it('keeps what was committed to the same file elsewhere, and the other image of the bump', async () => {
      const at = await make(files);
      await bump(
        at,
        { 'apps/shop/web.yaml': web('1.5.0'), 'apps/shop/api.yaml': api('3.1.0') },
        { web: '1.5.0', api: '3.1.0' },
      );
      await at.push({ 'apps/shop/web.yaml': `# by Bo\r\n${web('1.5.0', 'replicas: 3\r\n')}` });
      expect(await rollBack(at, { target: { image: 'web' } })).toMatchObject({ result: 'committed' });
      expect(await show(at, 'apps/shop/web.yaml')).toBe(`# by Bo\r\n${web('1.0.0', 'replicas: 3\r\n')}`);
      expect(await show(at, 'apps/shop/api.yaml')).toBe(api('3.1.0'));
      expect(await holdsOf(at)).toMatchObject([{ image: 'web', tag: '1.0.0', past: '1.6.0', by: 'Ada' }]);
    });

    it('finds the text in a file that was renamed since', async () => {
      const at = await make(files);
      await bump(at, { 'apps/shop/web.yaml': web('1.5.0') }, { web: '1.5.0' });
      await at.push({
        'apps/shop/web.yaml': undefined,
        'apps/shop/site.yaml': web('1.5.0'),
        'apps/shop/kustomization.yaml': 'resources: [site.yaml, api.yaml, ../base]\n',
      });
      expect(await rollBack(at, { target: { image: 'web' } })).toMatchObject({ result: 'committed' });
      expect(await show(at, 'apps/shop/site.yaml')).toBe(web('1.0.0'));
      expect(await show(at, 'apps/shop/web.yaml')).toBeUndefined();
    });

    it('names a place that is not there any more, and does nothing', async () => {
      const at = await make({ ...files, 'apps/prod/web.yaml': web('1.0.0') });
      const both = { 'apps/shop/web.yaml': web('1.5.0'), 'apps/prod/web.yaml': web('1.5.0') };
      await bump(at, both, { web: '1.5.0' });
      const head = await at.push({ 'apps/prod/web.yaml': 'image: acme/web:1.5.0\n' });
      expect(await rollBack(at, { target: { image: 'web' } })).toMatchObject({
        result: 'none',
        code: 'conflict',
        conflicts: [{ file: 'apps/prod/web.yaml', reason: expect.stringContaining('is not there any more') }],
      });
      expect((await at.repo.head()).revision).toBe(head);
      // By a tag nobody need know what was there.
      const tag = await rollBack(at, { target: { image: 'web' }, to: { tag: '1.0.0' } });
      expect(tag).toMatchObject({ result: 'committed' });
    });

    it('is planned anew where the head moved, and not made where it would do something else', async () => {
      const at = await make(files);
      await bump(at, { 'apps/shop/web.yaml': web('1.5.0') }, { web: '1.5.0' });
      const planned = await plan(at, { target: { image: 'web' } });
      if (planned.result === 'none') throw new Error(planned.reason);
      await at.push({ 'apps/shop/web.yaml': web('1.5.0', 'by: Bo\r\n') });
      expect(await commitRollback(planned, at.repo, deps)).toMatchObject({ result: 'committed' });
      expect(await show(at, 'apps/shop/web.yaml')).toBe(web('1.0.0', 'by: Bo\r\n'));

      await at.push({ 'apps/shop/web.yaml': web('1.6.0') });
      const second = await plan(at, { target: { image: 'web' }, to: { tag: '1.0.0' } });
      if (second.result === 'none') throw new Error(second.reason);
      const head = await at.push({ 'apps/shop/web.yaml': web('1.7.0') });
      expect(await commitRollback(second, at.repo, deps)).toMatchObject({
        result: 'changed',
        plan: { changes: [{ from: 'acme/web:1.7.0', to: 'acme/web:1.0.0' }] },
      });
      expect((await at.repo.head()).revision).toBe(head);
    });

    it('puts the files of a sync back: changed, deleted, added and renamed ones', async () => {
      const at = await make({ ...files, 'apps/shop/old.yaml': 'kind: Old\n', 'apps/shop/gone.yaml': 'kind: Gone\n' });
      const then = (await at.repo.head()).revision;
      await at.push({
        'apps/shop/web.yaml': web('1.5.0', 'replicas: 3\r\n'),
        'apps/shop/gone.yaml': undefined,
        'apps/shop/new.yaml': 'kind: New\n',
      });
      await at.push({ 'apps/shop/old.yaml': undefined, 'apps/shop/renamed.yaml': 'kind: Old\n', 'README.md': 'hi\n' });
      const done = await rollBack(at, { target: { sync: 'shop' }, to: { revision: then.slice(0, 10) } });
      expect(done).toMatchObject({
        result: 'committed',
        plan: {
          story: { images: [{ policy: 'web', from: ['1.5.0'], to: ['1.0.0'] }] },
          holds: [{ image: 'web', tag: '1.0.0' }],
        },
      });
      expect(await show(at, 'apps/shop/web.yaml')).toBe(web('1.0.0'));
      expect(await show(at, 'apps/shop/gone.yaml')).toBe('kind: Gone\n');
      expect(await show(at, 'apps/shop/old.yaml')).toBe('kind: Old\n');
      for (const path of ['apps/shop/new.yaml', 'apps/shop/renamed.yaml']) expect(await show(at, path)).toBeUndefined();
      expect(await show(at, 'README.md')).toBe('hi\n');
    });

    it('refuses what a sync is built of elsewhere, and with --include says which syncs change with it', async () => {
      const at = await make(files);
      await at.push({ 'apps/base/config.yaml': 'kind: Secret\n' });
      expect(await rollBack(at, { target: { sync: 'shop' } })).toMatchObject({
        result: 'none',
        code: 'outside',
        conflicts: [{ file: 'apps/base/config.yaml' }],
      });
      expect(await rollBack(at, { target: { sync: 'shop' }, include: ['apps/base'] })).toMatchObject({
        result: 'committed',
        plan: { alsoChanges: ['prod'], holds: [] },
      });
      expect(await show(at, 'apps/base/config.yaml')).toBe('kind: ConfigMap\n');
      await expect(plan(at, { target: { sync: 'shop' } })).rejects.toMatchObject({ code: 'rolled-back-already' });
    });

    it('makes itself one commit, with its hold, records and message, where a bump did not become healthy', async () => {
      const at = await make(files);
      const settled = (await at.repo.head()).revision;
      const bad = await bump(at, { 'apps/shop/web.yaml': web('1.5.0') }, { web: '1.5.0' });
      await at.push({ 'apps/shop/web.yaml': web('1.5.0', 'replicas: 3\r\n') });
      const { result, records, kinds } = await answerWish(at, settled, { revision: bad });
      const { revision: head } = await at.repo.head();
      expect(result).toEqual({ outcome: 'rolled-back', revision: head });
      expect(await show(at, 'apps/shop/web.yaml')).toBe(web('1.0.0', 'replicas: 3\r\n'));
      expect(await holdsOf(at)).toMatchObject([{ image: 'web', tag: '1.0.0', past: '1.5.0', by: 'windlass' }]);
      expect(records).toMatchObject([{ kind: 'rolled-back', revision: head }]);
      expect(kinds).toEqual(['rolled-back']);
      expect((await answerWish(at, settled, { revision: bad })).result).toEqual({
        outcome: 'done-before',
        revision: head,
      });
      expect((await at.repo.head()).revision).toBe(head);
    });

    it('makes itself of a bump that people merged by a merge commit; of a merge that is more than that people are told', async () => {
      const at = await make(files);
      const settled = (await at.repo.head()).revision;
      const merge = await bumpByMerge(at, { 'README.md': 'hi\n' }, 'main');
      expect((await at.commit(merge)).parents).toHaveLength(2);
      expect((await answerWish(at, settled)).result).toMatchObject({ outcome: 'rolled-back' });
      expect(await show(at, 'apps/shop/web.yaml')).toBe(web('1.0.0'));
      expect((await at.commit((await at.repo.head()).revision)).message).toContain(`Windlass-Reverts: ${merge}\n`);

      const other = await make(files);
      const before = (await other.repo.head()).revision;
      const theirs = await bumpByMerge(other, { 'apps/shop/new.yaml': 'kind: ConfigMap\n' }, 'branch');
      const { result, kinds } = await answerWish(other, before);
      expect(result).toEqual({ outcome: 'refused', reason: expect.stringContaining(`: ${theirs.slice(0, 12)} of `) });
      expect(kinds).toEqual(['rollback-refused']);
      expect((await other.repo.head()).revision).toBe(theirs);
    });

    it('is proposed on a branch of its own, and merged it holds, and the bump is not rolled back again', async () => {
      const at = await make(files);
      const settled = (await at.repo.head()).revision;
      const bad = await bump(at, { 'apps/shop/web.yaml': web('1.5.0') }, { web: '1.5.0' });
      const planned = await plan(at, { target: { image: 'web' }, why: 'it loses orders' });
      if (planned.result === 'none') throw new Error(planned.reason);
      const { branch } = await at.repo.propose(proposalOf(planned, '1a2b'));
      expect(branch).toBe('windlass/rollback/web-1a2b');
      // Somebody else's commit there is not lost, nor is theirs taken for done: the command tells of the branch.
      const other = {
        ...proposalOf(planned, '1a2b'),
        title: 'Roll back web for Bob',
        subject: 'Roll back web for Bob',
      };
      await expect(at.repo.propose(other)).rejects.toMatchObject({ code: 'proposal-moved' });
      expect((await at.repo.head()).revision).toBe(bad);
      expect(await holdsOf(at)).toEqual([]);
      await at.merge(branch);
      expect(await show(at, 'apps/shop/web.yaml')).toBe(web('1.0.0'));
      expect(await holdsOf(at)).toMatchObject([{ image: 'web', tag: '1.0.0', past: '1.6.0' }]);
      expect((await answerWish(at, settled, { revision: bad })).result).toEqual({
        outcome: 'left',
        reason: 'the bump was rolled back already',
      });
    });

    it('is not needed for a hold, which is a commit that changes no image', async () => {
      const at = await make(files);
      const look = await lookAtHead(at.repo);
      const order = { image: 'web', who: 'Ada', why: 'the sale runs', now };
      const { commit } = await planHold(order, look, { repo: at.repo, registry });
      const made = { ...commit, parent: look.head, subject: 'Hold web', body: [], at: now };
      expect(await at.repo.commit(made)).toMatchObject({ result: 'committed' });
      expect(await holdsOf(at)).toMatchObject([{ image: 'web', tag: '1.0.0', past: '1.6.0', why: 'the sale runs' }]);
    });

    it('undoes exactly what a bump changed, and refuses where somebody changed it since', async () => {
      const at = await make(files);
      const bumped = await bump(
        at,
        { 'apps/shop/web.yaml': web('1.5.0'), 'apps/shop/api.yaml': api('3.1.0') },
        { web: '1.5.0', api: '3.1.0' },
      );
      await at.push({ 'apps/shop/api.yaml': api('3.1.5') });
      const undo = { bump: bumped };
      const sync = { target: { sync: 'shop' }, undo, who: undefined, automatic: 'run-1', why: 'it crashes' };
      expect(await rollBack(at, sync)).toMatchObject({
        result: 'none',
        code: 'conflict',
        conflicts: [
          { file: 'apps/shop/api.yaml', reason: expect.stringContaining('since then it was changed to 3.1.5') },
        ],
      });
      await at.push({ 'apps/shop/api.yaml': api('3.1.0') });
      expect(await rollBack(at, sync)).toMatchObject({
        result: 'committed',
        plan: { story: { target: 'sync/shop', reverts: [bumped], events: ['e-1'], automatic: 'run-1' } },
      });
      expect(await show(at, 'apps/shop/web.yaml')).toBe(web('1.0.0'));
      expect(await show(at, 'apps/shop/api.yaml')).toBe(api('3.0.0'));
      expect(await rollBack(at, sync)).toMatchObject({ result: 'none', code: 'nothing-to-do' });
      expect(await rollBack(at, { ...sync, target: { sync: 'prod' } })).toMatchObject({ code: 'not-of-target' });
    });
  });
}
