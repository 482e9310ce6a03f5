import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { mayRollBack } from '../../lib/config/rollback.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import type { Report, RollbackWanted, SyncReported } from '../../lib/model/messages.ts';
import { rollbackWantedSchema } from '../../lib/model/messages-schema.ts';
import type { Rollbacks } from '../../lib/report/ports.ts';
import { report } from '../../lib/report/report.ts';
import { openRecords } from './records.ts';
import { changed, check, pull, time } from './reports.ts';

const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string];
const web = 'apps/Deployment/shop-prod/web';
const crash = [
  { object: 'Service/shop-prod/web', status: 'Current' as const, reason: 'it is there' },
  { object: web, status: 'Failed' as const, reason: 'pod web-1: CrashLoopBackOff' },
  { object: 'apps/Deployment/shop-prod/api', status: 'InProgress' as const, reason: '1 of 2 are ready' },
];

describe('the wish for a rollback', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let wishes: RollbackWanted[];
  let warnings: string[];
  let rollbacks: Rollbacks;
  const work = async (...reports: Report[]) => {
    const notices = { send: async () => {} };
    const wantRollback = { rollbacks, warn: (message: string) => void warnings.push(message) };
    for (const one of reports) await report(one, { records, notices, wantRollback });
  };
  const told = (seconds: number, result: SyncReported['result'], revision: string, more: Partial<SyncReported> = {}) =>
    pull(seconds, seconds + 1, [], { result, revision, ...(result === 'unhealthy' && { health: crash }), ...more });

  beforeEach(async () => {
    ({ records, close } = await openRecords());
    wishes = [];
    warnings = [];
    rollbacks = { isWanted: async () => true, send: async (wanted) => void wishes.push(wanted) };
  });
  afterEach(() => close());

  it('is told once, with the pods’ own reasons, when a healthy sync is not healthy with another revision', async () => {
    await work(told(0, 'synced', a), told(10, 'progressing', b), told(20, 'unhealthy', b, { environment: 'prod' }));
    await work(told(30, 'unhealthy', b), told(40, 'progressing', b), told(50, 'unhealthy', b));
    expect(wishes).toEqual([
      {
        ...{ type: 'RollbackWanted', at: time(21), cluster: 'prod', sync: 'shop-prod', environment: 'prod' },
        ...{ revision: b, settled: a, run: 'pull-20' },
        reasons: [{ object: web, reason: 'pod web-1: CrashLoopBackOff' }],
      },
    ]);
    expect(rollbackWantedSchema.parse(JSON.parse(JSON.stringify(wishes[0])))).toEqual(wishes[0]);
  });

  it('is told of the revision that came last, where one before it was still on its way', async () => {
    await work(told(0, 'synced', a), told(10, 'progressing', b), told(20, 'unhealthy', c));
    expect(wishes).toMatchObject([{ settled: a, revision: c }]);
  });

  it('is not told where the revision before was not healthy either', async () => {
    await work(told(0, 'synced', a), told(10, 'unhealthy', a), told(20, 'progressing', b), told(30, 'unhealthy', b));
    expect(wishes).toEqual([]);
    // Once it was healthy again, the next one counts.
    await work(told(40, 'synced', b), told(50, 'unhealthy', c));
    expect(wishes).toMatchObject([{ settled: b, revision: c }]);
  });

  it('is not told again for a later commit, while what was asked for is not there', async () => {
    await work(told(0, 'synced', a), told(10, 'unhealthy', b), told(20, 'unhealthy', c));
    expect(wishes).toMatchObject([{ revision: b }]);
  });

  it.each<[string, Report[]]>([
    ['a sync that never was healthy', [told(0, 'progressing', a), told(10, 'unhealthy', b)]],
    ['what cannot be applied', [told(0, 'synced', a), told(10, 'failed', b)]],
    ['a roll-out that goes on', [told(0, 'synced', a), told(10, 'progressing', b)]],
    ['a report that came late', [told(0, 'synced', a), told(20, 'progressing', c), told(10, 'unhealthy', b)]],
    ['a sync that was in another cluster', [told(0, 'synced', a, { cluster: 'old' }), told(10, 'unhealthy', b)]],
    ['drift', [told(0, 'synced', a), check(10, [changed()], { revision: b })]],
  ])('is not told of %s', async (_, reports) => {
    await work(...reports);
    expect(wishes).toEqual([]);
  });

  it('is told by the same report again when the queue did not answer, and nothing is lost meanwhile', async () => {
    await work(told(0, 'synced', a));
    const send = rollbacks.send;
    rollbacks.send = async () => {
      throw new RetryableError('no answer', { code: 'queue-unreachable' });
    };
    await expect(work(told(10, 'unhealthy', b))).rejects.toThrow('no answer');
    expect(await records.openIncidents()).toMatchObject([{ kind: 'unhealthy' }]);
    rollbacks.send = send;
    await work(told(10, 'unhealthy', b), told(10, 'unhealthy', b));
    expect(wishes).toHaveLength(1);
  });

  it('holds up no report where it is refused, and says so', async () => {
    await work(told(0, 'synced', a));
    rollbacks.send = async () => {
      throw new UserError('no permission', { code: 'queue-access' });
    };
    await work(told(10, 'unhealthy', b));
    expect(warnings).toEqual(['no rollback is asked for, although shop-prod is not healthy: no permission']);
    expect(await records.syncState('shop-prod')).toMatchObject({ result: 'unhealthy' });
  });

  it('is told only where windlass.yaml asks for rollbacks', async () => {
    const asked: object[] = [];
    rollbacks.isWanted = async ({ cluster, sync }) => {
      asked.push({ cluster, sync });
      return false;
    };
    await work(told(0, 'synced', a), told(10, 'unhealthy', b));
    expect([wishes, asked]).toEqual([[], [{ cluster: 'prod', sync: 'shop-prod' }]]);
  });

  it('names no more than a message takes', async () => {
    const health = Array.from({ length: 400 }, (_, index) => ({
      ...{ object: `apps/Deployment/shop-prod/web-${index}`, status: 'Failed' as const },
      reason: `\u001b[31m${'x'.repeat(4_000)}`,
    }));
    await work(told(0, 'synced', a), told(10, 'unhealthy', b, { health }));
    expect(wishes[0]?.reasons).toHaveLength(20);
    expect(wishes[0]?.reasons[0]?.reason).toMatch(/^\\u001b\[31mx{480,}…$/);
    expect(rollbackWantedSchema.safeParse(wishes[0]).success).toBe(true);
  });
});

describe('whether windlass.yaml asks for rollbacks', () => {
  const configOf = (image: string, sync: string) =>
    readConfig(`windlass: 1
clusters: { main: {}, other: {} }
images: { web: { image: x/web, semver: "*"${image} } }
syncs: { web: { cluster: main, path: a${sync} }, api: { cluster: main, path: b } }
`).config!;

  it('is told by the sync, or by any image', () => {
    const of = { cluster: 'main', sync: 'web' };
    const opted = ', rollback: automatic';
    expect(mayRollBack(configOf('', ''), of)).toBe(false);
    expect(mayRollBack(configOf('', opted), of)).toBe(true);
    expect(mayRollBack(configOf('', opted), { ...of, sync: 'api' })).toBe(false);
    expect(mayRollBack(configOf(opted, ''), { ...of, sync: 'api' })).toBe(true);
    expect(mayRollBack(configOf(opted, opted), { ...of, cluster: 'other' })).toBe(false);
    expect(mayRollBack(configOf(opted, opted), { ...of, sync: 'gone' })).toBe(false);
  });
});
