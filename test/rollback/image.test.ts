import { describe, expect, it } from 'vitest';
import { parseHold } from '../../lib/config/holds.ts';
import { rollbackStoryIn } from '../../lib/model/rollback-story.ts';
import { planHold } from '../../lib/rollback/hold.ts';
import { lookAtHead } from '../../lib/rollback/look.ts';
import { now } from '../bump/setup.ts';
import { host, stage } from './setup.ts';

const web = { target: { image: 'web' } };

describe('a rollback of an image', () => {
  it('puts every text of it back by one commit, byte by byte, with a hold', async () => {
    const at = await stage();
    const before = ['apps/staging.yaml', 'apps/prod.yaml'].map((path) => at.show(path));
    const bumped = await at.bumpTo('shop/web', '1.5.0');
    const done = await at.rollBack({ ...web, why: '1.5.0 loses orders' });
    expect(done.result).toBe('committed');
    expect(['apps/staging.yaml', 'apps/prod.yaml'].map((path) => at.show(path))).toEqual(before);
    const [hold, ...files] = at.changed().toSorted((a, b) => (a < b ? -1 : 1));
    expect(files).toEqual(['M apps/prod.yaml', 'M apps/staging.yaml']);
    const path = hold!.replace(/^A /, '');
    expect(parseHold(at.show(path), path)).toMatchObject({
      problems: [],
      hold: {
        image: 'web',
        tag: '1.0.0',
        past: '1.5.0',
        by: 'Ada <ada@example.com>',
        why: '1.5.0 loses orders',
        at: '2026-11-22T10:00:00Z',
      },
    });
    expect(at.message().split('\n')).toEqual([
      'Roll back web to 1.0.0: 1.5.0 loses orders',
      '',
      '1.5.0 loses orders',
      '',
      `web: 1.5.0 -> 1.0.0 (apps/prod.yaml:1)`,
      `web: ${host}/shop/web:1.5.0 -> ${host}/shop/web:1.0.0 (apps/staging.yaml:2)`,
      expect.stringMatching(/^as at [0-9a-f]{12} \(Begin\)$/),
      'holds web on 1.0.0, past 1.5.0',
      '',
      'Windlass-Rollback: image/web',
      'Windlass-Rolled-Back: web',
      `Windlass-Image: ${host}/shop/web`,
      'Windlass-From: 1.5.0',
      'Windlass-To: 1.0.0',
      `Windlass-Reverts: ${bumped}`,
      'Windlass-Event: push-shop/web-1.5.0',
      `Windlass-Hold: ${path}`,
      'Windlass-Who: Ada <ada@example.com>',
    ]);
    const { recent } = await at.repo.head();
    expect(rollbackStoryIn(recent[0]!)).toEqual(done.result === 'committed' ? done.plan.story : 'nothing');
  });

  it('is not undone by the next sweep, nor by the same tag or a lower one; a newer one ends it', async () => {
    const at = await stage();
    await at.bumpTo('shop/web', '1.5.0');
    await at.rollBack(web);
    expect((await at.sweeps()).outcome).toBe('nothing-to-do');
    await at.push('shop/web', '1.4.9');
    await at.push('shop/web', '1.5.0');
    const { outcome, waits } = await at.sweeps();
    expect(outcome).toBe('nothing-to-do');
    expect(waits).toEqual([expect.stringContaining('takes only tags after 1.5.0')]);
    await at.bumpTo('shop/web', '1.5.1');
    expect(at.changed().some((line) => /^D holds\/web\./.test(line))).toBe(true);
    expect(at.show('apps/prod.yaml')).toContain('newTag: 1.5.1');
  });
});

