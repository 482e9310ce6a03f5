import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditDeps, audit } from '../../lib/audit/audit.ts';
import type { GitHistory, HistoryCommit, PageOfRecords, RecordsReader } from '../../lib/audit/ports.ts';
import { type AuditRecord, recordId } from '../../lib/model/audit-record.ts';
import { time } from '../report/reports.ts';

const recordAt = (seconds: number, number = seconds): AuditRecord => {
  const fact = { kind: 'drift-found' as const, actor: 'ada', subjects: ['actor:ada'], result: 'ok' as const };
  return { ...fact, id: recordId(String(number)), at: time(seconds), summary: `fact ${number}` };
};
const commitAt = (seconds: number, number = seconds): HistoryCommit => {
  const at = time(seconds);
  return { revision: `c${number}`, subject: `Change ${number}`, author: 'Ada', at, committedAt: at, trailers: [] };
};
const newestFirst = <T extends { at: string; id?: string }>(a: T, b: T) => (keyOf(a) < keyOf(b) ? 1 : -1);
const keyOf = ({ at, id = '' }: { at: string; id?: string }) => `${at}#${id}`;

/** Tables and a branch with these, the newest first. */
const depsOf = (told: readonly AuditRecord[], commits: readonly HistoryCommit[]): AuditDeps => {
  const records: Partial<RecordsReader> = {
    about: async (_: string, { before = '~', since = '', limit }: PageOfRecords) =>
      told.filter((record) => keyOf(record) < before && record.at >= since).slice(0, limit),
  };
  const history: Partial<GitHistory> = {
    head: async () => 'c6',
    async *commits({ since = '' }) {
      yield* commits.filter(({ committedAt }) => committedAt >= since);
    },
  };
  return {
    records: records as RecordsReader,
    history: async () => history as GitHistory,
    warn: (message: string) => expect.unreachable(message),
  };
};

/** A record each three minutes, and behind every other one a commit. */
const numbers = Array.from({ length: 7 }, (_, index) => 6 - index);
const told = numbers.map((number) => recordAt(number * 180, number));
const commits = numbers.filter((number) => number % 2 === 0).map((number) => commitAt(number * 180 + 60, number));

describe('what a person changed', () => {
  it('has each commit once, on the page of the records beside it', async () => {
    const pages: string[][] = [];
    let before: string | undefined;
    do {
      const page = { limit: 3, ...(before !== undefined && { before }) };
      const answer = await audit({ ask: 'by', who: 'Ada', name: 'ada' }, page, depsOf(told, commits));
      pages.push(answer.commits!.commits.map(({ revision }) => revision));
      before = answer.next;
    } while (before !== undefined);
    expect(pages).toEqual([['c6', 'c4'], ['c2'], ['c0']]);
  });

  it('has each commit and each record once, also where there are more commits than a page holds', async () => {
    const seconds = fc.nat(30);
    await fc.assert(
      fc.asyncProperty(
        fc.array(seconds),
        fc.array(seconds),
        fc.integer({ min: 1, max: 5 }),
        async (git, facts, limit) => {
          const [of, among] = [
            git.map((at, index) => commitAt(at, index)),
            facts.map((at, index) => recordAt(at, index)),
          ].map((all) => all.sort(newestFirst)) as [HistoryCommit[], AuditRecord[]];
          const [commits, records]: [string[], string[]] = [[], []];
          let before: string | undefined;
          do {
            const page = { limit, ...(before !== undefined && { before }) };
            const answer = await audit({ ask: 'by', who: 'Ada', name: 'ada' }, page, depsOf(among, of));
            commits.push(...answer.commits!.commits.map(({ revision }) => revision));
            records.push(...answer.records!.map(({ id }) => id));
            expect(answer.commits!.more).toBe(false);
            before = answer.next;
          } while (before !== undefined);
          expect(commits).toEqual(of.map(({ revision }) => revision));
          expect(records).toEqual(among.map(({ id }) => id));
        },
      ),
    );
  });

  it('says where older commits were not looked through', async () => {
    const many = Array.from({ length: 2_001 }, (_, index) => ({ ...commitAt(5_000 - index, index), author: 'Grace' }));
    const ask = { ask: 'by', who: 'ADA', name: 'ada' } as const;
    const askOf = async (all: HistoryCommit[]) => (await audit(ask, { limit: 3 }, depsOf([], all))).commits;
    expect(await askOf(many)).toEqual({ commits: [], more: true });
    expect(await askOf(many.slice(1))).toEqual({ commits: [], more: false });
  });
});
