import { expect, it } from 'vitest';
import { announcer } from '../../../lib/cli/local/announce.ts';
import { styleFor } from '../../../lib/cli/output/style.ts';
import { pull } from '../../report/reports.ts';

const { pulled } = announcer(styleFor({}, {}));

it('the terminal says once who suspended a sync, and that it goes on', () => {
  const suspended = (why: string, from = 0) => {
    const message = `sync shop-prod is suspended by ada@acme.example: ${why}`;
    return pull(from, from + 1, [], { result: 'failed', errors: [{ code: 'suspended', message }] });
  };
  expect(pulled(suspended('a sale'), pull(0, 1))).toMatch(
    /pull {2}shop-prod at aaaa: sync shop-prod is suspended by ada@acme.example: a sale$/,
  );
  expect(pulled(suspended('a sale', 10), suspended('a sale'))).toBeUndefined();
  expect(pulled(suspended('a test', 10), suspended('a sale'))).toMatch(/: a test$/);
  expect(pulled(pull(20, 21), suspended('a sale', 10))).toMatch(/: healthy$/);
  expect(pulled(pull(30, 31, [], { result: 'failed' }), suspended('a sale', 20))).toMatch(/: failed$/);
});
