import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timelineOf } from '../../lib/audit/history.ts';
import type { GitHistory, HistoryCommit, RecordsReader } from '../../lib/audit/ports.ts';
import { mergeTimeline, pullRequestIn } from '../../lib/audit/timeline.ts';
import { type AuditKind, type AuditRecord, recordId } from '../../lib/model/audit-record.ts';
import { bumpedRecords, trailersOf } from '../../lib/model/bump-story.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import { suspendTrailers } from '../../lib/model/suspend-story.ts';

const second = (count: number) => new Date(Date.UTC(2026, 10, 22, 12, 0, count)).toISOString();
const story = {
  images: [
    { policy: 'web', repository: 'r/web', from: ['1.0.0'], to: '1.1.0' },
    { policy: 'api', repository: 'r/api', from: ['3.0.0'], to: '3.1.0' },
  ],
  events: ['push-1'],
};

const commit = (revision: string, at: number, more: Partial<HistoryCommit> = {}): HistoryCommit => ({
  ...{ revision, subject: `Change ${revision}`, author: 'Ada', at: second(at), committedAt: second(at), trailers: [] },
  ...more,
});
const record = (kind: AuditKind, at: string, more: Partial<AuditRecord> = {}): AuditRecord => ({
  ...{ id: recordId(kind, at, JSON.stringify(more)), at, kind, actor: 'windlass pull', subjects: ['sync:shop'] },
  ...{ result: 'ok', summary: `${kind} at ${at}` },
  ...more,
});
const bump = commit('b1', 10, { subject: 'Bump web and api', trailers: trailersOf(story) });
const lines = (entries: ReturnType<typeof mergeTimeline>) => entries.map(({ what, text }) => `${what} ${text}`);

