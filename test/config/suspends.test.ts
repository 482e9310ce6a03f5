import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseSuspend,
  readSuspends,
  type Suspend,
  suspendFile,
  suspendMatches,
  suspendPath,
} from '../../lib/config/suspends.ts';
import { UserError } from '../../lib/model/errors.ts';

const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });

describe('suspends', () => {
  it('are of an image, a sync or all', () => {
    const { suspends, unreadable } = readSuspends([
      file('suspends/shop-prod.1.yaml', 'sync: shop-prod\nwho: ada\nwhy: the sale\nuntil: 2027-01-31T12:00:00Z\n'),
      file('suspends/web.2.yaml', 'image: web\nwho: ada\nwhy: the sale\n'),
      file('suspends/all.sale.yaml', 'all: images\nwho: ada\nwhy: the sale\n'),
      file('suspends/all.2.yaml', 'all: true\nwho: ada\nwhy: the sale\n'),
    ]);
    expect(unreadable).toEqual([]);
    expect(suspends).toEqual([
      { id: '1', sync: 'shop-prod', by: 'ada', why: 'the sale', until: '2027-01-31T12:00:00Z' },
      { id: '2', image: 'web', by: 'ada', why: 'the sale' },
      { id: 'sale', all: 'images', by: 'ada', why: 'the sale' },
      { id: '2', all: true, by: 'ada', why: 'the sale' },
    ]);
  });

  it('that are of both or of none cannot be read', () => {
    const { suspends, unreadable } = readSuspends([
      file('suspends/web.1.yaml', 'image: web\nsync: web\nwho: ada\nwhy: x\n'),
      file('suspends/web.2.yaml', 'who: ada\nwhy: x\n'),
    ]);
    expect(suspends).toEqual([]);
    expect(unreadable.map(({ name, problems }) => [name, problems[0]?.message])).toEqual([
      ['web', 'the file needs one of image, sync and all'],
      ['web', 'the file needs one of image, sync and all'],
    ]);
  });

  it('that may be for all stop everything when they cannot be read', () => {
    const { suspends, unreadable } = readSuspends([
      file('suspends/all.1.yaml', 'all: everything\nwho: ada\nwhy: x\n'),
      file('suspends/web.1.yaml', 'all: images\nwho: ada\nwhy: x\n'),
      file('suspends/all.2.yaml', 'image: web\nwho: ada\nwhy: x\n'),
    ]);
    expect(suspends).toEqual([]);
    expect(unreadable.map(({ name, problems }) => [name, problems[0]?.message])).toEqual([
      [undefined, 'all must be one of images, syncs, true, not "everything"'],
      [undefined, 'the file is named for web and is about all'],
      [undefined, 'the file is named for all and is about web'],
    ]);
  });
});

describe('a suspend of a name with a colon', () => {
  const suspend: Suspend = { id: '1', image: 'flux-system:web', by: 'ada', why: 'x' };

  it('is written under a name that every system can have, and reads back', () => {
    const { path, content } = suspendFile(suspend);
    expect(path).toBe('suspends/flux-system%3Aweb.1.yaml');
    expect(parseSuspend(content, path)).toEqual({ suspend, problems: [] });
  });

  it.each(['suspends/flux-system:web.1.yaml', 'suspends/flux-system%3aweb.1.yaml'])(
    'is read from %s as well, and keeps its own path',
    (path) => {
      const { suspend: read, problems } = parseSuspend(suspendFile(suspend).content, path);
      expect([problems, read && suspendPath(read)]).toEqual([[], path]);
      expect(suspendFile(read!).path).toBe('suspends/flux-system%3Aweb.1.yaml');
    },
  );

  it('stops what it is named for, when it cannot be read', () => {
    const { unreadable } = readSuspends([file('suspends/flux-system%3Aweb.1.yaml', 'who: [\n')]);
    expect(unreadable.map(({ name }) => name)).toEqual(['flux-system%3Aweb', 'flux-system:web']);
  });

  it('never has the file of another name, nor a character that Windows refuses', () => {
    const name = fc.string({ unit: fc.constantFrom('a', ':', '%', '3', 'A', '2', '5', '*', '?', '_'), minLength: 1 });
    fc.assert(
      fc.property(name, name, (one, other) => {
        const [path, another] = [one, other].map((image) => suspendFile({ ...suspend, image }).path);
        expect(path === another).toBe(one === other);
        expect(path).not.toMatch(/[:*?]/);
      }),
      { numRuns: 1000, examples: [['a:', 'a%3A']] },
    );
  });
});

