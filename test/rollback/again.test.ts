import { describe, expect, it } from 'vitest';
import { readHolds } from '../../lib/config/holds.ts';
import { commitRollback } from '../../lib/rollback/commit.ts';
import { shop } from '../bump/setup.ts';
import { host, type Stage, stage } from './setup.ts';

const web = { target: { image: 'web' } };
const to = (tag: string) => ({ ...web, to: { tag } });
const deps = { sleep: async () => {}, random: () => 0.5 };

const holdsOf = async (at: Stage) => readHolds((await at.repo.head()).holds).holds;

describe('a rollback after a rollback', () => {
  it('takes the place of the hold that it contradicts, and says that what comes again was rolled back', async () => {
    const at = await stage();
    await at.bumpTo('shop/web', '1.5.0');
    await at.rollBack({ ...to('1.0.0'), why: 'it crashes' });
    const [old] = await holdsOf(at);
    const path = `holds/web.${old!.id}.yaml`;
    const done = await at.rollBack(to('1.5.0'));
    expect(done).toMatchObject({
      result: 'committed',
      plan: {
        remarks: [
          expect.stringMatching(/^1\.5\.0 comes again, although a hold of Ada .* is against it \(it crashes\)$/),
          `the hold of web on 1.0.0, past 1.5.0 (Ada <ada@example.com>: it crashes) goes: ${path}`,
        ],
      },
    });
    expect(await holdsOf(at)).toMatchObject([{ tag: '1.5.0', past: '1.5.0' }]);
    expect(at.changed()).toContain(`D ${path}`);
    expect(at.message()).toContain('\ninstead of the hold of web on 1.0.0, past 1.5.0\n');
    expect(at.message()).toContain(`\nWindlass-Release: ${path}\n`);
    await at.rollBack({ ...to('1.0.0') });
    expect(await at.plan(to('1.5.0'))).toMatchObject({
      remarks: expect.arrayContaining([expect.stringMatching(/^1\.5\.0 comes again, although /)]),
    });
  });

  it('leaves a hold that holds back more, and one whose time has passed', async () => {
    const at = await stage();
    await at.bumpTo('shop/web', '1.5.0');
    at.git.push({
      'holds/web.1.yaml': 'image: web\ntag: 1.4.0\npast: 2.0.0\nwho: Bob\nwhy: it is slow\n',
      'holds/web.2.yaml': 'image: web\ntag: 1.4.0\npast: 1.5.0\nwho: Bob\nwhy: it is slow\nuntil: "2026-01-01"\n',
    });
    await at.rollBack(to('1.0.0'));
    expect((await holdsOf(at)).map(({ tag }) => tag).toSorted()).toEqual(['1.0.0', '1.4.0', '1.4.0']);
  });

  it('of another person at the same moment is done already; without its hold, or after more, it is not', async () => {
    const at = await stage();
    await at.bumpTo('shop/web', '1.5.0');
    const mine = await at.plan({ ...web, who: 'Bob' });
    if (mine.result === 'none') throw new Error(mine.reason);
    await at.rollBack(web);
    const theirs = at.head();
    expect(await commitRollback(mine, at.repo, deps)).toMatchObject({
      result: 'none',
      code: 'nothing-to-do',
      reason: `image/web was rolled back meanwhile by Ada <ada@example.com> (${theirs.slice(0, 12)}): nothing to do`,
    });
    const [hold] = await holdsOf(at);
    at.git.push({ [`holds/web.${hold!.id}.yaml`]: undefined });
    await expect(commitRollback(mine, at.repo, deps)).rejects.toThrow('was a rollback itself');
  });
});

describe('a rollback of a sync over one of an image', () => {
  it('names only what it undoes: the image is as it was before both', async () => {
    const syncs = 'clusters: { main: {} }\nsyncs: { staging: { cluster: main, path: apps } }\n';
    const at = await stage({ ...shop, 'windlass.yaml': `${shop['windlass.yaml']}${syncs}` });
    const then = at.head();
    await at.bumpTo('shop/web', '1.5.0');
    await at.rollBack(web);
    const bump = await at.bumpTo('shop/api', '3.1.0');
    const plan = await at.plan({ target: { sync: 'staging' }, to: { revision: then } });
    expect(plan).toMatchObject({ result: 'plan', reverts: [{ revision: bump }] });
    expect('reverts' in plan && plan.reverts).toHaveLength(1);
  });
});

describe('a place that went since', () => {
  it('is a conflict, with the command that sets the others', async () => {
    const at = await stage();
    at.git.push({ 'apps/web3.yaml': `newTag: 1.0.0 # {"$imagepolicy": "web:tag"}` });
    await at.bumpTo('shop/web', '1.5.0');
    at.git.push({ 'apps/web3.yaml': undefined });
    const plan = await at.plan(web);
    expect(plan).toMatchObject({
      result: 'none',
      conflicts: [{ file: 'apps/web3.yaml' }],
      reason: expect.stringMatching(/; windlass rollback image\/web --to 1\.0\.0 sets the places that there are$/),
    });
    expect(await at.plan(to('1.0.0'))).toMatchObject({ result: 'plan' });
  });

  it('is told where nothing names the image any more', async () => {
    const at = await stage();
    const then = at.head();
    at.git.push({ 'apps/staging.yaml': `api: "${host}/shop/api:3.0.0"\n`, 'apps/prod.yaml': undefined });
    expect(await at.plan({ ...web, to: { revision: then } })).toMatchObject({
      code: 'conflict',
      conflicts: expect.arrayContaining([
        {
          file: 'apps/staging.yaml',
          reason: `at ${then.slice(0, 12)} line 2 had ${host}/shop/web:1.0.0 for "web", and this place is not there any more`,
        },
      ]),
    });
    await expect(at.plan(to('1.0.0'))).rejects.toThrow('nothing in Git names "web" now');
  });
});
