import { describe, expect, it } from 'vitest';
import type { AppliedRecord } from '../../lib/kube/record.ts';
import { Ledger } from '../../lib/pull/ledger.ts';
import type { AppliedRecords } from '../../lib/pull/ports.ts';

const facts = { sync: 'shop', cluster: 'dev', revision: 'c0ffee', path: 'apps/shop', renderers: {} };

/** Records whose writes end when the test says so, well or badly. */
function slowRecords(found?: AppliedRecord) {
  const begun: { record: AppliedRecord; end: (error?: Error) => void }[] = [];
  const records: Pick<AppliedRecords, 'write'> = {
    write: (record) =>
      new Promise((done, failed) => {
        begun.push({ record, end: (error) => (error === undefined ? done() : failed(error)) });
      }),
  };
  const ledger = new Ledger(found, facts, records, () => new Date(0));
  return { ledger, begun, intents: () => begun.map(({ record }) => record.intent?.objects ?? []) };
}

async function settled(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise((done) => setImmediate(done, 'later'));
  return (await Promise.race([promise.then(() => 'done'), later])) === 'done';
}

describe('the ledger', () => {
  it('waits for the intent: nothing is applied that the record does not name', async () => {
    const { ledger, begun, intents } = slowRecords();
    const intended = ledger.intend(['ConfigMap/shop/a']);
    expect(await settled(intended)).toBe(false);
    begun[0]!.end();
    await intended;
    expect(intents()).toEqual([['ConfigMap/shop/a']]);
  });

  it('lets the caller go on while it writes, and writes at the next save what was settled meanwhile', async () => {
    const { ledger, begun, intents } = slowRecords();
    const intended = ledger.intend(['ConfigMap/shop/a', 'ConfigMap/shop/b']);
    await settled(intended);
    begun[0]!.end();
    await intended;
    ledger.refuse('ConfigMap/shop/a');
    await ledger.begin();
    ledger.refuse('ConfigMap/shop/b');
    const saved = ledger.save();
    expect(await settled(saved)).toBe(false);
    expect(begun).toHaveLength(2);
    begun[1]!.end();
    expect(await settled(saved)).toBe(false);
    begun[2]!.end();
    await saved;
    expect(intents()).toEqual([['ConfigMap/shop/a', 'ConfigMap/shop/b'], ['ConfigMap/shop/b'], []]);
  });

  it('keeps in the intent what an earlier pull may have written, although it is refused now', async () => {
    const { ledger, begun, intents } = slowRecords({
      ...{ format: 3, ...facts, at: '2026-01-01T00:00:00Z', entries: [] },
      intent: { revision: 'beef', objects: ['ConfigMap/shop/a'] },
    });
    const intended = ledger.intend(['ConfigMap/shop/a', 'ConfigMap/shop/b']);
    await settled(intended);
    begun[0]!.end();
    await intended;
    ledger.refuse('ConfigMap/shop/a');
    ledger.refuse('ConfigMap/shop/b');
    const saved = ledger.save();
    await settled(saved);
    begun[1]!.end();
    await saved;
    expect(intents()).toEqual([['ConfigMap/shop/a', 'ConfigMap/shop/b'], ['ConfigMap/shop/a']]);
  });

  it('tells of a failed write at the next one, and writes everything when it is asked again', async () => {
    const { ledger, begun, intents } = slowRecords();
    await ledger.begin();
    ledger.forget('ConfigMap/shop/a');
    begun[0]!.end(new Error('no space'));
    await expect(ledger.save()).rejects.toThrow('no space');
    const saved = ledger.save();
    await settled(saved);
    begun[1]!.end();
    await saved;
    expect(intents()).toEqual([[], []]);
    await ledger.save();
    expect(begun).toHaveLength(2);
  });

  it('is idle when the write has ended, even badly', async () => {
    const { ledger, begun } = slowRecords();
    await ledger.begin();
    const idle = ledger.idle();
    expect(await settled(idle)).toBe(false);
    begun[0]!.end(new Error('no space'));
    await idle;
    await expect(ledger.begin()).rejects.toThrow('no space');
  });
});
