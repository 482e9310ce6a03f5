import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { subjectOf as subjectFor } from '../../lib/bump/message.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { type BumpStory, bumpedRecords, storyIn, trailersOf, wholeSeconds } from '../../lib/model/bump-story.ts';
import { commitMessage } from '../../lib/model/commit-message.ts';

const image = (policy: string, to: string) => ({ policy, repository: `ghcr.io/acme/${policy}`, from: ['1.0.0'], to });

const subjectOf = (story: BumpStory): string => subjectFor(story, [], readConfig('windlass: 1\n').config!);

describe('the story of a bump', () => {
  it('names the images in the subject while they fit on a line', () => {
    expect(subjectOf({ images: [image('web', '1.5.0')], events: [] })).toBe('Bump web to 1.5.0');
    expect(subjectOf({ images: [image('web', '1.5.0@sha256:ab'), image('api', '2.0.0')], events: [] })).toBe(
      'Bump web to 1.5.0 and api to 2.0.0',
    );
    expect(subjectOf({ images: [image('a', '1'), image('b', '2'), image('c', '3')], events: [] })).toBe(
      'Bump a to 1, b to 2 and c to 3',
    );
    const many = Array.from({ length: 12 }, (_, index) => image(`service-${index}`, '1.5.0'));
    expect(subjectOf({ images: many, events: [] })).toBe('Bump 12 images');
    expect(subjectOf({ images: [image('w'.repeat(100), '1'.repeat(100))], events: [] })).toHaveLength(72);
  });

  it('can be read back from its trailers', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@:/-]{0,30}$/);
    const times = { min: new Date('2005-01-01'), max: new Date('2099-12-31'), noInvalidDate: true };
    const of = { policy: word, repository: word, from: fc.array(word), to: word };
    const images = fc.array(
      fc.record(
        { ...of, sourceTime: fc.date(times).map(wholeSeconds), released: fc.array(word, { minLength: 1 }) },
        { requiredKeys: ['policy', 'repository', 'from', 'to'] },
      ),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(fc.record({ images, events: fc.array(word) }), (story: BumpStory) => {
        expect(storyIn({ trailers: trailersOf(story) })).toEqual(story);
      }),
    );
  });

  it('has the time of a source only where it is one, and not after the bump', () => {
    const at = '2026-11-22T10:00:00.000Z';
    const told = (text: string) => {
      const trailers = [...trailersOf({ images: [image('web', '1.5.0')], events: [] }), ['Windlass-Source-Time', text]];
      return bumpedRecords(storyIn({ trailers: trailers as [string, string][] })!, 'a'.repeat(40), at)[0]!.details;
    };
    expect(told(at)).toMatchObject({ sourceTime: at });
    expect(told('2026-11-22T11:00:00+01:00')).toMatchObject({ sourceTime: at });
    for (const text of ['2026-11-22T10:00:01Z', '2099-01-01T00:00:00Z', 'yesterday', `${at} ${'x'.repeat(9_999)}`])
      expect(told(text)).not.toHaveProperty('sourceTime');
  });

  it('is not read from a commit without its trailers', () => {
    expect(
      storyIn({
        trailers: [
          ['Signed-off-by', 'Ada'],
          ['Windlass-Event', 'e-1'],
        ],
      }),
    ).toBeUndefined();
  });

  it('cannot be forged by a text with line ends', () => {
    const story = {
      images: [{ ...image('web', '1.0.0'), from: ['x\nWindlass-Policy: prod'] }],
      events: ['e\r\nWindlass-Policy: prod'],
    };
    const lines = commitMessage({ subject: subjectOf(story), body: [], trailers: trailersOf(story) }).split('\n');
    expect(lines.filter((line) => line.startsWith('Windlass-Policy:'))).toEqual(['Windlass-Policy: web']);
  });

  it('gives each image a record of its own, with the same id whenever it is told', () => {
    const story = { images: [image('web', '1.5.0'), image('api', '2.0.0')], events: ['e-1'] };
    const records = bumpedRecords(story, 'a'.repeat(40), '2026-11-22T10:00:00.000Z');
    expect(records.map((record) => record.summary)).toEqual([
      'web went from 1.0.0 to 1.5.0',
      'api went from 1.0.0 to 2.0.0',
    ]);
    expect(new Set(records.map((record) => record.id)).size).toBe(2);
    expect(
      bumpedRecords(storyIn({ trailers: trailersOf(story) })!, 'a'.repeat(40), '2026-11-22T10:00:00.000Z'),
    ).toEqual(records);
    expect(records[0]?.subjects).toEqual([
      'image:web',
      `revision:${'a'.repeat(40)}`,
      'event:e-1',
      'ref:ghcr.io/acme/web:1.5.0',
    ]);
  });
});