describe('what an image had before', () => {
  it('passes over what was rolled back before, and what a hold is against', async () => {
    const at = await stage();
    await at.bumpTo('shop/web', '1.5.0');
    await at.rollBack({ ...web, who: 'Ada', why: 'it crashes' });
    await at.bumpTo('shop/web', '1.5.1');
    const prod = at.show('apps/prod.yaml');
    at.git.push({
      'apps/prod.yaml': prod.replace('1.5.1', '1.5.0'),
      'apps/staging.yaml': at.show('apps/staging.yaml').replace('1.5.1', '1.5.0'),
    });
    await at.bumpTo('shop/web', '1.5.2');
    expect(await at.plan(web)).toMatchObject({
      result: 'plan',
      story: { images: [{ to: ['1.5.1'] }] },
      remarks: [
        expect.stringMatching(/^1\.5\.0 is passed over: [0-9a-f]{12} rolled it back \(Roll back web to 1\.0\.0/),
      ],
    });
    at.git.push({
      'holds/web.1.yaml': 'image: web\ntag: 1.0.0\npast: 1.5.1\nwho: Bob\nwhy: it is slow\n',
    });
    expect(await at.plan(web)).toMatchObject({
      story: { images: [{ to: ['1.0.0'] }] },
      remarks: [expect.any(String), '1.5.1 is passed over: a hold of Bob is against it (it is slow)'],
    });
  });

  it('passes over what was never healthy by the records, and looks at all commits that had it', async () => {
    const at = await stage();
    const good = at.head();
    const bad = await at.bumpTo('shop/web', '1.5.0');
    const beside = at.git.push({ 'README.md': 'hello' });
    await at.bumpTo('shop/web', '1.6.0');
    const asked: string[][] = [];
    const health = async (revisions: readonly string[]) => {
      asked.push([...revisions]);
      return revisions.includes(bad) ? 'it crashed' : undefined;
    };
    expect(await at.plan(web, { health })).toMatchObject({
      result: 'plan',
      back: { revision: good },
      story: { images: [{ from: ['1.6.0'], to: ['1.0.0'] }] },
      remarks: ['1.5.0 is passed over: it crashed'],
    });
    expect(asked).toEqual([[beside, bad], [good]]);
    await expect(at.plan(web, { health: async () => 'it crashed' })).rejects.toThrow(
      /^nothing in Git tells .*\n {2}1\.5\.0 is passed over: it crashed\n {2}1\.0\.0 is passed over: it crashed$/,
    );
  });
});

describe('a rollback of an image to a tag', () => {
  const to = (tag: string) => ({ ...web, to: { tag } });

  it('takes one that the registry lists, and says when the policy would not', async () => {
    const at = await stage();
    await at.bumpTo('shop/web', '1.5.0');
    await at.push('shop/web', '2.1.0');
    const plan = await at.plan(to('2.1.0'));
    expect(plan).toMatchObject({
      result: 'plan',
      remarks: [expect.stringMatching(/^the policy of web would not take 2\.1\.0: /)],
    });
    expect('had' in plan).toBe(false);
  });

  it('takes one that Git had, also under another name of the file, and names the commit and what it undoes', async () => {
    const at = await stage();
    const first = at.head();
    const [one, two] = [await at.bumpTo('shop/web', '1.5.0'), await at.bumpTo('shop/web', '1.6.0')];
    at.git.push({ 'apps/live.yaml': at.show('apps/prod.yaml'), 'apps/prod.yaml': undefined }, 'Rename');
    const plan = await at.plan(to('1.0.0'));
    expect(plan).toMatchObject({ had: { revision: first }, reverts: [{ revision: two }, { revision: one }] });
  });

  it('takes none that neither of them knows', async () => {
    const at = await stage();
    await at.bumpTo('shop/web', '1.5.0');
    await expect(at.plan(to('1.7.0'))).rejects.toThrow(
      /^"web" never had the tag 1\.7\.0 in Git, and the registry of \S+\/shop\/web has no such tag$/,
    );
  });
});

describe('a rollback of an image with a digest policy', () => {
  const repository = `${host}/shop/web`;
  const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;
  const latest = (digest: string) => `image: ${repository}:latest@${digest} # {"$imagepolicy": "web"}\n`;
  const windlassFile = `windlass: 1\nimages:\n  web: { image: ${repository}, digest: latest }\n`;
  const staged = async () => {
    const at = await stage({ 'windlass.yaml': windlassFile, 'apps/web.yaml': latest(digestOf('a')) });
    at.git.push({ 'apps/web.yaml': latest(digestOf('b')) });
    return at;
  };
  const to = (tag: string) => ({ ...web, to: { tag } });

  it('takes a digest that Git had, and one that the registry has', async () => {
    const at = await staged();
    const first = at.git.git('rev-parse', 'main^');
    for (const tag of [digestOf('a'), `latest@${digestOf('a')}`])
      expect(await at.plan(to(tag))).toMatchObject({ had: { revision: first }, holds: [{ tag: digestOf('a') }] });
    const { digest } = await at.registry.push(repository, 'blue', now);
    const plan = await at.plan(to(digest));
    expect(plan).toMatchObject({ result: 'plan', holds: [{ tag: digest, past: digestOf('b') }] });
    expect('had' in plan).toBe(false);
  });

  it('goes back to what an earlier rollback went back to, and not past it: the tag is the same all along', async () => {
    const at = await staged();
    expect(await at.rollBack(web)).toMatchObject({ result: 'committed' });
    at.git.push({ 'apps/web.yaml': latest(digestOf('b')) });
    at.git.push({ 'apps/web.yaml': latest(digestOf('c')) });
    const plan = await at.plan(web);
    expect(plan).toMatchObject({ holds: [{ tag: digestOf('a'), past: digestOf('c') }] });
    expect('remarks' in plan && plan.remarks.filter((remark) => remark.includes('is passed over'))).toEqual([
      expect.stringMatching(/^sha256:b{64} is passed over: /),
    ]);
  });

  it('passes over what a hold of an older form, with the tag before the digest, is against', async () => {
    const at = await staged();
    at.git.push({
      'apps/web.yaml': latest(digestOf('c')),
      'holds/web.1.yaml': `image: web\ntag: latest@${digestOf('a')}\npast: latest@${digestOf('b')}\nwho: Bob\nwhy: it is slow\n`,
    });
    expect(await at.plan(web)).toMatchObject({
      holds: [{ tag: digestOf('a'), past: digestOf('c') }],
      remarks: expect.arrayContaining([
        `latest@${digestOf('b')} is passed over: a hold of Bob is against it (it is slow)`,
      ]),
    });
  });

  it('takes none that neither of them knows, nor does a hold', async () => {
    const at = await staged();
    const unknown = /^"web" never had the digest sha256:c{64} in Git, and the registry of \S+ does not tell of it: /;
    await expect(at.plan(to(digestOf('c')))).rejects.toThrow(unknown);
    const order = { image: 'web', tag: digestOf('c'), who: 'Ada', why: 'x', now };
    const look = await lookAtHead(at.repo);
    await expect(planHold(order, look, at)).rejects.toThrow(unknown);
    expect(await planHold({ ...order, tag: digestOf('a') }, look, at)).toMatchObject({ hold: { tag: digestOf('a') } });
  });
});
