import { describe, expect, it } from 'vitest';
import { parseHold, readHolds, readSuspends } from '../../lib/config/holds.ts';
import { formatProblem } from '../../lib/model/errors.ts';

const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
const hold = 'image: web\ntag: "1.4.2"\npast: "1.5.0"\nwho: ada\nwhy: it loses carts\n';

describe('holds', () => {
  it('are read with the id of their file', () => {
    const { holds, unreadable } = readHolds([
      file('holds/web.7f3a.yaml', `${hold}until: 2027-01-31\nat: 2027-01-10T09:30:00Z\n`),
      file('holds/shop.api.x-1.yaml', hold.replace('web', 'shop.api')),
      file('holds/README.md', 'what this is'),
      file('holds/.gitkeep', ''),
    ]);
    expect(unreadable).toEqual([]);
    expect(holds).toEqual([
      {
        id: '7f3a',
        image: 'web',
        tag: '1.4.2',
        past: '1.5.0',
        by: 'ada',
        why: 'it loses carts',
        until: '2027-01-31',
        at: '2027-01-10T09:30:00Z',
      },
      { id: 'x-1', image: 'shop.api', tag: '1.4.2', past: '1.5.0', by: 'ada', why: 'it loses carts' },
    ]);
  });

  it('that cannot be read stop the image that they are named for, or speak of, or everything', () => {
    const { holds, unreadable } = readHolds([
      file('holds/web.1.yaml', 'image: web\ntag: [\n'),
      file('holds/api.1.yaml', hold),
      file('holds/odd.yml', hold),
      file('holds/empty.1.yaml', ''),
    ]);
    expect(holds).toEqual([]);
    expect(unreadable.map(({ name }) => name)).toEqual(['web', 'api', 'web', undefined, 'empty']);
    expect(unreadable.every(({ problems }) => problems.length > 0)).toBe(true);
  });

  it('name every problem at once', () => {
    const text = 'image: web\ntag: 1.10\npsat: "1.5.0"\nwho: ""\nuntil: tomorrow\n';
    expect(parseHold(text, 'holds/web.1.yaml').problems.map(formatProblem).join('\n')).toMatchInlineSnapshot(`
      "holds/web.1.yaml:2:6: tag must be a text, not 1.1
        | tag: 1.10
        |      ^
        = put it in quotes
      holds/web.1.yaml:1:1: past is missing
        | image: web
        | ^
      holds/web.1.yaml:4:6: who must not be empty
        | who: ""
        |      ^
      holds/web.1.yaml:1:1: why is missing
        | image: web
        | ^
      holds/web.1.yaml:5:8: until must be a date like 2027-01-31 or a time like 2027-01-31T12:00:00Z
        | until: tomorrow
        |        ^
      holds/web.1.yaml:3:1: unknown key "psat"
        | psat: "1.5.0"
        | ^
        = did you mean "past"?"
    `);
  });
});

describe('suspends', () => {
  it('are of an image or a sync', () => {
    const { suspends, unreadable } = readSuspends([
      file('suspends/shop-prod.1.yaml', 'sync: shop-prod\nwho: ada\nwhy: the sale\nuntil: 2027-01-31T12:00:00Z\n'),
      file('suspends/web.2.yaml', 'image: web\nwho: ada\nwhy: the sale\n'),
    ]);
    expect(unreadable).toEqual([]);
    expect(suspends).toEqual([
      { id: '1', sync: 'shop-prod', by: 'ada', why: 'the sale', until: '2027-01-31T12:00:00Z' },
      { id: '2', image: 'web', by: 'ada', why: 'the sale' },
    ]);
  });

  it('that are of both or of none cannot be read', () => {
    const { suspends, unreadable } = readSuspends([
      file('suspends/web.1.yaml', 'image: web\nsync: web\nwho: ada\nwhy: x\n'),
      file('suspends/web.2.yaml', 'who: ada\nwhy: x\n'),
    ]);
    expect(suspends).toEqual([]);
    expect(unreadable.map(({ name, problems }) => [name, problems[0]?.message])).toEqual([
      ['web', 'the file needs one of image and sync'],
      ['web', 'the file needs one of image and sync'],
    ]);
  });
});
