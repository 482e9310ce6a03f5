import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { Follower, lastRecords } from '../../lib/audit/follow.ts';
import type { AuditKind, AuditRecord } from '../../lib/model/audit-record.ts';
import { recordId } from '../../lib/model/audit-record.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import { openRecords } from '../report/records.ts';

const midnight = Date.parse('2026-11-23T00:00:00.000Z');
const time = (seconds: number) => new Date(midnight + seconds * 1000);

let made = 0;
function record(seconds: number, kind: AuditKind = 'synced', subjects: string[] = []): AuditRecord {
  made += 1;
  const at = time(seconds).toISOString();
  const id = recordId('test', String(made));
  return { id, at, kind, actor: 'windlass pull', subjects, result: 'ok', summary: `number ${made}` };
}

const idsOf = (records: readonly AuditRecord[]) => records.map(({ id }) => id);
const everything = { subjects: [] };

describe('following the records', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ records, close } = await openRecords());
  });
  afterAll(() => close());

  it('gives each new record once, over the end of a day and when it comes late', async () => {
    const before = [record(-4_000), record(-90), record(-5)];
    await records.append(before);
    const follower = new Follower(records, everything);
    await follower.begin(time(-2));
    // One more comes before those are read that are shown.
    const between = record(-3);
    await records.append([between]);
    const { records: shown } = await lastRecords(records, everything, { most: 10 });
    expect(idsOf(shown)).toEqual(idsOf([...before, between]));
    follower.shown(shown);
    expect(await follower.next(time(-1))).toEqual([]);

    const [last, first] = [record(-0.5), record(0.5)];
    await records.append([first, last]);
    expect(idsOf(await follower.next(time(1)))).toEqual(idsOf([last, first]));
    expect(await follower.next(time(3))).toEqual([]);

    // A report that waited: older than what was shown, and on the day before.
    const late = record(-60);
    await records.append([late]);
    expect(idsOf(await follower.next(time(5)))).toEqual(idsOf([late]));
    // One that waited half an hour is found by the look of each minute.
    const later = record(-1_800);
    await records.append([later]);
    expect(await follower.next(time(7))).toEqual([]);
    expect(idsOf(await follower.next(time(65)))).toEqual(idsOf([later]));
    expect(await follower.next(time(67))).toEqual([]);
  });

  it('finds what came while nobody looked', async () => {
    const follower = new Follower(records, everything);
    await follower.begin(time(10_000));
    const meanwhile = [record(11_000), record(20_000), record(27_990)];
    await records.append(meanwhile);
    expect(idsOf(await follower.next(time(28_000)))).toEqual(idsOf(meanwhile));
  });

  it('gives what is wanted alone', async () => {
    const wanted = { kinds: ['bumped' as const], subjects: ['sync:shop', 'image:web'] };
    const follower = new Follower(records, wanted);
    await follower.begin(time(40_000));
    const right = record(40_001, 'bumped', ['image:web', 'sync:shop']);
    await records.append([
      right,
      record(40_001, 'synced', ['image:web', 'sync:shop']),
      record(40_002, 'bumped', ['image:web']),
    ]);
    expect(idsOf(await follower.next(time(40_003)))).toEqual([right.id]);
    expect(idsOf((await lastRecords(records, wanted, { most: 5 })).records)).toEqual([right.id]);
  });

  it('shows the last ones, and says that there are more', async () => {
    const all = Array.from({ length: 12 }, (_, index) => record(50_000 + index, 'sweep-found', ['sync:many']));
    await records.append(all);
    const wanted = { subjects: ['sync:many'] };
    expect(await lastRecords(records, wanted, { most: 5 })).toMatchObject({ more: true });
    const { records: last } = await lastRecords(records, wanted, { most: 5 });
    expect(idsOf(last)).toEqual(idsOf(all.slice(-5)));
    const since = await lastRecords(records, wanted, { most: 100, since: time(50_010).toISOString() });
    expect([idsOf(since.records), since.more]).toEqual([idsOf(all.slice(10)), false]);
  });
});

it('loses nothing and gives nothing twice, whenever records come and looks fail', async () => {
  // Each step: time passes, records come with a time of up to 100 s ago, and a look is tried that may fail.
  const step = fc.record({
    passes: fc.integer({ min: 1, max: 50 }),
    ages: fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 4 }),
    fails: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const table: AuditRecord[] = [];
      let fails = false;
      const newest = (page: { since?: string; before?: string; limit: number }) =>
        table
          .filter(({ at }) => at >= (page.since ?? ''))
          .filter(({ at, id }) => page.before === undefined || `${at}#${id}` < page.before)
          .sort((a, b) => (`${a.at}#${a.id}` < `${b.at}#${b.id}` ? 1 : -1))
          .slice(0, page.limit);
      const reader = {
        timeline: async (page: Parameters<typeof newest>[0]) => {
          if (fails) throw new RetryableError('throttled', { code: 'records-throttled' });
          return newest(page);
        },
        about: async () => [],
      };
      const follower = new Follower(reader, everything);
      let now = 0;
      await follower.begin(time(now));
      const given: string[] = [];
      for (const { passes, ages, ...look } of [...steps, { passes: 1, ages: [], fails: false }]) {
        now += passes;
        for (const age of ages) table.push(record(now - age));
        fails = look.fails;
        const found = await follower.next(time(now)).catch((error: unknown) => {
          if (!(error instanceof RetryableError)) throw error;
          return [];
        });
        given.push(...idsOf(found));
      }
      expect([...given].sort()).toEqual(idsOf(table).sort());
    }),
  );
});
