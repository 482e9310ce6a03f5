import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import type { BumpNotices } from '../../lib/bump/ports.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import type { Notice } from '../../lib/model/messages.ts';
import { noticeSchema } from '../../lib/model/messages-schema.ts';
import { noticeId } from '../../lib/model/notice.ts';
import { loop, now, recordsWith } from './setup.ts';

/** What people are told, and what they know of. */
function people() {
  const sent: Notice[] = [];
  const known = new Map<string, string>();
  const notices: BumpNotices = {
    send: async (notice) => void sent.push(noticeSchema.parse(notice)),
    troubles: async () => new Map(known),
    saveTrouble: async (subject, code) => void (code === undefined ? known.delete(subject) : known.set(subject, code)),
  };
  return { sent, known, notices, titles: () => sent.map(({ title }) => title) };
}

const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);

describe('what people are told of a bump', () => {
  it('is each commit, with what it moved', async () => {
    const { sent, notices } = people();
    const { ports, push, git } = await loop();
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, { ...ports, notices });
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, { ...ports, notices });
    const revision = git.git('rev-parse', 'main').slice(0, 12);
    const ids = sent.map(noticeId);
    expect(new Set(ids).size).toBe(1);
    expect(sent[0]).toEqual({
      ...{ type: 'Notice', kind: 'bumped', at: '2026-11-22T10:00:00.000Z', title: 'web went from 1.0.0 to 1.1.0' },
      lines: ['web: from 1.0.0 to 1.1.0', `commit ${revision} on main`],
    });
    const both = [await push('shop/web', '1.2.0'), await push('shop/api', '4.0.0')];
    await bump({ pushes: both, now: later(5) }, { ...ports, notices });
    expect(sent.at(-1)).toMatchObject({ title: '2 images were bumped' });
    expect(sent.at(-1)?.lines.slice(0, 2)).toEqual(['web: from 1.1.0 to 1.2.0', 'api: from 3.0.0 to 4.0.0']);
  });

  it('is told by the next one, as the same notice, where the function ended before', async () => {
    const { sent, notices } = people();
    const { ports, push, registry } = await loop();
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, { ...ports, notices });
    await registry.push('123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/api', '4.0.0', now);
    const lost: Notice[] = [];
    const deaf = {
      ...notices,
      send: async (notice: Notice) => {
        lost.push(notice);
        throw new RetryableError('the queue is away', { code: 'queue-unreachable' });
      },
    };
    await expect(sweep({ now: later(5) }, { ...ports, notices: deaf })).rejects.toThrow('the queue is away');
    await sweep({ now: later(20) }, { ...ports, notices });
    expect(sent.map(noticeId)).toContain(noticeId(lost[0]!));
    const told = sent.length;
    await sweep({ now: later(35) }, { ...ports, notices });
    expect(sent).toHaveLength(told);
  });

  it('is nothing of what others did before Windlass came', async () => {
    const { sent, notices } = people();
    const { ports, push } = await loop();
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    const unknown = recordsWith(ports.records as never, { recordedUpTo: async () => undefined });
    await sweep({ now: later(5) }, { ...ports, records: unknown, notices });
    expect(sent).toEqual([]);
  });

  it('is once that an image cannot be bumped, until it can, and others are bumped', async () => {
    const { sent, known, notices, titles } = people();
    const { ports, push, registry } = await loop();
    const pushes = [await push('shop/web', '1.1.0'), await push('shop/api', '4.0.0')];
    let gone = true;
    const tags = async (repository: string) => {
      if (gone && repository.endsWith('/web'))
        throw new UserError('the registry has no shop/web\nmake it', { code: 'repository-missing' });
      return registry.tags(repository);
    };
    const broken = { ...ports, registry: { ...registry, tags }, notices };
    await bump({ pushes, now }, broken);
    expect(titles()).toEqual(['api went from 3.0.0 to 4.0.0', 'web cannot be bumped: the registry has no shop/web']);
    expect(sent[1]).toMatchObject({ kind: 'bump-failed', at: pushes[0]!.at, lines: ['make it'] });
    await sweep({ now: later(15) }, broken);
    await sweep({ now: later(30) }, broken);
    expect(sent).toHaveLength(2);
    expect([...known]).toEqual([['image:web', 'repository-missing']]);
    gone = false;
    await sweep({ now: later(45) }, broken);
    expect(known.size).toBe(0);
    expect(titles().slice(2)).toEqual(['web went from 1.0.0 to 1.1.0']);
  });

  it('is once that a hold which cannot be read stops an image, until somebody mends it', async () => {
    const { sent, known, notices, titles } = people();
    const { ports, git, records, push } = await loop();
    git.push({ 'holds/web.1.yaml': 'image: web\ntag: [\n' });
    const pushes = [await push('shop/web', '1.1.0'), await push('shop/api', '4.0.0')];
    await bump({ pushes, now }, { ...ports, notices });
    const { waits } = await sweep({ now: later(15) }, { ...ports, notices });
    expect(waits).toMatchObject([{ policy: 'web', trouble: { code: 'stop-unreadable', mayPass: false } }]);
    expect(titles()).toEqual([
      'api went from 3.0.0 to 4.0.0',
      expect.stringContaining('web cannot be bumped: a hold or suspend cannot be read: holds/web.1.yaml: '),
    ]);
    expect([sent[1]?.kind, records.images.get('web')?.trouble]).toEqual(['bump-failed', 'mend']);
    git.push({ 'holds/web.1.yaml': undefined });
    await sweep({ now: later(30) }, { ...ports, notices });
    expect(known.size).toBe(0);
    expect(titles().slice(2)).toEqual(['web went from 1.0.0 to 1.1.0']);
  });

  it('is told anew of an image that left windlass.yaml and came back, of which a sweep knows', async () => {
    const { known, notices } = people();
    const { ports, push, registry } = await loop();
    known.set('image:gone', 'repository-missing');
    known.set('image:web', 'throttled-before');
    await bump({ pushes: [await push('shop/api', '4.0.0')], now }, { ...ports, notices });
    expect([...known.keys()]).toEqual(['image:gone', 'image:web']);
    const tags = (repository: string) =>
      repository.endsWith('/web')
        ? Promise.reject(new RetryableError('throttled', { code: 'throttled' }))
        : registry.tags(repository);
    await sweep({ images: ['api'], now }, { ...ports, notices });
    expect([...known.keys()]).toEqual(['image:gone', 'image:web']);
    await sweep({ now }, { ...ports, registry: { ...registry, tags }, notices });
    expect([...known.keys()]).toEqual(['image:web']);
  });

  it('is once that nothing can be bumped, and one message for all images of the same reason', async () => {
    const { known, notices, titles } = people();
    const { ports, push, repo } = await loop();
    const pushes = [await push('shop/web', '1.1.0'), await push('shop/api', '4.0.0')];
    const head = () => Promise.reject(new UserError('GitHub does not take the key', { code: 'github-credentials' }));
    const locked = { ...ports, repo: { ...repo, branch: 'main', head }, notices };
    await bump({ pushes, now }, locked);
    await sweep({ now: later(15) }, locked);
    expect(titles()).toEqual(['nothing is bumped: GitHub does not take the key']);

    const commit = () => Promise.reject(new UserError('main is protected', { code: 'branch-protected' }));
    await bump({ pushes, now: later(20) }, { ...ports, repo: { ...repo, branch: 'main', commit }, notices });
    expect(titles().slice(1)).toEqual(['web, api cannot be bumped: main is protected']);
    expect([...known.keys()]).toEqual(['image:web', 'image:api']);
  });

  it('is nothing of what may pass, and of a broken windlass.yaml, which has an incident', async () => {
    const { sent, known, notices } = people();
    const { ports, push, registry, git } = await loop();
    known.set('image:web', 'repository-missing');
    const tags = () => Promise.reject(new RetryableError('throttled', { code: 'throttled' }));
    await bump(
      { pushes: [await push('shop/web', '1.1.0')], now },
      { ...ports, registry: { ...registry, tags }, notices },
    );
    git.push({ 'windlass.yaml': 'windlass: 2\n' });
    await sweep({ now }, { ...ports, notices });
    expect(sent).toEqual([]);
    expect([...known.keys()]).toEqual(['image:web']);
  });
});
