import { describe, expect, it } from 'vitest';
import { planHold } from '../../lib/rollback/hold.ts';
import { lookAtHead } from '../../lib/rollback/look.ts';
import { subjectOf } from '../../lib/rollback/message.ts';
import { host, stage } from './setup.ts';

const files = (tag: string) => ({
  'apps/staging.yaml': `web: ${host}/shop/web:${tag} # {"$imagepolicy": "web"}\n`,
  'prod/web.yaml': `web: ${host}/shop/web:${tag} # {"$imagepolicy": "web-prod"}\n`,
});
const shop = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${host}/shop/web, semver: "*" }
  web-prod: { image: ${host}/shop/web, semver: "*" }
clusters: { main: {} }
syncs:
  staging: { cluster: main, path: apps }
`,
  ...files('1.0.0'),
};
const web = { target: { image: 'web' } };
const staging = { target: { sync: 'staging' } };

describe('what a rollback leaves', () => {
  it('is named: other images of the repository, and the rest of a bump', async () => {
    const at = await stage(shop);
    const bump = await at.bumpTo('shop/web', '1.5.0');
    expect(await at.plan(web)).toMatchObject({
      reverts: [{ revision: bump, inPart: 'web-prod stays' }],
      remarks: ['web-prod has 1.5.0, too, and stays'],
    });
  });

  it('is a second hold that says the same', async () => {
    const at = await stage(shop);
    await at.bumpTo('shop/web', '1.5.0');
    at.git.push({ 'holds/web.1.yaml': 'image: web\ntag: 1.0.0\npast: 1.5.0\nwho: Bob\nwhy: it is slow\n' });
    const said = expect.stringMatching(/^web is held on 1\.0\.0, past 1\.5\.0, already \(Bob: /);
    expect(await at.plan({ ...web, to: { tag: '1.0.0' } })).toMatchObject({ remarks: expect.arrayContaining([said]) });
    const back = { ...staging, to: { revision: at.git.git('rev-list', '--max-parents=0', 'main') } };
    expect(await at.plan(back)).toMatchObject({ result: 'plan', remarks: expect.arrayContaining([said]) });
  });

  it('is told of a commit of a person, too, which is no bump in the trailers', async () => {
    const at = await stage(shop);
    const theirs = at.git.push({ 'apps/staging.yaml': files('1.5.0')['apps/staging.yaml'] }, 'Take 1.5.0');
    const plan = await at.plan(web);
    expect(plan).toMatchObject({
      reverts: [{ revision: theirs, subject: 'Take 1.5.0' }],
      story: { reverts: [] },
      remarks: [],
    });
    expect(await at.plan(staging)).toMatchObject({ reverts: [{ revision: theirs }], story: { reverts: [] } });
  });
});

describe('what a sync had before', () => {
  it('passes over what was never healthy by the records', async () => {
    const at = await stage(shop);
    const good = at.head();
    const bad = await at.bumpTo('shop/web', '1.5.0');
    await at.bumpTo('shop/web', '1.6.0');
    const health = async (revisions: readonly string[]) => (revisions.includes(bad) ? 'it crashed' : undefined);
    expect(await at.plan(staging, { health })).toMatchObject({
      result: 'plan',
      back: { revision: good },
      remarks: expect.arrayContaining([expect.stringMatching(/^[0-9a-f]{12} \(.*\) is passed over: it crashed$/)]),
    });
    await expect(at.plan(staging, { health: async () => 'it crashed' })).rejects.toThrow(/^nothing in Git tells /);
  });
});

describe('a hold', () => {
  const order = { image: 'web', who: 'Ada', why: 'x', now: new Date('2026-11-22T10:00:00Z') };

  it('says that there is one already that says the same', async () => {
    const at = await stage(shop);
    at.git.push({ 'holds/web.1.yaml': 'image: web\ntag: 1.0.0\npast: 1.5.0\nwho: Bob\nwhy: it is slow\n' });
    const look = await lookAtHead(at.repo);
    const { remarks } = await planHold({ ...order, past: '1.5.0' }, look, at);
    const same =
      'web is held on 1.0.0, past 1.5.0, already (Bob: it is slow): this is a second hold that says the same';
    expect(remarks).toEqual([same]);
    expect((await planHold({ ...order, past: '1.6.0' }, look, at)).remarks).toEqual([]);
  });

  it.each([
    [{ past: 'foo' }, /^--past foo: the policy of web cannot order it/],
    [{ tag: '9.9.9' }, /^"web" never had the tag 9\.9\.9 in Git, and the registry of .* has no such tag$/],
  ])('is refused with %j', async (more, message) => {
    const at = await stage(shop);
    const made = planHold({ ...order, ...more }, await lookAtHead(at.repo), { repo: at.repo, registry: at.registry });
    await expect(made).rejects.toThrow(message);
  });
});

it('the subject of an automatic rollback names images and tags', () => {
  const api = { policy: 'api', repository: 'r', from: ['2.4.0'], to: ['2.3.0'] };
  const story = { target: 'sync/shop', automatic: 'run-1', images: [api] };
  expect(subjectOf(story, undefined)).toBe('Roll back api to 2.3.0');
  expect(subjectOf({ ...story, automatic: undefined }, undefined)).toBe('Roll back sync/shop');
});
