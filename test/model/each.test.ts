import fc from 'fast-check';
import { expect, it } from 'vitest';
import { each } from '../../lib/model/each.ts';

it('each: does everything once, in order of the results, never more at once than allowed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat()), fc.integer({ min: 1, max: 5 }), async (items, limit) => {
      let open = 0;
      let most = 0;
      const results = await each(items, limit, async (item) => {
        most = Math.max(most, ++open);
        await new Promise(setImmediate);
        open--;
        return item + 1;
      });
      expect(results).toEqual(items.map((item) => item + 1));
      expect(most).toBeLessThanOrEqual(limit);
    }),
    { numRuns: 30 },
  );
});