describe('what a suspend stops', () => {
  const now = new Date('2027-01-31T12:00:00Z');
  const by = { id: '1', by: 'ada', why: 'x' };
  const stops = (suspend: Partial<Suspend>) =>
    [
      { image: 'web' },
      { image: 'api' },
      { sync: 'shop-prod', template: 'shop' },
      { sync: 'shop', template: 'shop' },
      { sync: 'infra' },
    ].map((subject) => suspendMatches({ ...by, ...suspend }, subject, now));

  it.each<[Partial<Suspend>, boolean[]]>([
    [{ image: 'web' }, [true, false, false, false, false]],
    [{ sync: 'web' }, [false, false, false, false, false]],
    [{ sync: 'shop-prod' }, [false, false, true, false, false]],
    [{ sync: 'shop' }, [false, false, true, true, false]],
    [{ all: 'images' }, [true, true, false, false, false]],
    [{ all: 'syncs' }, [false, false, true, true, true]],
    [{ all: true }, [true, true, true, true, true]],
    [{ all: true, until: '2027-01-31' }, [true, true, true, true, true]],
    [{ all: true, until: '2027-01-31T12:00:00Z' }, [false, false, false, false, false]],
  ])('%j', (suspend, expected) => {
    expect(stops(suspend)).toEqual(expected);
  });
});

describe('the file of a suspend', () => {
  it('is short, and says who, why and until when', () => {
    const suspend: Suspend = {
      id: '7f3a',
      sync: 'shop-prod',
      by: 'ada@acme.example',
      why: 'yes: the sale # until Monday',
      until: '2027-01-31',
      at: '2027-01-10T09:30:00Z',
    };
    const { path, content } = suspendFile(suspend);
    expect(path).toBe('suspends/shop-prod.7f3a.yaml');
    expect(content).toMatchInlineSnapshot(`
      "sync: shop-prod
      who: ada@acme.example
      why: "yes: the sale # until Monday"
      until: "2027-01-31"
      at: "2027-01-10T09:30:00Z"
      "
    `);
    expect(suspendFile({ id: '1', all: true, by: 'ada', why: 'no' })).toEqual({
      path: 'suspends/all.1.yaml',
      content: 'all: true\nwho: ada\nwhy: "no"\n',
    });
  });

  it('reads back as what was written, whatever a person says', () => {
    const said = fc.oneof(
      fc.string({ minLength: 1, unit: 'grapheme' }),
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.constantFrom(
        'yes',
        '~',
        'null',
        '1.10',
        '- a',
        'a: b',
        '# x',
        '"',
        "it's",
        'a\nb',
        '---',
        '|',
        '2027-01-31',
        '\r\n',
        ' a ',
        '\t',
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom<Partial<Suspend>>(
          { image: 'shop:web' },
          { image: 'a.b' },
          { sync: 's' },
          { all: true },
          { all: 'syncs' },
        ),
        fc.constantFrom(undefined, '2027-01-31', '2027-01-31T12:00:00Z'),
        said,
        said,
        (subject, until, by, why) => {
          const suspend: Suspend = { id: 'x-1', ...subject, by, why, ...(until === undefined ? {} : { until }) };
          const { path, content } = suspendFile(suspend);
          expect(parseSuspend(content, path)).toEqual({ suspend, problems: [] });
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each<[string, Partial<Suspend>]>([
    ['a name that leads out', { image: '../x' }],
    ['an id that leads out', { image: 'web', id: '../x' }],
    ['no id', { image: 'web', id: '' }],
    ['an until that is no date', { image: 'web', until: 'tomorrow' }],
    ['both an image and a sync', { image: 'web', sync: 'web' }],
    ['nobody who asked', { image: 'web', by: '' }],
  ])('is not written with %s', (_case, wrong) => {
    expect(() => suspendFile({ id: '1', by: 'ada', why: 'x', ...wrong })).toThrow(UserError);
  });
});
