import { describe } from 'vitest';
import { messageOf } from '../../lib/model/errors.ts';
import { standinPackages } from './packages.ts';

const trouble = await standinPackages().then(
  () => undefined,
  (error: unknown) => messageOf(error),
);

/**
 * Like `describe`, for tests that need the stand-ins. Where their packages cannot be had the tests are skipped, and the reason stands in the
 * name; with WINDLASS_TEST_STRICT=1 they fail instead.
 */
export function describeWithStandins(name: string, suite: () => void): void {
  if (trouble === undefined || process.env['WINDLASS_TEST_STRICT'] === '1') describe(name, suite);
  else describe.skip(`${name} (skipped: ${trouble})`, suite);
}
