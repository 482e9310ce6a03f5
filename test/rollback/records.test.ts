import { describe, expect, it } from 'vitest';
import { type HoldStory, holdStoryIn, holdTrailers, recordsOfPeople } from '../../lib/model/rollback-story.ts';
import { type SuspendStory, suspendStoryIn, suspendTrailers } from '../../lib/model/suspend-story.ts';
import { stage } from './setup.ts';

describe('the records of a rollback', () => {
  it('are made of its commit by the next bump, once, and tie push, bump and rollback together', async () => {
    const at = await stage();
    const bumped = await at.bumpTo('shop/web', '1.5.0');
    await at.rollBack({ target: { image: 'web' } });
    const rollback = at.head();
    await at.sweeps();
    const found = () => [...at.records.written.values()].filter(({ kind }) => kind === 'rolled-back');
    expect(found()).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        at: '2026-11-22T10:00:00.000Z',
        kind: 'rolled-back',
        actor: 'Ada <ada@example.com>',
        subjects: expect.arrayContaining([
          'image:web',
          `revision:${rollback}`,
          `revision:${bumped}`,
          'event:push-shop/web-1.5.0',
          'actor:ada@example.com',
        ]),
        revision: rollback,
        result: 'ok',
        summary: 'web went back from 1.5.0 to 1.0.0 by Ada <ada@example.com>',
        details: expect.objectContaining({ target: 'image/web', from: ['1.5.0'], to: ['1.0.0'], reverts: [bumped] }),
      },
    ]);
    expect(at.records.recorded.get('main')).toBe(rollback);
    at.records.written.clear();
    await at.sweeps();
    expect(found()).toEqual([]);
    // An empty table gets them again from Git, and a bump's own records as well.
    at.records.recorded.clear();
    await at.sweeps();
    expect(found()).toHaveLength(1);
    expect([...at.records.written.values()].some(({ kind }) => kind === 'bumped')).toBe(true);
  });

  it('are made of the commit of a hold and of a release', () => {
    const story: HoldStory = {
      act: 'held',
      image: 'web',
      files: ['holds/web.1.yaml'],
      tag: '1.0.0',
      past: '1.5.0',
      until: '2099-01-31',
      who: 'Ada',
    };
    expect(holdStoryIn({ trailers: holdTrailers(story) })).toEqual(story);
    const released: HoldStory = { act: 'released', image: 'web', files: ['holds/web.1.yaml'], who: 'Ada' };
    expect(holdStoryIn({ trailers: holdTrailers(released) })).toEqual(released);
    const told = [story, released].flatMap((one) =>
      recordsOfPeople({ revision: 'abc', trailers: holdTrailers(one) }, '2026-11-22T10:00:00.000Z'),
    );
    expect(told.map(({ kind, summary, subjects }) => [kind, summary, subjects])).toEqual([
      ['held', 'web is held on 1.0.0, past 1.5.0 until 2099-01-31 by Ada', ['image:web', 'revision:abc', 'actor:ada']],
      ['released', 'the hold of web was released by Ada', ['image:web', 'revision:abc', 'actor:ada']],
    ]);
  });

  it('are made of the commit of a suspend and of its end, under the name that was given', () => {
    const who = 'Ada <ada@example.com>';
    const stories: SuspendStory[] = [
      { act: 'suspended', target: 'image/flux:web', until: '2099-01-31', who },
      { act: 'resumed', target: 'sync/shop', who },
      { act: 'suspended', target: 'all-syncs', who: 'windlass' },
    ];
    for (const story of stories) expect(suspendStoryIn({ trailers: suspendTrailers(story) })).toEqual(story);
    const told = stories.flatMap((one) =>
      recordsOfPeople({ revision: 'abc', trailers: suspendTrailers(one) }, '2026-11-22T10:00:00.000Z'),
    );
    const ada = ['revision:abc', 'actor:ada@example.com', 'actor:ada'];
    expect(told.map(({ kind, summary, subjects }) => [kind, summary, subjects])).toEqual([
      ['suspended', `image/flux:web is suspended until 2099-01-31 by ${who}`, ['image:flux:web', ...ada]],
      ['resumed', `sync/shop was resumed by ${who}`, ['sync:shop', ...ada]],
      ['suspended', 'all-syncs is suspended by windlass', ['revision:abc']],
    ]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(3);
  });
});