describe('a timeline', () => {
  it('has a commit and its records as one entry, told by the image that it is about', () => {
    const records = bumpedRecords(story, 'b1', second(10));
    const [web, ...none] = mergeTimeline([bump], records.slice(0, 1), { image: 'web' });
    expect(none).toEqual([]);
    expect(web).toMatchObject({
      what: 'bumped',
      who: 'windlass bump',
      text: 'web went from 1.0.0 to 1.1.0',
      revision: 'b1',
    });
    expect(web!.records).toEqual(records.slice(0, 1));
    const [all] = mergeTimeline([bump], records, { sync: 'shop' });
    expect(all!.text).toBe('api went from 3.0.0 to 3.1.0; web went from 1.0.0 to 1.1.0');
  });

  it('says the same of a commit with and without its records, and of the records without the commit', () => {
    const records = bumpedRecords(story, 'b1', second(10));
    const texts = [
      mergeTimeline([bump], records, { sync: 'shop' }),
      mergeTimeline([bump], [], { sync: 'shop' }),
      mergeTimeline([], records, { sync: 'shop' }),
    ].map((entries) => entries.map(({ at, what, who, text, revision }) => ({ at, what, who, text, revision })));
    expect(texts[1]).toEqual(texts[0]);
    expect(texts[2]).toEqual(texts[0]);
  });

  it('has people’s commits with author, and the pull request that their subject names', () => {
    const entries = mergeTimeline([commit('c1', 1, { subject: 'Raise replicas (#12)' })], [], { image: 'web' });
    expect(entries).toMatchObject([
      { what: 'commit', who: 'Ada', text: 'Raise replicas (#12)', pullRequest: { number: 12 } },
    ]);
    expect(pullRequestIn('Merge pull request #7 from acme/side')).toEqual({ number: 7 });
    expect(pullRequestIn('Fix (#12) again')).toBeUndefined();
  });

  it('has who asked of a commit by a command', () => {
    const who = 'Grace <grace@example.com>';
    for (const target of ['image/web', 'all']) {
      const made = commit('s1', 1, { trailers: suspendTrailers({ act: 'suspended', target, who }) });
      const text = `${target} is suspended by ${who}`;
      expect(mergeTimeline([made], [], { image: 'web' })).toMatchObject([{ what: 'suspended', who, text }]);
    }
    const ofOther = commit('s2', 1, {
      trailers: [
        ['Windlass-Who', 'Grace'],
        ['Windlass-Held', 'api'],
      ],
    });
    expect(mergeTimeline([ofOther], [], { image: 'web' })).toMatchObject([{ what: 'commit', who: 'Grace' }]);
  });

  it('has an incident and the drift that opened it as one entry', () => {
    const subjects = ['sync:shop', 'incident:k1', 'object:apps/Deployment/shop/web'];
    const at = second(5);
    const drift = record('drift-found', at, { subjects, actor: 'kubectl-set', summary: 'image is "x", Git says "y"' });
    const opened = record('incident-opened', at, { subjects, actor: 'windlass report' });
    const resolved = record('incident-resolved', second(9), { subjects });
    const entries = mergeTimeline([], [opened, drift, resolved], { sync: 'shop' });
    expect(lines(entries)).toEqual([`incident-resolved ${resolved.summary}`, 'drift-found image is "x", Git says "y"']);
    expect(entries[1]!.records).toHaveLength(2);
  });

  it('puts a push before the commit of its second, and what the commit brought about behind it', () => {
    const push = record('push-received', '2026-11-22T12:00:10.750Z', { subjects: ['image:web'] });
    const pull = record('synced', '2026-11-22T12:00:10.900Z');
    const entries = mergeTimeline([bump], [pull, push], { image: 'web' });
    expect(entries.map(({ what }) => what)).toEqual(['synced', 'bumped', 'push-received']);
  });

  it('tells each commit and each record once, whatever their order', () => {
    const kinds: AuditKind[] = ['bumped', 'synced', 'drift-found', 'incident-opened', 'push-received', 'held'];
    const commits = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 59 })), {
      maxLength: 8,
    });
    const records = fc.array(
      fc.record({
        kind: fc.constantFrom(...kinds),
        at: fc.integer({ min: 0, max: 59 }),
        of: fc.integer({ min: 0, max: 5 }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(commits, records, fc.infiniteStream(fc.integer()), (some, told, random) => {
        const all = some.map(([name, at]) => commit(`c${name}`, at));
        const facts = told.map(({ kind, at, of }) =>
          record(kind, second(at), { revision: `c${of}`, subjects: [`incident:k${of}`, 'sync:shop'] }),
        );
        const entries = mergeTimeline(all, facts, { sync: 'shop' });
        const ids = entries.flatMap((entry) => entry.records.map(({ id }) => id));
        expect([...ids].sort()).toEqual([...new Set(facts.map(({ id }) => id))].sort());
        const revisions = entries.flatMap((entry) => entry.commit?.revision ?? []);
        expect([...revisions].sort()).toEqual([...new Set(all.map(({ revision }) => revision))].sort());
        const seconds = entries.map(({ at }) => at.slice(0, 19));
        expect(seconds).toEqual([...seconds].sort().reverse());
        const shuffled = facts.map((fact) => ({ fact, by: random.next().value as number })).sort((a, b) => a.by - b.by);
        const again = mergeTimeline(
          all,
          shuffled.map(({ fact }) => fact),
          { sync: 'shop' },
        );
        expect(again.map(({ at }) => at)).toEqual(entries.map(({ at }) => at));
      }),
    );
  });
});

