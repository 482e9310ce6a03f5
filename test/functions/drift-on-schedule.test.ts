import { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, it } from 'vitest';
import { type CheckedSync, driftOnSchedule } from '../../functions/drift-on-schedule.ts';
import { lambdaContext } from '../../lib/adapters/local/sqs-record.ts';
import type { DriftFound } from '../../lib/model/messages.ts';
import { driftFoundSchema } from '../../lib/model/messages-schema.ts';

const context = lambdaContext('windlass-drift');
const logger = new Logger({ logLevel: 'SILENT' });
const now = () => new Date('2026-11-22T12:00:00.000Z');

/** A sync that has no record yet: its check reads nothing else. */
function unpulled(name: string, send: (found: DriftFound) => Promise<void>) {
  const refused = () => Promise.reject(new Error('this check reads no cluster'));
  const open = async (): Promise<CheckedSync> => ({
    sync: { name, cluster: 'test' },
    deps: {
      cluster: {
        as: () => {
          throw new Error('this check acts as nobody else');
        },
        pages: () => {
          throw new Error('this check lists nothing');
        },
        ...{ resource: refused, kinds: refused, schema: refused, list: refused, get: refused },
      },
      records: { read: async () => undefined, savedHashKey: refused },
      desired: { head: async () => 'abc', objects: async () => [] },
      findings: { send },
    },
  });
  return { name, open };
}

describe('the handler of the drift schedule', () => {
  it('checks every sync with a run of its own', async () => {
    const sent: DriftFound[] = [];
    const send = async (found: DriftFound) => void sent.push(found);
    const handler = driftOnSchedule({ syncs: async () => [unpulled('b', send), unpulled('a', send)], now, logger });
    expect(await handler({}, context)).toEqual({ checked: ['a', 'b'], failed: [] });
    expect(sent.map(({ sync, at, head }) => [sync, at, head]).sort()).toEqual([
      ['a', now().toISOString(), 'abc'],
      ['b', now().toISOString(), 'abc'],
    ]);
    expect(new Set(sent.map(({ run }) => run)).size).toBe(2);
  });

  it('passes on what report has to know to tell people in time', async () => {
    const sent: DriftFound[] = [];
    const { name, open } = unpulled('a', async (found) => void sent.push(found));
    const telling = { graceSeconds: 300, behindSeconds: 3_600, suspended: true };
    const syncs = async () => [{ name, open: async () => ({ ...(await open()), telling }) }];
    await driftOnSchedule({ syncs, now, logger })({}, context);
    expect(sent).toMatchObject([telling]);
    expect(driftFoundSchema.parse(sent[0])).toEqual(sent[0]);
  });

  it('checks the others when one cannot be opened or sent, and fails then', async () => {
    const sent: string[] = [];
    const send = async ({ sync }: DriftFound) => void sent.push(sync);
    const closed = { name: 'closed', open: () => Promise.reject(new Error('no such cluster')) };
    const mute = unpulled('mute', () => Promise.reject(new Error('the queue is gone')));
    const syncs = async () => [closed, mute, unpulled('well', send)];
    await expect(driftOnSchedule({ syncs, now, logger })({}, context)).rejects.toThrow('could not check closed, mute');
    expect(sent).toEqual(['well']);
  });
});
