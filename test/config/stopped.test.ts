import { expect, it } from 'vitest';
import { readHolds } from '../../lib/config/holds.ts';
import { stoppedBy } from '../../lib/config/stopped.ts';
import { readSuspends } from '../../lib/config/suspends.ts';

const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
const now = new Date('2026-11-22T12:00:00Z');

it('names what is stopped, by whom, why and since when, and leaves out what is void', () => {
  const { suspends } = readSuspends([
    file('suspends/shop.1.yaml', 'sync: shop\nwho: ada\nwhy: the sale runs\nat: 2026-11-01T00:00:00Z\n'),
    file('suspends/all.2.yaml', 'all: images\nwho: bob\nwhy: freeze\nuntil: 2026-12-01\n'),
    file('suspends/web.3.yaml', 'image: web\nwho: eve\nwhy: over\nuntil: 2026-11-21\n'),
  ]);
  const { holds } = readHolds([
    file('holds/web.7f.yaml', 'image: web\ntag: 1.4.0\npast: 1.5.0\nwho: cyd\nwhy: 1.5.0 leaks\n'),
  ]);
  expect(stoppedBy({ suspends, holds }, now)).toEqual([
    { file: 'holds/web.7f.yaml', what: 'image web, held at 1.4.0', who: 'cyd', why: '1.5.0 leaks' },
    { file: 'suspends/all.2.yaml', what: 'all images', who: 'bob', why: 'freeze', until: '2026-12-01' },
    {
      ...{ file: 'suspends/shop.1.yaml', what: 'sync shop', who: 'ada', why: 'the sale runs' },
      at: '2026-11-01T00:00:00Z',
    },
  ]);
});