describe('the timeline of a subject', () => {
  const historyOf = (commits: HistoryCommit[], more: Partial<GitHistory> = {}): GitHistory => ({
    branch: 'main',
    head: async () => commits[0]!.revision,
    async *commits({ paths }) {
      if (!paths?.includes('holds')) yield* commits;
    },
    files: () => Promise.reject(new TypeError('nobody expected files')),
    renames: async () => new Map(),
    contains: () => Promise.reject(new TypeError('nobody expected contains')),
    ...more,
  });
  const reader = (all: AuditRecord[], asked: number[] = []): Pick<RecordsReader, 'about'> => ({
    about: async (_subject, { before, limit }) => {
      asked.push(limit);
      const older = all.filter(({ at, id }) => before === undefined || `${at}#${id}` < before);
      return older.sort((a, b) => (`${a.at}#${a.id}` < `${b.at}#${b.id}` ? 1 : -1)).slice(0, limit);
    },
  });

  it('is the newest of both sides, however many records one entry has', async () => {
    const commits = Array.from({ length: 30 }, (_, index) => commit(`c${index}`, 3000 - index * 100));
    const records = Array.from({ length: 400 }, (_, index) =>
      record('held', second(3100 - Math.floor(index / 8)), {
        revision: `h${Math.floor(index / 8)}`,
        subjects: ['image:web'],
        summary: `${index}`,
      }),
    );
    const asked: number[] = [];
    const git = { history: historyOf(commits), head: 'c0', paths: ['a.yaml'] };
    const { entries } = await timelineOf(
      { about: { image: 'web' }, limit: 20 },
      { git, records: reader(records, asked) },
    );
    const whole = mergeTimeline(commits, records, { image: 'web' }).slice(0, 20);
    expect(entries.map(({ at, revision }) => [at, revision])).toEqual(whole.map(({ at, revision }) => [at, revision]));
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.length).toBeLessThan(8);
  });

  it('leaves out bumps of other images in the same file', async () => {
    const other = commit('b2', 20, { trailers: trailersOf({ images: [story.images[1]!], events: [] }) });
    const history = historyOf([other, bump, commit('c1', 1)], { files: async () => ['a.yaml'] });
    const git = { history, head: 'b2', paths: ['a.yaml'] };
    const { entries } = await timelineOf({ about: { image: 'web' }, limit: 9 }, { git });
    expect(entries.map(({ revision }) => revision)).toEqual(['b1', 'c1']);
  });

  it('has the commits of holds and suspends that are about it, by trailers or by the names of files', async () => {
    const by = (...trailers: [string, string][]) => ({ trailers });
    const stops = [
      commit('s1', 9, by(['Windlass-Suspend', 'image/web'], ['Windlass-Who', 'Ada'])),
      commit('s2', 8, by(['Windlass-Suspend', 'image/api'], ['Windlass-Who', 'Ada'])),
      commit('s3', 7, by(['Windlass-Resume', 'all'], ['Windlass-Who', 'Ada'])),
      commit('s4', 6),
      commit('s5', 5),
    ];
    const files: Record<string, string[]> = { s4: ['holds/web.1.yaml'], s5: ['holds/web.api.1.yaml', 'README.md'] };
    const history = historyOf([], {
      async *commits({ paths }) {
        if (paths?.includes('holds')) yield* stops;
      },
      files: async (revision) => files[revision]!,
    });
    const found = async (about: { image: string } | { sync: string; template?: string }) =>
      (await timelineOf({ about, limit: 9 }, { git: { history, head: 's1', paths: [] } })).entries.map(
        (one) => one.revision,
      );
    expect(await found({ image: 'web' })).toEqual(['s1', 's3', 's4']);
    expect(await found({ image: 'web.api' })).toEqual(['s3', 's5']);
    expect(await found({ sync: 'shop-prod', template: 'shop' })).toEqual(['s3']);
  });

  it('has the pull requests that the host tells, and does without where it cannot', async () => {
    const asked: string[][] = [];
    const commits = [commit('c2', 2, { subject: 'Fix (#3)' }), commit('c1', 1)];
    const files = async () => ['a'];
    const told = historyOf(commits, {
      files,
      pullRequests: async (revisions) => {
        asked.push([...revisions]);
        return new Map([['c1', { number: 7, url: 'u' }]]);
      },
    });
    const order = { about: { sync: 'shop' }, limit: 9 };
    const { entries } = await timelineOf(order, { git: { history: told, head: 'c2', paths: ['a'] } });
    expect(entries.map(({ pullRequest }) => pullRequest?.number)).toEqual([3, 7]);
    expect(asked).toEqual([['c1']]);
    const fails = async () => Promise.reject(new RetryableError('cannot read the pull requests', { code: 'x' }));
    const broken = historyOf(commits, { files, pullRequests: fails });
    const without = await timelineOf(order, { git: { history: broken, head: 'c2', paths: ['a'] } });
    expect(without.notes).toEqual(['pull requests are not known: cannot read the pull requests']);
    expect(without.entries).toHaveLength(2);
  });
});
