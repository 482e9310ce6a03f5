import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ClassicLevel } from 'classic-level';
import { expect, it } from 'vitest';
import { closeAbandonedIterators } from '../../../lib/adapters/local/dynalite-iterators.ts';
import { waitMs } from '../../helpers/patience.ts';

it('closes iterators at their end, and those that nobody reads any more', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const directory = await mkdtemp(join(tmpdir(), 'windlass-iterators-'));
  const level = new ClassicLevel(directory);
  await level.open();
  await level.batch(Array.from({ length: 100 }, (_, index) => ({ type: 'put', key: `k${index}`, value: 'v' })));
  let closed = 0;
  // How an iterator of this database is made, and closed by the library.
  const inner = level as unknown as { _values(options: unknown): { _close(): Promise<void> } };
  const make = inner._values.bind(level);
  inner._values = (options) => {
    const iterator = make(options);
    const close = iterator._close.bind(iterator);
    iterator._close = () => {
      closed += 1;
      return close();
    };
    return iterator;
  };
  closeAbandonedIterators();

  const toItsEnd = level.values();
  let count = 0;
  while ((await toItsEnd.next()) !== undefined) count += 1;
  expect([count, closed]).toEqual([100, 1]);

  const abandon = async () => {
    const values = level.values();
    expect(await values.next()).toBe('v');
  };
  for (let index = 0; index < 20; index++) await abandon();
  const deadline = performance.now() + waitMs;
  while (closed < 20 && performance.now() < deadline) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(closed).toBeGreaterThanOrEqual(20);
  await level.close();
  await rm(directory, { recursive: true, force: true });
});
